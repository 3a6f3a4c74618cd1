// Accounts whose ids begin so, for one that is looked for and not there.
// Parameters: $run, $begins, $most.
MATCH (a:Account {run: $run}) WHERE a.account_id STARTS WITH $begins
RETURN coalesce(a.text, a.account_id) AS account_id LIMIT $most
