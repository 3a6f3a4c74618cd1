// One account whole.
// Its cluster, what it shares with others (the rarest first) and its strongest links: drawn. The
// account's own properties have its hours, days, organisation, and the rule that held it back.
// $account: its id, such as 'a_0100a38822'
// $most: artifacts that are drawn, and as many links, such as 30
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (a:Account {run: r.run, account_id: $account})
OPTIONAL MATCH (a)-[m:MEMBER_OF]->(c:Cluster)
CALL (a) {
  MATCH (a)-[u]->(x) WHERE x.kind IS NOT NULL
  WITH u, x ORDER BY x.degree, x.kind, x.value LIMIT $most
  RETURN collect(u) AS uses, collect(x) AS artifacts
}
CALL (a) {
  MATCH (a)-[l:LINKED_TO]-(b:Account)
  WITH l, b ORDER BY l.bits DESC, b.account_id LIMIT $most
  RETURN collect(l) AS links, collect(b) AS linked
}
RETURN a AS account, m AS membership, c AS cluster, artifacts, uses, linked, links
