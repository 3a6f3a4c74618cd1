// Whether there is any node with a label. In place of <label>: one of ours. No parameters.
MATCH (x:`<label>`) RETURN 1 AS found LIMIT 1
