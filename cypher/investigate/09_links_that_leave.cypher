// The strongest links that leave a cluster.
// Accounts outside to whom members are linked, and whose cluster that is. Several strong ones to
// the same place: two parts of one network, or a member who belongs there.
// $cluster: the cluster's id or the beginning of it, such as 'c40b93190'
// $most: rows, such as 50
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run}) WHERE c.cluster_id STARTS WITH $cluster
WITH c ORDER BY c.cluster_id LIMIT 1
MATCH (a:Account {run: c.run, cluster_id: c.cluster_id}) WHERE a.leaves > 0
WITH c, a ORDER BY a.leaves DESC LIMIT $most
MATCH (a)-[l:LINKED_TO {within: false}]-(b:Account)
WITH c, a, l, b ORDER BY l.bits DESC, a.account_id, b.account_id LIMIT $most
OPTIONAL MATCH (b)-[:MEMBER_OF]->(o:Cluster)
RETURN c.cluster_id AS cluster, coalesce(a.text, a.account_id) AS member,
  coalesce(b.text, b.account_id) AS other, l.bits AS bits, l.reasons AS reasons,
  o.cluster_id AS `cluster of the other`, o.proposal AS `its proposal`
ORDER BY bits DESC, member, other
