// When a cluster's members were there: of each stretch of time, how many members came, left, and
// how many events of theirs are known of. Parameters: $run, $cluster; $width in microseconds.
MATCH (a:Account)
WHERE a.run = $run AND a.cluster_id = $cluster
CALL (a) {
  RETURN a.first_seen AS moment
  UNION
  RETURN a.last_seen AS moment
  UNION
  MATCH (a)-[u]->(x) WHERE x.kind IS NOT NULL
  RETURN u.first_seen AS moment
  UNION
  MATCH (a)-[u]->(x) WHERE x.kind IS NOT NULL
  RETURN u.last_seen AS moment
}
WITH a, moment WHERE moment IS NOT NULL
WITH a, moment, (moment.epochSeconds * 1000000 + moment.microsecond) / $width AS number
RETURN number, sum(CASE WHEN moment = a.first_seen THEN 1 ELSE 0 END) AS arrived,
  sum(CASE WHEN moment = a.last_seen THEN 1 ELSE 0 END) AS gone, count(*) AS known_events
ORDER BY number
