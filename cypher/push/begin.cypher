// Begin to bring in a run, or go on with it. Its node says that it is not whole yet; where it is by
// now, or goes away, nothing is begun. Until the transaction ends, nobody else decides about it.
// Parameters: $run, $properties of the run's node, $steps: part, lane and size of each step.
MERGE (r:Run {run: $run})
ON CREATE SET r += $properties, r.state = 'begun', r.begun = datetime()
SET r.touched = datetime()
WITH r, r.state AS state
CALL (r, state) {
  UNWIND CASE WHEN state = 'begun' THEN $steps ELSE [] END AS step
  MERGE (s:PushStep {run: r.run, part: step[0], lane: step[1]})
  ON CREATE SET s.batch = step[1], s.batches = step[2]
  SET s.touched = datetime()
}
RETURN state
