// Begin to bring in a run, or go on with it. Its node says that it is not whole yet.
// Parameters: $run, $properties of the run's node, $steps: part, lane and size of each step.
MERGE (r:Run {run: $run})
ON CREATE SET r += $properties, r.state = 'begun', r.begun = datetime()
WITH r
UNWIND $steps AS step
MERGE (s:PushStep {run: $run, part: step[0], lane: step[1]})
ON CREATE SET s.batch = step[1], s.batches = step[2]
SET s.touched = datetime()
