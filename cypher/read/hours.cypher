// The events of a cluster's members by hour of the day (UTC). Parameters: $run, $cluster.
MATCH (a:Account)
WHERE a.run = $run AND a.cluster_id = $cluster
UNWIND range(0, 23) AS hour
RETURN hour, sum(a.hours[hour]) AS events
ORDER BY hour
