// Constraint and index: a cluster once in each run, found by its id or the beginning of it.
// No parameters.
CREATE CONSTRAINT linkage_cluster IF NOT EXISTS
FOR (c:Cluster) REQUIRE (c.run, c.cluster_id) IS UNIQUE
