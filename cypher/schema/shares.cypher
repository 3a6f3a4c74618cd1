// Index: what a cluster's members share, by rank: those first that belong to it most.
// No parameters.
CREATE INDEX linkage_shares IF NOT EXISTS
FOR ()-[s:SHARES]-() ON (s.run, s.cluster_id, s.rank)
