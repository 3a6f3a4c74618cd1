// The ids of clusters that begin so. Parameters: $run, $begins, $most.
MATCH (c:Cluster {run: $run}) WHERE c.cluster_id STARTS WITH $begins
RETURN c.cluster_id AS cluster_id ORDER BY cluster_id LIMIT $most
