// Where the server says that it answers HTTP, and so has Neo4j Browser. No parameters.
SHOW SETTINGS 'server.http.advertised_address' YIELD value
