// The events of a cluster's members. Parameters: $run, $cluster.
MATCH (a:Account)
WHERE a.run = $run AND a.cluster_id = $cluster
RETURN sum(a.events) AS events
