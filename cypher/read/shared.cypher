// What at least two of a cluster's members share, what belongs to the cluster most first.
// Parameters: $run, $cluster; $after: the rank of the last one before, 0 for the first page; $most.
MATCH ()-[s:SHARES {run: $run, cluster_id: $cluster}]->(x)
WHERE s.rank > $after
WITH s, x ORDER BY s.run, s.cluster_id, s.rank LIMIT $most
RETURN x.kind AS kind, coalesce(x.text, x.value) AS value, s.members AS members,
  x.accounts AS accounts, s.events AS events, s.first_seen AS first_seen,
  s.last_seen AS last_seen, s.rank AS rank, x.words AS words
ORDER BY rank
