// Index: clusters by proposal, the most unusual at the end.
// No parameters.
CREATE INDEX linkage_proposal IF NOT EXISTS FOR (c:Cluster) ON (c.run, c.proposal, c.score)
