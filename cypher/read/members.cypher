// A cluster's accounts by id, after one of them. Parameters: $run, $cluster; $after: an account's
// id, '' for the first page; $first: whether it is that; $most.
MATCH (a:Account)
WHERE a.run = $run AND a.cluster_id = $cluster AND a.account_id >= $after
  AND ($first OR a.account_id > $after)
WITH a ORDER BY a.account_id LIMIT $most
RETURN a.account_id AS key, coalesce(a.text, a.account_id) AS account_id,
  a.cluster_id AS cluster_id, a.confidence AS confidence, a.proposal AS proposal,
  a.held_by AS held_by
