// What each of some accounts has, or its verified organisation. Parameters: $run, $keys (ids).
UNWIND $keys AS key
MATCH (a:Account {run: $run, account_id: key})
OPTIONAL MATCH (o:Account {run: $run, organisation: a.organisation})
WITH a, coalesce(o, a) AS one
OPTIONAL MATCH (one)-[u]->(x) WHERE x.kind IS NOT NULL
WITH DISTINCT coalesce(a.text, a.account_id) AS stands, x, one.whole AS whole
RETURN stands, x.kind AS kind, coalesce(x.text, x.value) AS value, x.accounts AS accounts,
  x.degree AS degree, whole
ORDER BY stands, kind, value
