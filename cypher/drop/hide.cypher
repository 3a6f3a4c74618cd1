// Have no run shown. Parameter: $name of the pointer.
MATCH (:LinkageGraph {name: $name})-[shows:SHOWS]->(:Run)
DELETE shows
