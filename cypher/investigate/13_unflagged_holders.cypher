// Artifacts with the most unflagged accounts.
// Of the artifacts that belong to flagged clusters most: those that many flagged accounts have, and
// others as well. These others are members that were missed, or innocents whom a rule on the
// artifact alone would hit: look at some of them before anybody blocks it.
// $artifacts: artifacts of each cluster that are looked at, such as 200
// $least: share of the accounts that have it who must be flagged, such as 0.2
// $most: rows, such as 50
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run})
WHERE c.proposal IN ['ban', 'review'] AND c.score IS NOT NULL
MATCH ()-[s:SHARES {run: c.run, cluster_id: c.cluster_id}]->(x)
WHERE s.rank <= $artifacts AND $least * x.accounts <= x.flagged < x.accounts
WITH DISTINCT x
RETURN x.kind AS kind, coalesce(x.text, x.value) AS value, x.words AS words,
  x.accounts AS accounts,
  x.accounts - x.flagged AS unflagged, x.flagged AS flagged, x.listed AS listed
ORDER BY unflagged DESC, accounts, kind, value LIMIT $most
