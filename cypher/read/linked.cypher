// The accounts that links which are here join to an account, the strongest first.
// Parameters: $run, $key (its id), $most.
MATCH (a:Account {run: $run, account_id: $key})-[l:LINKED_TO]-(o:Account)
WITH l, coalesce(o.text, o.account_id) AS other
RETURN other, l.bits AS bits ORDER BY bits DESC, other LIMIT $most
