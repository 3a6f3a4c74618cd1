// Index: the accounts that a rule keeps off the list.
// No parameters.
CREATE INDEX linkage_held IF NOT EXISTS FOR (a:Account) ON (a.run, a.held_by)
