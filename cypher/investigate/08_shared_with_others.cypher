// What a cluster shares with others.
// Of the artifacts that belong to a cluster most, those that accounts outside have as well. Few
// others, and these flagged: more of the same network. Many others, and these not flagged: a public
// thing, or a network that hides behind other people's. "clusters" names those in which two members
// or more have it, with how many of them.
// $cluster: the cluster's id or the beginning of it, such as 'c40b93190'
// $artifacts: artifacts that are looked at, such as 1000
// $widest: accounts that have an artifact, for it to tell anything, such as 1000
// $most: rows, such as 50
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run}) WHERE c.cluster_id STARTS WITH $cluster
WITH c ORDER BY c.cluster_id LIMIT 1
MATCH ()-[s:SHARES {run: c.run, cluster_id: c.cluster_id}]->(x)
WHERE s.rank <= $artifacts AND s.members < x.accounts <= $widest
WITH c, s, x ORDER BY s.rank LIMIT $most
CALL (c, x) {
  MATCH (x)<-[t:SHARES]-(o:Cluster) WHERE o <> c
  WITH t, o ORDER BY t.members DESC, o.cluster_id
  RETURN collect(o.name + ' (' + o.proposal + '): ' + t.members)[..5] AS clusters
}
RETURN c.cluster_id AS cluster, x.kind AS kind, coalesce(x.text, x.value) AS value, x.words AS words,
  s.members AS members, x.accounts - s.members AS others,
  x.flagged - CASE c.proposal WHEN 'none' THEN 0 ELSE s.members END AS `others flagged`, clusters
ORDER BY s.rank
