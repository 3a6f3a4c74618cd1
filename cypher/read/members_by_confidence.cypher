// A cluster's accounts, the most certain first and those that nothing weighed last. Parameters: $run,
// $cluster; $from: false for the first page, else the place after the account with the
// confidence $last (or null) and the id $id; $most.
MATCH (c:Cluster {run: $run, cluster_id: $cluster})<-[:MEMBER_OF]-(a:Account)
WITH a, -a.confidence AS key
WHERE NOT $from
  OR ($last IS NULL AND key IS NULL AND a.account_id > $id)
  OR ($last IS NOT NULL AND (key IS NULL OR key > -$last OR (key = -$last AND a.account_id > $id)))
WITH a, key ORDER BY key, a.account_id LIMIT $most
RETURN a.account_id AS key, coalesce(a.text, a.account_id) AS account_id,
  a.cluster_id AS cluster_id, a.confidence AS confidence, a.proposal AS proposal,
  a.held_by AS held_by
