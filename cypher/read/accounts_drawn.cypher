// Accounts with their properties, and how many of their links are here.
// Parameters: $run, $keys (ids).
UNWIND $keys AS key
MATCH (a:Account {run: $run, account_id: key})
RETURN properties(a) AS account, COUNT { (a)-[:LINKED_TO]-() } AS here
