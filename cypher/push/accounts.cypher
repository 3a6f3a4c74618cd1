// Bring in a batch of accounts with their membership and all that they used, and say in the same
// transaction that it is there. What lies between "for each kind" and "end" is there once for each
// artifact kind. Neo4j Browser colours by labels alone: hence Flagged and Listed. Parameters: $run, $part, $lane, $batch, $next; $accounts: maps of an account's
// properties, with moments in microseconds since 1970; $uses_kind: rows of one kind: place of the
// account in $accounts, value, events, first and last moment.
MATCH (step:PushStep {run: $run, part: $part, lane: $lane}) WHERE step.batch = $batch
SET step.batch = $next, step.touched = datetime()
WITH step
UNWIND $accounts AS row
CREATE (a:Account {
  run: $run, account_id: row.account_id, text: row.text, events: row.events, days: row.days,
  hours: row.hours, organisation: row.organisation, claimed: row.claimed,
  own_prompts: row.own_prompts, cluster_id: row.cluster_id, confidence: row.confidence,
  proposal: row.proposal, held_by: row.held_by, links: row.links, leaves: row.leaves,
  whole: row.whole, was: row.was, was_in: row.was_in,
  first_seen: datetime({
    epochSeconds: row.first_us / 1000000, nanosecond: row.first_us % 1000000 * 1000
  }),
  last_seen: datetime({
    epochSeconds: row.last_us / 1000000, nanosecond: row.last_us % 1000000 * 1000
  })
})
SET a += coalesce(row.counted, {})
FOREACH (_ IN CASE WHEN row.proposal IN ['ban', 'review'] THEN [1] ELSE [] END | SET a:Flagged)
FOREACH (_ IN CASE row.proposal WHEN 'ban' THEN [1] ELSE [] END | SET a:Listed)
FOREACH (us IN CASE WHEN row.signed_up_us IS NULL THEN [] ELSE [row.signed_up_us] END |
  SET a.signed_up = datetime({epochSeconds: us / 1000000, nanosecond: us % 1000000 * 1000}))
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
  MATCH (x:`<label>` {run: $run, value: use[1]})
  CREATE (a)-[:`<relationship>` {
    events: use[2],
    first_seen: datetime({epochSeconds: use[3] / 1000000, nanosecond: use[3] % 1000000 * 1000}),
    last_seen: datetime({epochSeconds: use[4] / 1000000, nanosecond: use[4] % 1000000 * 1000})
  }]->(x)
}
// end
