// Banned clusters that grow again.
// Clusters that a ban is proposed for, or that hold accounts which were listed when the last run
// was shown, and members new to them: in no cluster then, and first seen in the last days that
// the cluster was active. That is how banned accounts are replaced. No rows where no run was
// shown before.
// $days: days before the cluster was last seen, such as 14
// $most: rows, such as 50
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
WHERE r.previous IS NOT NULL
CALL (r) {
  MATCH (c:Cluster {run: r.run, proposal: 'ban'}) WHERE c.score IS NOT NULL
  RETURN c.cluster_id AS id
  UNION
  MATCH (a:Account {run: r.run, was: 'ban'}) WHERE a.cluster_id IS NOT NULL
  RETURN a.cluster_id AS id
}
MATCH (c:Cluster {run: r.run, cluster_id: id})
WITH c, c.last_seen - duration({days: $days}) AS since
MATCH (c)<-[:MEMBER_OF]-(a:Account)
WITH c, sum(CASE a.was WHEN 'ban' THEN 1 ELSE 0 END) AS before,
  collect(CASE WHEN a.was_in IS NULL AND a.first_seen > since THEN a END) AS arrived
WHERE size(arrived) > 0
RETURN c.cluster_id AS cluster, c.proposal AS proposal, c.accounts AS accounts,
  before AS `listed before`, size(arrived) AS `new members`,
  size([a IN arrived WHERE a.proposal = 'ban']) AS `of them listed`,
  size([a IN arrived WHERE a.held_by IS NOT NULL]) AS `held back`,
  [a IN arrived | coalesce(a.text, a.account_id)][..10] AS `some of them`
ORDER BY `new members` DESC, cluster LIMIT $most
