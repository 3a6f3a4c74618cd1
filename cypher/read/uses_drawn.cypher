// What some accounts use of some artifacts, the centre's first, then the rarest.
// Parameters: $run, $keys (accounts' ids), $named (kind and value of each artifact), $centre (an id).
UNWIND $keys AS key
MATCH (a:Account {run: $run, account_id: key})-[u]->(x)
WHERE x.kind IS NOT NULL AND [x.kind, x.value] IN $named
WITH u, x, coalesce(a.text, a.account_id) AS account_id, coalesce(x.text, x.value) AS value
RETURN account_id, x.kind AS kind, value, u.events AS events, u.first_seen AS first_seen,
  u.last_seen AS last_seen
ORDER BY account_id <> $centre, x.degree, kind, value, account_id
