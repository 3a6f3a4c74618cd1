// The closest calls.
// Listed accounts with the least confidence: if anybody on the list is innocent, it is most likely
// one of these. Look at them (12) before the list is acted on.
// $most: rows, such as 50
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run, proposal: 'ban'}) WHERE c.score IS NOT NULL
MATCH (c)<-[m:MEMBER_OF {proposal: 'ban'}]-(a:Account)
WITH c, m, a ORDER BY m.confidence, a.account_id LIMIT $most
RETURN coalesce(a.text, a.account_id) AS account, m.confidence AS `confidence in bits`,
  c.cluster_id AS cluster, c.expected AS `expected by chance`, a.events AS events, a.days AS days,
  a.claimed AS `organisation claimed`, a.first_seen AS `first seen`, a.last_seen AS `last seen`
ORDER BY `confidence in bits`, account
