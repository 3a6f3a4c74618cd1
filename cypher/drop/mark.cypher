// Say that a run is going away, so that nobody begins to read it; not the one that is shown.
// Parameter: $run.
MATCH (r:Run {run: $run}) WHERE NOT EXISTS { MATCH (:LinkageGraph)-[:SHOWS]->(r) }
SET r.state = 'going'
RETURN r.run AS run
