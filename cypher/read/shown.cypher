// The run that is shown: its key and what kind of graph it is. Parameter: $name of the pointer.
MATCH (g:LinkageGraph {name: $name})-[:SHOWS]->(r:Run)
RETURN r.run AS run, r.scope AS scope, g.format AS format
