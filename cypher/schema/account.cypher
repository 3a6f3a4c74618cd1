// Constraint and index: an account once in each run, found by its id.
// No parameters.
CREATE CONSTRAINT linkage_account IF NOT EXISTS
FOR (a:Account) REQUIRE (a.run, a.account_id) IS UNIQUE
