// Bring in a batch of accounts with their membership and all that they used, and say in the same
// transaction that it is there. What lies between "for each kind" and "end" is there once for each
// artifact kind. Parameters: $run, $part, $lane, $batch, $next; $accounts: rows of an account's
// properties as a map, and when it was first seen, last seen and signed up, in microseconds since
// 1970, null where nobody knows; $uses_kind: rows of one kind: place of the account in $accounts, the
// database's number of the artifact's node (an index would have to be asked for each of millions),
// events, first and last moment. Neo4j Browser colours by labels alone: hence Flagged and Listed.
MATCH (step:PushStep {run: $run, part: $part, lane: $lane}) WHERE step.batch = $batch
SET step.batch = $next, step.touched = datetime()
WITH step
UNWIND $accounts AS row
CREATE (a:Account)
SET a = row[0], a.run = $run,
  a.first_seen = CASE WHEN row[1] IS NOT NULL
    THEN datetime.fromEpoch(row[1] / 1000000, row[1] % 1000000 * 1000) END,
  a.last_seen = CASE WHEN row[2] IS NOT NULL
    THEN datetime.fromEpoch(row[2] / 1000000, row[2] % 1000000 * 1000) END,
  a.signed_up = CASE WHEN row[3] IS NOT NULL
    THEN datetime.fromEpoch(row[3] / 1000000, row[3] % 1000000 * 1000) END
FOREACH (_ IN CASE WHEN a.proposal IN ['ban', 'review'] THEN [1] ELSE [] END | SET a:Flagged)
FOREACH (_ IN CASE a.proposal WHEN 'ban' THEN [1] ELSE [] END | SET a:Listed)
WITH collect(a) AS made
CALL (made) {
  UNWIND made AS a
  WITH a WHERE a.cluster_id IS NOT NULL
  MATCH (c:Cluster {run: $run, cluster_id: a.cluster_id})
  CREATE (a)-[:MEMBER_OF {
    run: $run, confidence: a.confidence, proposal: a.proposal, held_by: a.held_by
  }]->(c)
}
// for each kind
CALL (made) {
  UNWIND $uses_kind AS use
  WITH made[use[0]] AS a, use
  MATCH (x:`<label>`) WHERE id(x) = use[1] AND x.run = $run
  CREATE (a)-[:`<relationship>` {
    events: use[2],
    first_seen: datetime.fromEpoch(use[3] / 1000000, use[3] % 1000000 * 1000),
    last_seen: datetime.fromEpoch(use[4] / 1000000, use[4] % 1000000 * 1000)
  }]->(x)
}
// end
