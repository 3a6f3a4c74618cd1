// One account with its properties. Parameters: $run, $key (its id).
MATCH (a:Account {run: $run, account_id: $key})
RETURN properties(a) AS account
