// The events of a cluster's members by hour of the day (UTC), as far as anybody knows: no rows where
// nobody does. Parameters: $run, $cluster.
MATCH (c:Cluster {run: $run, cluster_id: $cluster})<-[:MEMBER_OF]-(a:Account)
WHERE a.hours IS NOT NULL
WITH c, a.hours AS h
WITH c, [
  sum(h[0]), sum(h[1]), sum(h[2]), sum(h[3]), sum(h[4]), sum(h[5]), sum(h[6]), sum(h[7]),
  sum(h[8]), sum(h[9]), sum(h[10]), sum(h[11]), sum(h[12]), sum(h[13]), sum(h[14]), sum(h[15]),
  sum(h[16]), sum(h[17]), sum(h[18]), sum(h[19]), sum(h[20]), sum(h[21]), sum(h[22]), sum(h[23])
] AS events
UNWIND range(0, 23) AS hour
RETURN hour, events[hour] AS events
ORDER BY hour
