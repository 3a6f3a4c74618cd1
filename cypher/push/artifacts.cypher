// Bring in a batch of artifacts of one kind, and say in the same transaction that it is there.
// In place of <label>: the kind's. Parameters: $run, $part, $lane, $batch, $next: the place of the
// batch, as in every statement of a push; $kind, $family; $rows: value, text (where the value
// is too long for an index and goes by its hash), accounts of the run that have it, degree (of the
// population), flagged and listed (accounts that have it), whole (all that have it are here), words
// (what a template says).
MATCH (step:PushStep {run: $run, part: $part, lane: $lane}) WHERE step.batch = $batch
SET step.batch = $next, step.touched = datetime()
WITH step
UNWIND $rows AS row
CREATE (:`<label>` {
  run: $run, value: row[0], text: row[1], kind: $kind, family: $family, accounts: row[2],
  degree: row[3], flagged: row[4], listed: row[5], whole: row[6], words: row[7]
})
