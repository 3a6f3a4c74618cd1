// Wait until every index can be used. Parameter: $seconds, at most.
CALL db.awaitIndexes($seconds)
