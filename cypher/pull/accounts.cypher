// Accounts with what is known of their activity, and what is wrong with it, if anything is. Moments
// are in microseconds since 1970. Parameters: $run, a run's key; '' for what belongs to no run;
// $counted: names of properties with numbers of events.
MATCH (a:Account)
WHERE coalesce(a.run, '') = $run
WITH a, CASE $run WHEN '' THEN a.account_id ELSE coalesce(a.text, a.account_id) END AS account_id
WITH a, account_id, [
  CASE WHEN NOT account_id IS :: STRING NOT NULL THEN 'account_id is ' + valueType(account_id) END,
  CASE WHEN account_id = '' THEN 'account_id is empty' END,
  CASE WHEN NOT a.events IS :: INTEGER THEN 'events is ' + valueType(a.events) END,
  CASE WHEN NOT a.days IS :: INTEGER THEN 'days is ' + valueType(a.days) END,
  CASE WHEN NOT a.first_seen IS :: ZONED DATETIME
    THEN 'first_seen is ' + valueType(a.first_seen) END,
  CASE WHEN NOT a.last_seen IS :: ZONED DATETIME THEN 'last_seen is ' + valueType(a.last_seen) END,
  CASE WHEN NOT a.signed_up IS :: ZONED DATETIME THEN 'signed_up is ' + valueType(a.signed_up) END,
  CASE WHEN NOT a.hours IS :: LIST<INTEGER NOT NULL> THEN 'hours is ' + valueType(a.hours) END,
  CASE WHEN a.hours IS :: LIST<INTEGER NOT NULL> NOT NULL AND size(a.hours) <> 24
    THEN 'hours are not 24' END,
  CASE WHEN NOT a.organisation IS :: STRING
    THEN 'organisation is ' + valueType(a.organisation) END,
  CASE WHEN NOT a.claimed IS :: STRING THEN 'claimed is ' + valueType(a.claimed) END,
  CASE WHEN NOT a.unknown IS :: LIST<STRING NOT NULL>
    THEN 'unknown is ' + valueType(a.unknown) END
] + [name IN $counted WHERE NOT a[name] IS :: INTEGER | name + ' is ' + valueType(a[name])]
  AS faults
WITH a, account_id, [fault IN faults WHERE fault IS NOT NULL][0] AS fault
WITH CASE WHEN fault IS NULL THEN a ELSE {} END AS a,
  CASE WHEN fault IS NULL THEN account_id END AS account_id, fault
RETURN account_id, a.events AS events, a.days AS days,
  CASE WHEN a.first_seen IS NOT NULL
    THEN a.first_seen.epochSeconds * 1000000 + a.first_seen.microsecond END AS first_us,
  CASE WHEN a.last_seen IS NOT NULL
    THEN a.last_seen.epochSeconds * 1000000 + a.last_seen.microsecond END AS last_us,
  CASE WHEN a.signed_up IS NOT NULL
    THEN a.signed_up.epochSeconds * 1000000 + a.signed_up.microsecond END AS signed_up_us,
  a.hours AS hours, a.organisation AS organisation, a.claimed AS claimed, a.unknown AS unknown,
  [name IN $counted | a[name]] AS counts, fault
