// Take an artifact out of a run, with all that ties accounts to it.
// In place of <label>: its kind's. Parameters: $run, $key (its value).
MATCH (x:`<label>` {run: $run, value: $key})
DETACH DELETE x
RETURN count(*) AS gone
