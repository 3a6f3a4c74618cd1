// When a cluster's members were there: of each stretch of time, how many members came, left, and
// how many events of theirs are known of. Parameters: $run, $cluster; $width in microseconds.
MATCH (c:Cluster {run: $run, cluster_id: $cluster})<-[:MEMBER_OF]-(a:Account)
WITH a, a.first_seen AS first, a.last_seen AS last
CALL (a, first, last) {
  UNWIND [first, last] AS moment
  WITH moment WHERE moment IS NOT NULL
  RETURN moment
  UNION
  MATCH (a)-[u]->()
  UNWIND [u.first_seen, u.last_seen] AS moment
  WITH moment WHERE moment IS NOT NULL
  RETURN moment
}
WITH first, last, moment,
  (moment.epochSeconds * 1000000 + moment.microsecond) / $width AS number
RETURN number, sum(CASE WHEN moment = first THEN 1 ELSE 0 END) AS arrived,
  sum(CASE WHEN moment = last THEN 1 ELSE 0 END) AS gone, count(*) AS known_events
ORDER BY number
