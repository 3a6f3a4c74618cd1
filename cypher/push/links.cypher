// Bring in a batch of links, the strongest of each account, and say in the same transaction that
// it is there. `name` is what a drawing has room for.
// Parameters: $run, $part, $lane, $batch, $next; $rows: both accounts, bits, families and the bits
// of each, reasons in words, whether both are of one cluster, and the name.
MATCH (step:PushStep {run: $run, part: $part, lane: $lane}) WHERE step.batch = $batch
SET step.batch = $next, step.touched = datetime()
WITH step
UNWIND $rows AS row
MATCH (a:Account {run: $run, account_id: row[0]})
MATCH (b:Account {run: $run, account_id: row[1]})
CREATE (a)-[:LINKED_TO {
  run: $run, bits: row[2], families: row[3], family_bits: row[4], reasons: row[5],
  within: row[6], name: row[7]
}]->(b)
