// The events of a cluster's members by hour of the day (UTC), as far as anybody knows: no rows where
// nobody does. Parameters: $run, $cluster.
MATCH (a:Account)
WHERE a.run = $run AND a.cluster_id = $cluster AND a.hours IS NOT NULL
UNWIND range(0, 23) AS hour
RETURN hour, sum(a.hours[hour]) AS events
ORDER BY hour
