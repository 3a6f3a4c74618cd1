// Why two accounts are linked.
// What both have, the rarest first, and when each of them used it. The bits are the weight of
// evidence that one operator runs both; the reasons say what gives them, by family. No bits: the
// link is not among the strongest of either, or there is none (`linkage explain A B` tells). The
// accounts of a verified organisation are linked by the first of them.
// $a: an account's id, such as 'a_0100a38822'
// $b: another's, such as 'a_0160fc81c1'
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (a:Account {run: r.run, account_id: $a})
MATCH (b:Account {run: r.run, account_id: $b})
OPTIONAL MATCH (a)-[l:LINKED_TO]-(b)
MATCH drawing = (a)-[u]->(x)<-[v]-(b)
WHERE x.kind IS NOT NULL
RETURN x.kind AS kind, coalesce(x.text, x.value) AS value, x.words AS words,
  x.accounts AS `accounts that have it`,
  u.events AS `events of a`, v.events AS `events of b`,
  u.first_seen AS `first seen with a`, v.first_seen AS `first seen with b`,
  u.last_seen AS `last seen with a`, v.last_seen AS `last seen with b`,
  l.bits AS `bits of the link`, l.reasons AS `reasons of the link`, drawing
ORDER BY x.degree, kind, value
