// Bring in what at least two members of a cluster share, a batch of one kind, and say in the same
// transaction that it is there.
// In place of <label>: the kind's. Parameters: $run, $part, $lane, $batch, $next; $rows: cluster,
// value, members that have it, events of theirs, first and last moment in microseconds since 1970,
// rank among the cluster's, from 1, those first that belong to it most.
MATCH (step:PushStep {run: $run, part: $part, lane: $lane}) WHERE step.batch = $batch
SET step.batch = $next, step.touched = datetime()
WITH step
UNWIND $rows AS row
MATCH (c:Cluster {run: $run, cluster_id: row[0]})
MATCH (x:`<label>` {run: $run, value: row[1]})
CREATE (c)-[:SHARES {
  run: $run, cluster_id: row[0], rank: row[6], members: row[2], events: row[3],
  first_seen: datetime({epochSeconds: row[4] / 1000000, nanosecond: row[4] % 1000000 * 1000}),
  last_seen: datetime({epochSeconds: row[5] / 1000000, nanosecond: row[5] % 1000000 * 1000})
}]->(x)
