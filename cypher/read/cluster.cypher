// One cluster with its properties. Parameters: $run, $cluster (its id).
MATCH (c:Cluster {run: $run, cluster_id: $cluster})
RETURN properties(c) AS cluster
