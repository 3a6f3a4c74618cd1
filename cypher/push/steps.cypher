// How far the parts of a run's push are. Parameter: $run.
MATCH (s:PushStep {run: $run})
RETURN s.part AS part, s.lane AS lane, s.batch AS batch, s.batches AS batches
