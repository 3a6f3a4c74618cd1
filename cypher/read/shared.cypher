// What at least two of a cluster's members share, what belongs to the cluster most first.
// Parameters: $run, $cluster; $from: false for the first page, else the place after the artifact
// with the figure $own, $kind and $value; $most.
MATCH (c:Cluster {run: $run, cluster_id: $cluster})-[s:SHARES]->(x)
WITH s, x, coalesce(x.text, x.value) AS value, toFloat(s.members * s.members) / x.accounts AS own
WHERE NOT $from OR own < $own
  OR (own = $own AND (x.kind > $kind OR (x.kind = $kind AND value > $value)))
WITH s, x, value, own ORDER BY own DESC, x.kind, value LIMIT $most
RETURN x.kind AS kind, value, s.members AS members, x.accounts AS accounts, s.events AS events,
  s.first_seen AS first_seen, s.last_seen AS last_seen, own
