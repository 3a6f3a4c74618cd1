// Show a run that is whole: the one pointer moves, in one transaction. The run is touched before it
// is looked at, so that nobody takes it away meanwhile.
// Parameters: $run, $name and $format of the pointer.
MATCH (r:Run {run: $run})
SET r.touched = datetime()
WITH r WHERE r.state = 'whole' OR r.state = 'begun' AND
  NOT EXISTS { MATCH (s:PushStep {run: $run}) WHERE s.batch < s.batches }
MERGE (g:LinkageGraph {name: $name})
SET g.format = $format
WITH g, r
CALL (g) { MATCH (g)-[old:SHOWS]->() DELETE old }
CREATE (g)-[:SHOWS]->(r)
SET r.state = 'whole', r.published = coalesce(r.published, datetime())
WITH r
CALL (r) { MATCH (s:PushStep {run: r.run}) DELETE s }
RETURN r.run AS run
