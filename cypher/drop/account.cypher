// Take an account out of a run, with all that ties it to others.
// Parameters: $run, $key (its id).
MATCH (a:Account {run: $run, account_id: $key})
DETACH DELETE a
RETURN count(*) AS gone
