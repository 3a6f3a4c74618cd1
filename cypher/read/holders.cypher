// The accounts that have an artifact, after one of them, by id.
// In place of <label> and <relationship>: its kind's. Parameters: $run, $key (its value), $after (an
// account's id, or null), $most.
MATCH (x:`<label>` {run: $run, value: $key})<-[u:`<relationship>`]-(a:Account)
WHERE $after IS NULL OR a.account_id > $after
WITH a, u ORDER BY a.account_id LIMIT $most
RETURN a.account_id AS key, coalesce(a.text, a.account_id) AS account_id, u.events AS events,
  u.first_seen AS first_seen, u.last_seen AS last_seen, a.cluster_id AS cluster_id,
  a.proposal AS proposal
