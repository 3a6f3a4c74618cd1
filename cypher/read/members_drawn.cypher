// A cluster's accounts: the listed first, then by confidence. Parameters: $run, $cluster, $most.
MATCH (c:Cluster {run: $run, cluster_id: $cluster})<-[:MEMBER_OF]-(a:Account)
WITH c, a ORDER BY a.proposal <> 'ban', coalesce(-a.confidence, 1e308), a.account_id LIMIT $most
RETURN coalesce(a.text, a.account_id) AS account_id, c.accounts AS total
