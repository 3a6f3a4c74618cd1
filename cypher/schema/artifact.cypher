// Constraint and index: an artifact of one kind once in each run, found by its value.
// In place of <label>: the kind's; in place of <name>: linkage_ and the label. No parameters.
CREATE CONSTRAINT `<name>` IF NOT EXISTS
FOR (x:`<label>`) REQUIRE (x.run, x.value) IS UNIQUE
