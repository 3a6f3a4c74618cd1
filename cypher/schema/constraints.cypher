// The constraints that are here and are ours, by name. No parameters.
SHOW CONSTRAINTS YIELD name WHERE name STARTS WITH 'linkage_' RETURN name
