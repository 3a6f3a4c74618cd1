// Timeline of a cluster.
// Of each day (UTC): how many members signed up, were first and last seen, and how many of the
// artifacts that belong to it most came up and were seen for the last time. Bursts of sign-ups,
// and new cards or addresses for many at once, are what one operator's work looks like.
// $cluster: the cluster's id or the beginning of it, such as 'c40b93190'
// $artifacts: artifacts that are looked at, such as 1000
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run}) WHERE c.cluster_id STARTS WITH $cluster
WITH c ORDER BY c.cluster_id LIMIT 1
CALL (c) {
  MATCH (c)<-[:MEMBER_OF]-(a:Account)
  UNWIND [[date(a.signed_up), 0], [date(a.first_seen), 1], [date(a.last_seen), 2]] AS moment
  RETURN moment[0] AS day, moment[1] AS what
  UNION ALL
  MATCH ()-[s:SHARES {run: c.run, cluster_id: c.cluster_id}]->() WHERE s.rank <= $artifacts
  UNWIND [[date(s.first_seen), 3], [date(s.last_seen), 4]] AS moment
  RETURN moment[0] AS day, moment[1] AS what
}
WITH c, day, what, count(*) AS many WHERE day IS NOT NULL
RETURN c.cluster_id AS cluster, day,
  sum(CASE what WHEN 0 THEN many ELSE 0 END) AS `signed up`,
  sum(CASE what WHEN 1 THEN many ELSE 0 END) AS `first seen`,
  sum(CASE what WHEN 2 THEN many ELSE 0 END) AS `last seen`,
  sum(CASE what WHEN 3 THEN many ELSE 0 END) AS `artifacts first seen`,
  sum(CASE what WHEN 4 THEN many ELSE 0 END) AS `artifacts last seen`
ORDER BY day
