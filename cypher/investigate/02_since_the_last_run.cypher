// What is new since the last run.
// Flagged clusters with the members that the run shown before had in no cluster, those with most
// of them first. "flagged before" are members of a cluster that was flagged then; "clusters
// before": how many its members were in, so that 0 is a cluster that is new altogether. No rows
// where no run was shown before.
// $most: rows, such as 50
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
WHERE r.previous IS NOT NULL
MATCH (c:Cluster {run: r.run})
WHERE c.proposal IN ['ban', 'review'] AND c.score IS NOT NULL
MATCH (c)<-[:MEMBER_OF]-(a:Account)
WITH c, count(*) - count(a.was_in) AS arrived, count(DISTINCT a.was_in) AS before,
  sum(CASE WHEN a.was IN ['ban', 'review'] THEN 1 ELSE 0 END) AS flagged
WHERE arrived > 0
RETURN c.cluster_id AS cluster, c.proposal AS proposal, c.accounts AS accounts,
  arrived AS `new members`, flagged AS `flagged before`, before AS `clusters before`,
  c.expected AS `expected by chance`, c.reasons AS why
ORDER BY `new members` DESC, cluster LIMIT $most
