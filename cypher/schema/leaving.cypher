// Index: the accounts of a cluster with a link that leaves it, by the bits of the strongest.
// No parameters.
CREATE INDEX linkage_leaving IF NOT EXISTS FOR (a:Account) ON (a.run, a.cluster_id, a.leaves)
