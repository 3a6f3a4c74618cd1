// Where a lane of a step of a push is; until the transaction ends, nobody else moves it on.
// Parameters: $run, $part, $lane.
MATCH (s:PushStep {run: $run, part: $part, lane: $lane})
SET s.touched = datetime()
RETURN s.batch AS batch
