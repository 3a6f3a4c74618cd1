// What at least two of a cluster's members share, the rarest first, and how many there is.
// Parameters: $run, $cluster, $most.
MATCH (c:Cluster {run: $run, cluster_id: $cluster})-[:SHARES]->(x)
WITH x.kind AS kind, coalesce(x.text, x.value) AS value, x.degree AS degree
ORDER BY degree, kind, value
WITH collect([kind, value]) AS every
UNWIND every[..$most] AS row
RETURN row[0] AS kind, row[1] AS value, size(every) AS total
