// The review queue.
// Clusters that a ban or a review is proposed for: those for a ban first, then the most unusual.
// "expected by chance" is the figure to read: so many groups as unusual as this one would be
// expected among innocent ones. Take a cluster's id from here to the queries that follow.
// $most: rows, such as 50
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run})
WHERE c.proposal IN ['ban', 'review'] AND c.score IS NOT NULL
WITH c ORDER BY c.proposal, c.score DESC, c.cluster_id LIMIT $most
RETURN c.cluster_id AS cluster, c.proposal AS proposal, c.expected AS `expected by chance`,
  c.accounts AS accounts, c.listed AS listed, c.events AS events,
  date(c.first_seen) AS `first seen`, date(c.last_seen) AS `last seen`, c.note AS note,
  c.reasons AS why
ORDER BY proposal, c.score DESC, cluster
