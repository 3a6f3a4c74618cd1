// One operator's hours.
// The events of a cluster's members by hour of the day (UTC). People sleep: one deep valley of
// some eight hours. Machines do not, and shifts end on the hour.
// $cluster: the cluster's id or the beginning of it, such as 'c40b93190'
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run}) WHERE c.cluster_id STARTS WITH $cluster
WITH c ORDER BY c.cluster_id LIMIT 1
MATCH (c)<-[:MEMBER_OF]-(a:Account)
WITH c, a.hours AS h
WITH c, [
  sum(h[0]), sum(h[1]), sum(h[2]), sum(h[3]), sum(h[4]), sum(h[5]), sum(h[6]), sum(h[7]),
  sum(h[8]), sum(h[9]), sum(h[10]), sum(h[11]), sum(h[12]), sum(h[13]), sum(h[14]), sum(h[15]),
  sum(h[16]), sum(h[17]), sum(h[18]), sum(h[19]), sum(h[20]), sum(h[21]), sum(h[22]), sum(h[23])
] AS hours
WITH c, hours, reduce(top = 1, n IN hours | CASE WHEN n > top THEN n ELSE top END) AS top
UNWIND range(0, 23) AS hour
RETURN c.cluster_id AS cluster, hour, hours[hour] AS events,
  reduce(bar = '', _ IN range(1, 40 * hours[hour] / top) | bar + '█') AS drawn
ORDER BY hour
