// Where a lane of a step of a push is. Parameters: $run, $part, $lane.
MATCH (s:PushStep {run: $run, part: $part, lane: $lane}) RETURN s.batch AS batch
