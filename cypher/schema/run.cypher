// Constraint and index: one node for each run that is here, by its key.
// No parameters.
CREATE CONSTRAINT linkage_run IF NOT EXISTS FOR (r:Run) REQUIRE r.run IS UNIQUE
