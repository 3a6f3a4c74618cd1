// One cluster, drawn: members, those with most confidence first, and the artifacts that belong to it
// most: many members have them, and few others. It is what a deep link opens.
// Parameter: $cluster (its id). In a link the id stands in its place, since Neo4j Browser draws the
// answer to a statement that is alone in the editor, without lines that set parameters.
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run, cluster_id: $cluster})
CALL (c) {
  MATCH (c)<-[:MEMBER_OF]-(a:Account)
  WITH a ORDER BY a.proposal, coalesce(-a.confidence, 1e308), a.account_id LIMIT 15
  RETURN collect(a) AS members
}
CALL (c) {
  MATCH (c)-[s:SHARES]->(x) WHERE s.rank <= 8
  RETURN collect(x) AS artifacts
}
RETURN c AS cluster, members, artifacts
