// Take away a batch of a run's nodes of one label, with their relationships.
// In place of <label>: one of ours. Parameters: $run, $most.
MATCH (x:`<label>` {run: $run})
WITH x LIMIT $most
DETACH DELETE x
RETURN count(*) AS gone
