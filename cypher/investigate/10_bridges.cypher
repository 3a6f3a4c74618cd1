// Bridges between flagged clusters, drawn.
// Artifacts that belong to one flagged cluster and that members of another have too, the rarest
// first: one network that was found in pieces, two that hire the same supplier, or somebody who
// carries things of both. Only what two members or more of each have counts.
// $artifacts: artifacts of each cluster that are looked at, such as 200
// $widest: accounts that have an artifact, for it to tell anything, such as 200
// $most: artifacts that are drawn, such as 50
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (c:Cluster {run: r.run})
WHERE c.proposal IN ['ban', 'review'] AND c.score IS NOT NULL
MATCH ()-[s:SHARES {run: c.run, cluster_id: c.cluster_id}]->(x)
WHERE s.rank <= $artifacts AND x.flagged > s.members AND x.accounts <= $widest
WITH DISTINCT x
CALL (x) {
  MATCH (x)<-[s:SHARES]-(c:Cluster) WHERE c.proposal IN ['ban', 'review']
  RETURN collect(c) AS clusters, collect(s) AS shares
}
WITH x, clusters, shares WHERE size(clusters) > 1
RETURN x AS artifact, x.kind AS kind, coalesce(x.text, x.value) AS value, x.words AS words,
  x.accounts AS `accounts that have it`, clusters, shares
ORDER BY `accounts that have it`, kind, value LIMIT $most
