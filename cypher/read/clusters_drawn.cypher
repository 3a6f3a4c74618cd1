// Clusters with their properties. Parameters: $run, $ids.
UNWIND $ids AS id
MATCH (c:Cluster {run: $run, cluster_id: id})
RETURN properties(c) AS cluster
