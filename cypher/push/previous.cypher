// What a run that is here says of accounts, for the next one to compare with: of each account in
// a cluster its key, proposal and cluster. With $again, what it had itself to compare with.
// Parameters: $run, $again.
MATCH (a:Account {run: $run})
WHERE CASE WHEN $again THEN a.was_in ELSE a.cluster_id END IS NOT NULL
RETURN a.account_id AS key, CASE WHEN $again THEN a.was ELSE a.proposal END AS was,
  CASE WHEN $again THEN a.was_in ELSE a.cluster_id END AS was_in
ORDER BY key
