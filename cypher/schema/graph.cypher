// Constraint: the one node that says which run is shown.
// No parameters.
CREATE CONSTRAINT linkage_graph IF NOT EXISTS FOR (g:LinkageGraph) REQUIRE g.name IS UNIQUE
