// One cluster with its artifacts, drawn.
// The members, the listed and the most certain first, and the artifacts that belong to them most:
// many members have these and few others. What is in the middle of the drawing ties it together.
// $cluster: the cluster's id or the beginning of it, such as 'c40b93190'
// $members: members that are drawn, such as 60
// $artifacts: artifacts that are drawn, such as 20
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run}) WHERE c.cluster_id STARTS WITH $cluster
WITH c ORDER BY c.cluster_id LIMIT 1
CALL (c) {
  MATCH (c)<-[m:MEMBER_OF]-(a:Account)
  WITH m, a ORDER BY m.proposal, coalesce(-m.confidence, 1e308) LIMIT $members
  RETURN collect(a) AS accounts, collect(m) AS memberships
}
CALL (c) {
  MATCH ()-[s:SHARES {run: c.run, cluster_id: c.cluster_id}]->(x) WHERE s.rank <= $artifacts
  RETURN collect(x) AS artifacts
}
CALL (accounts, artifacts) {
  UNWIND accounts AS a
  MATCH (a)-[u]->(x) WHERE x IN artifacts
  RETURN collect(u) AS uses
}
RETURN c AS cluster, accounts, artifacts, memberships, uses
