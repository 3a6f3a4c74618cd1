// What accounts used of one kind, and what is wrong with it, if anything is: no type is taken for
// granted, since others may have made the graph. Moments are in microseconds since 1970.
// In place of <label> and <relationship>: the kind's. Parameter: $run, a run's key; '' for what
// belongs to no run.
MATCH (a:Account)-[u:`<relationship>`]->(x:`<label>`)
WHERE coalesce(a.run, '') = $run AND coalesce(x.run, '') = $run
WITH u, CASE $run WHEN '' THEN a.account_id ELSE coalesce(a.text, a.account_id) END AS account_id,
  CASE $run WHEN '' THEN x.value ELSE coalesce(x.text, x.value) END AS value
WITH account_id, value, u.events AS events, u.first_seen AS first_seen, u.last_seen AS last_seen
RETURN
  CASE WHEN account_id IS :: STRING NOT NULL THEN account_id END AS account_id,
  CASE WHEN value IS :: STRING NOT NULL THEN value END AS value,
  CASE WHEN events IS :: INTEGER NOT NULL THEN events END AS events,
  CASE WHEN first_seen IS :: ZONED DATETIME NOT NULL
    THEN first_seen.epochSeconds * 1000000 + first_seen.microsecond END AS first_us,
  CASE WHEN last_seen IS :: ZONED DATETIME NOT NULL
    THEN last_seen.epochSeconds * 1000000 + last_seen.microsecond END AS last_us,
  CASE
    WHEN NOT account_id IS :: STRING NOT NULL THEN 'account_id is ' + valueType(account_id)
    WHEN account_id = '' THEN 'account_id is empty'
    WHEN NOT value IS :: STRING NOT NULL THEN 'value is ' + valueType(value)
    WHEN value = '' THEN 'value is empty'
    WHEN NOT events IS :: INTEGER NOT NULL THEN 'events is ' + valueType(events)
    WHEN events < 1 THEN 'events is below 1'
    WHEN NOT first_seen IS :: ZONED DATETIME NOT NULL THEN 'first_seen is ' + valueType(first_seen)
    WHEN NOT last_seen IS :: ZONED DATETIME NOT NULL THEN 'last_seen is ' + valueType(last_seen)
    WHEN last_seen < first_seen THEN 'last_seen is before first_seen'
  END AS fault
