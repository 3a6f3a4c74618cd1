// The neighbourhood of an address.
// Who used an IP address and which clusters they are in, members of clusters first: drawn. One
// cluster alone around it is an operator's; many people of none are a carrier, a campus or a
// café. For another kind of artifact, put its label and relationship type for IP and USED_IP.
// $address: an IP address (IPv6: its /64), such as '203.0.113.7'
// $most: accounts that are drawn, such as 100
MATCH (:LinkageGraph {name: 'linkage'})-[:SHOWS]->(r:Run)
MATCH (x:IP {run: r.run, value: $address})<-[u:USED_IP]-(a:Account)
WITH x, u, a ORDER BY a.cluster_id IS NULL, u.events DESC, a.account_id LIMIT $most
OPTIONAL MATCH (a)-[m:MEMBER_OF]->(c:Cluster)
RETURN x AS address, u AS used, a AS account, m AS membership, c AS cluster
