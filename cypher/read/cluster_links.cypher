// The links between a cluster's members that are here, and how many those are.
// Parameters: $run, $cluster; $strongest: those first, else by account; $most.
MATCH (c:Cluster {run: $run, cluster_id: $cluster})<-[:MEMBER_OF]-(a:Account)
MATCH (a)-[l:LINKED_TO {within: true}]->(b:Account)
WITH l, coalesce(a.text, a.account_id) AS account_a, coalesce(b.text, b.account_id) AS account_b
ORDER BY CASE WHEN $strongest THEN -l.bits ELSE 0 END, account_a, account_b
WITH collect([account_a, account_b, l.bits, l.families, l.family_bits]) AS every
UNWIND every[..$most] AS row
RETURN row[0] AS account_a, row[1] AS account_b, row[2] AS bits, row[3] AS families,
  row[4] AS family_bits, size(every) AS here
