// What some accounts have between them. Parameters: $run, $keys (ids).
UNWIND $keys AS key
MATCH (a:Account {run: $run, account_id: key})-[u]->(x)
WHERE x.kind IS NOT NULL
WITH DISTINCT x
RETURN x.kind AS kind, coalesce(x.text, x.value) AS value, x.accounts AS accounts,
  x.degree AS degree
ORDER BY kind, value
