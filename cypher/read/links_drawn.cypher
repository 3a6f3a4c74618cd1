// The links that are here between some accounts, the centre's first, then the strongest.
// Parameters: $run, $keys (ids), $centre (an id).
UNWIND $keys AS key
MATCH (a:Account {run: $run, account_id: key})-[l:LINKED_TO]->(b:Account)
WHERE b.account_id IN $keys
WITH l, coalesce(a.text, a.account_id) AS account_a, coalesce(b.text, b.account_id) AS account_b
RETURN account_a, account_b, l.bits AS bits, l.families AS families, l.family_bits AS family_bits
ORDER BY account_a <> $centre AND account_b <> $centre, bits DESC, account_a, account_b
