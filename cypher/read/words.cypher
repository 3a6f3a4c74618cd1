// What templates say. In place of <label>: the kind's. Parameters: $run, $keys (their ids).
UNWIND $keys AS key
MATCH (x:`<label>` {run: $run, value: key})
WHERE x.words IS NOT NULL
RETURN key, x.words AS words
