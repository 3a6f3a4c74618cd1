// One run that is here whole. Parameter: $run.
MATCH (r:Run {run: $run}) WHERE r.state = 'whole'
RETURN r.run AS run, r.id AS id, r.scope AS scope, r.info AS info, r.published AS published,
  r.format AS format
