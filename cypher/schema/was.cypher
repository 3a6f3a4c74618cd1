// Index: accounts in clusters by what the run shown before proposed for them.
// No parameters.
CREATE INDEX linkage_was IF NOT EXISTS FOR (a:Account) ON (a.run, a.was, a.cluster_id)
