// The artifacts of one kind that are here, by value, with the database's own numbers of their nodes,
// by which the accounts that used them are joined to them.
// In place of <label>: the kind's. Parameter: $run.
MATCH (x:`<label>` {run: $run})
RETURN x.value AS key, id(x) AS node
