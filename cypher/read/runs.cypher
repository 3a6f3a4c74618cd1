// The runs that are here, and which of them is shown; nodes of others that are called so do not
// count. No parameters.
MATCH (r:Run) WHERE r.run = r.id + '-' + r.scope
OPTIONAL MATCH (g:LinkageGraph)-[:SHOWS]->(r)
OPTIONAL MATCH (s:PushStep {run: r.run})
RETURN r.run AS run, r.id AS id, r.scope AS scope, r.state AS state, r.previous AS previous,
  r.format AS format, r.plan AS plan, r.begun AS begun, r.published AS published,
  g IS NOT NULL AS shown, max(s.touched) AS touched
ORDER BY begun, run
