// Index: the accounts of a cluster, in the order of their ids.
// No parameters.
CREATE INDEX linkage_member IF NOT EXISTS FOR (a:Account) ON (a.run, a.cluster_id, a.account_id)
