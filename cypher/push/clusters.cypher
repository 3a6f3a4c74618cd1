// Bring in a batch of clusters, and say in the same transaction that it is there.
// Parameters: $run, $part, $lane, $batch, $next; $rows: maps of a cluster's properties, with
// moments in microseconds since 1970; size: 2, 1, 0 or none, for a drawing.
MATCH (step:PushStep {run: $run, part: $part, lane: $lane}) WHERE step.batch = $batch
SET step.batch = $next, step.touched = datetime()
WITH step
UNWIND $rows AS row
CREATE (c:Cluster {
  run: $run, cluster_id: row.cluster_id, name: row.name, accounts: row.accounts,
  events: row.events, score: row.score, expected: row.expected, proposal: row.proposal,
  p_operation: row.p_operation, p_lives: row.p_lives, p_pretend: row.p_pretend, note: row.note,
  reasons: row.reasons, signals: row.signals, listed: row.listed, links: row.links,
  whole: row.whole,
  first_seen: CASE WHEN row.first_us IS NOT NULL THEN datetime({
    epochSeconds: row.first_us / 1000000, nanosecond: row.first_us % 1000000 * 1000
  }) END,
  last_seen: CASE WHEN row.last_us IS NOT NULL THEN datetime({
    epochSeconds: row.last_us / 1000000, nanosecond: row.last_us % 1000000 * 1000
  }) END
})
FOREACH (_ IN CASE row.size WHEN 2 THEN [1] ELSE [] END | SET c:HighScore)
FOREACH (_ IN CASE row.size WHEN 1 THEN [1] ELSE [] END | SET c:MiddleScore)
FOREACH (_ IN CASE row.size WHEN 0 THEN [1] ELSE [] END | SET c:LowScore)
