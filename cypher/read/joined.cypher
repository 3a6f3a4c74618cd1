// Whether a link that is here joins two units, and whether all links of one of them are here.
// Parameters: $run, $keys_a and $keys_b (ids).
MATCH (a:Account {run: $run}) WHERE a.account_id IN $keys_a
WITH collect(a) AS one, sum(a.links) AS links, sum(COUNT { (a)-[:LINKED_TO]-() }) AS here
RETURN links = here AS whole,
  any(a IN one WHERE EXISTS { (a)-[:LINKED_TO]-(b:Account) WHERE b.account_id IN $keys_b })
    AS linked
