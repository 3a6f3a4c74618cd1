// Members held back from the list, and by which rule.
// Members of clusters that a ban is proposed for who are not listed themselves, the most certain of
// each rule first. docs/method.md, "Who is held", has the rules; a person decides about these.
// $most: rows of each rule, such as 20
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (a:Account {run: r.run}) WHERE a.held_by IS NOT NULL
WITH a ORDER BY coalesce(-a.confidence, 1e308), a.account_id
WITH a.held_by AS rule, count(*) AS held, collect(a)[..$most] AS accounts
UNWIND accounts AS a
RETURN rule, held AS `held by it`, coalesce(a.text, a.account_id) AS account,
  a.cluster_id AS cluster, a.confidence AS `confidence in bits`, a.organisation AS organisation,
  a.events AS events, a.last_seen AS `last seen`
ORDER BY held DESC, rule, coalesce(-`confidence in bits`, 1e308), account
