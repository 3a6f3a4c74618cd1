// What a ban would hit.
// Of one cluster: who would be banned and how much they do, who would not and why, which verified
// organisations are in it, and who outside has one of the artifacts that belong to it most. These
// others are not touched by a ban, but may be customers of the same operator, or its next accounts.
// $cluster: the cluster's id or the beginning of it, such as 'c40b93190'
// $artifacts: artifacts through which others are looked for, such as 300
// $widest: accounts that have an artifact, for it to tell anything, such as 200
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run}) WHERE c.cluster_id STARTS WITH $cluster
WITH c ORDER BY c.cluster_id LIMIT 1
CALL (c) {
  MATCH (c)<-[m:MEMBER_OF]-(a:Account)
  WITH m.proposal = 'ban' AS listed, m.held_by AS rule, a.organisation AS organisation,
    sum(a.events) AS events, max(a.last_seen) AS last, min(m.confidence) AS least,
    count(*) AS members
  RETURN sum(CASE WHEN listed THEN events ELSE 0 END) AS events,
    max(CASE WHEN listed THEN last END) AS last, min(CASE WHEN listed THEN least END) AS least,
    sum(CASE WHEN rule IS NULL THEN 0 ELSE members END) AS held,
    collect(DISTINCT rule) AS rules, collect(DISTINCT organisation) AS organisations
}
CALL (c) {
  MATCH ()-[s:SHARES {run: c.run, cluster_id: c.cluster_id}]->(x)
  WHERE s.rank <= $artifacts AND s.members < x.accounts <= $widest
  MATCH (x)<-[u]-(o:Account) WHERE o.cluster_id IS NULL OR o.cluster_id <> c.cluster_id
  WITH DISTINCT o
  RETURN count(*) AS others, count(o.organisation) AS verified,
    sum(CASE o.proposal WHEN 'ban' THEN 1 ELSE 0 END) AS listed
}
RETURN c.cluster_id AS cluster, c.proposal AS proposal, c.accounts AS accounts,
  c.listed AS `would be banned`, events AS `events of theirs`,
  round(100.0 * events / c.events, 1) AS `% of the cluster's events`,
  last AS `last seen`, least AS `least confidence in bits`,
  held AS `held back`, rules AS `by these rules`, organisations AS `verified organisations`,
  others AS `accounts outside that share`, listed AS `of them listed`,
  verified AS `of them in verified organisations`
