// Clusters that a filter lets through, in an order, after one of them.
// Parameters: $run, $proposals; $score_least, $score_most, $accounts_least, $accounts_most,
// $first_seen_from, $first_seen_to: null for no bound; $id_prefix; $among: ids, null for all;
// $apart_from: ids; $by and $sign (1, or -1 for the largest first) of the order; $from: false for the
// first page, else the place after the cluster with the key $last (or null) and the id $id; $most.
MATCH (c:Cluster {run: $run})
WHERE c.proposal IN $proposals
  AND ($score_least IS NULL OR c.score >= $score_least)
  AND ($score_most IS NULL OR c.score <= $score_most)
  AND ($accounts_least IS NULL OR c.accounts >= $accounts_least)
  AND ($accounts_most IS NULL OR c.accounts <= $accounts_most)
  AND ($first_seen_from IS NULL OR c.first_seen >= $first_seen_from)
  AND ($first_seen_to IS NULL OR c.first_seen < $first_seen_to)
  AND c.cluster_id STARTS WITH $id_prefix
  AND ($among IS NULL OR c.cluster_id IN $among)
  AND NOT c.cluster_id IN $apart_from
WITH c, $sign * CASE $by
  WHEN 'score' THEN c.score
  WHEN 'accounts' THEN c.accounts
  WHEN 'events' THEN c.events
  WHEN 'first_seen' THEN c.first_seen.epochSeconds * 1000000 + c.first_seen.microsecond
  WHEN 'last_seen' THEN c.last_seen.epochSeconds * 1000000 + c.last_seen.microsecond
END AS key
WHERE NOT $from
  OR ($last IS NULL AND key IS NULL AND c.cluster_id > $id)
  OR ($last IS NOT NULL AND (key IS NULL OR key > $last OR (key = $last AND c.cluster_id > $id)))
WITH c, key ORDER BY key, c.cluster_id LIMIT $most
RETURN properties(c) AS cluster, key
ORDER BY key, c.cluster_id
