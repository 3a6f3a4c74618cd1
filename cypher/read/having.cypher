// The accounts that have an artifact: members of clusters first and with most confidence first, then
// by events; and how many there are. In place of <label> and <relationship>: its kind's.
// Parameters: $run, $key (its value), $most.
MATCH (x:`<label>` {run: $run, value: $key})<-[u:`<relationship>`]-(a:Account)
WITH a, u
ORDER BY a.cluster_id IS NULL, coalesce(-a.confidence, 1e308), -u.events, a.account_id
WITH collect(coalesce(a.text, a.account_id)) AS every
UNWIND every[..$most] AS id
RETURN id, size(every) AS total
