// How many accounts belong to a run, and how many to none. No parameters.
MATCH (a:Account)
RETURN count(a.run) AS of_runs, count(*) - count(a.run) AS of_none
