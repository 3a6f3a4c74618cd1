// The runs that linkage's export wrote and an import brought in: the one that is shown, where pointer
// and run say in all their parts that they are ours. Parameters: $name and $format of the pointer.
MATCH (g:LinkageGraph {name: $name, format: $format})-[:SHOWS]->(r:Run {format: $format})
WHERE r.state = 'whole' AND r.run = r.id + '-' + r.scope AND r.plan IS NOT NULL AND r.info IS NOT NULL
RETURN r.run AS run
