// Whether any node with a label is neither of some runs nor the pointer to one of them.
// In place of <label>: one of ours. Parameters: $runs, keys of runs, and $name of the pointer.
MATCH (x:`<label>`)
WHERE NOT coalesce(x.run IN $runs, false)
  AND NOT coalesce(x:LinkageGraph AND x.name = $name AND size($runs) > 0, false)
RETURN 1 AS found LIMIT 1
