// Index: the accounts of a verified organisation.
// No parameters.
CREATE INDEX linkage_organisation IF NOT EXISTS FOR (a:Account) ON (a.run, a.organisation)
