// Constraint and index: how far the parts of a push are.
// No parameters.
CREATE CONSTRAINT linkage_push_step IF NOT EXISTS
FOR (s:PushStep) REQUIRE (s.run, s.part, s.lane) IS UNIQUE
