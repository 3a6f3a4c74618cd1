// The accounts that count as one with an account: those of its verified organisation, or itself.
// Parameters: $run, $key (its id).
MATCH (a:Account {run: $run, account_id: $key})
OPTIONAL MATCH (o:Account {run: $run, organisation: a.organisation})
WITH a, coalesce(o, a) AS one
RETURN a.organisation AS organisation, coalesce(one.text, one.account_id) AS account_id,
  one.whole AS whole
ORDER BY account_id
