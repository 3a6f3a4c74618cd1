// What one account shares with others. Parameters: $run, $key (its id).
MATCH (a:Account {run: $run, account_id: $key})-[u]->(x)
WHERE x.kind IS NOT NULL
WITH u, x, coalesce(x.text, x.value) AS value
RETURN x.kind AS kind, value, u.events AS events, u.first_seen AS first_seen,
  u.last_seen AS last_seen, x.accounts AS accounts, x.degree AS degree,
  x.words AS words
ORDER BY kind, value
