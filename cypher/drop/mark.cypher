// Say that a run is going away, so that nobody begins to read it; not the one that is shown. The run
// is touched before it is looked at, so that nobody shows it meanwhile.
// Parameter: $run.
MATCH (r:Run {run: $run})
SET r.touched = datetime()
WITH r WHERE NOT EXISTS { MATCH (:LinkageGraph)-[:SHOWS]->(r) }
SET r.state = 'going'
RETURN r.run AS run
