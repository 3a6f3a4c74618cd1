// What ties a cluster together.
// Artifacts that at least two members have, those first that belong to the cluster most. Where
// "members" and "accounts in all" are close, hardly anybody else has it.
// $cluster: the cluster's id or the beginning of it, such as 'c40b93190'
// $most: rows, such as 50
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run}) WHERE c.cluster_id STARTS WITH $cluster
WITH c ORDER BY c.cluster_id LIMIT 1
MATCH ()-[s:SHARES {run: c.run, cluster_id: c.cluster_id}]->(x) WHERE s.rank <= $most
RETURN c.cluster_id AS cluster, x.kind AS kind, coalesce(x.text, x.value) AS value, x.words AS words,
  s.members AS members, x.accounts AS `accounts in all`,
  round(100.0 * s.members / c.accounts, 1) AS `% of the members`, s.events AS events,
  s.first_seen AS `first seen`, s.last_seen AS `last seen`
ORDER BY s.rank
