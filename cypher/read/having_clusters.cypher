// The clusters of accounts that have an artifact, those with most of them first, and how many there
// are. In place of <label> and <relationship>: its kind's. Parameters: $run, $key (its value), $most.
MATCH (x:`<label>` {run: $run, value: $key})<-[:`<relationship>`]-(a:Account)
WHERE a.cluster_id IS NOT NULL
WITH a.cluster_id AS id, count(*) AS accounts
ORDER BY accounts DESC, id
WITH collect(id) AS every
UNWIND every[..$most] AS id
RETURN id, size(every) AS total
