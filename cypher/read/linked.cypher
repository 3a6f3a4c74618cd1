// The accounts that links which are here join to an account, the strongest first; before them the
// account that was asked about, if it is one of them, as in an organisation that somebody linked
// with itself. Parameters: $run, $key (whose links), $centre (who was asked about), $most.
MATCH (a:Account {run: $run, account_id: $key})-[l:LINKED_TO]-(o:Account)
WITH l, o.account_id = $centre AS itself, coalesce(o.text, o.account_id) AS other
RETURN other, l.bits AS bits, itself ORDER BY itself DESC, bits DESC, other LIMIT $most
