// How many relationships of one kind's type are not between an account and an artifact of the kind
// that belong to no run. In place of <label> and <relationship>: the kind's. No parameters.
MATCH (a)-[:`<relationship>`]->(x)
WHERE NOT (a:Account AND x:`<label>` AND a.run IS NULL AND x.run IS NULL)
RETURN count(*) AS others
