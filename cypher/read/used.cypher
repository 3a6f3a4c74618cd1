// An account's artifacts, the rarest first, and how many there are.
// Parameters: $run, $key (its id), $most.
MATCH (a:Account {run: $run, account_id: $key})-[u]->(x)
WHERE x.kind IS NOT NULL
WITH x.kind AS kind, coalesce(x.text, x.value) AS value, x.degree AS degree
ORDER BY degree, kind, value
WITH collect([kind, value]) AS every
UNWIND every[..$most] AS row
RETURN row[0] AS kind, row[1] AS value, size(every) AS total
