"""A Neo4j Community server of one's own, without Docker: to try things out, and for the tests.

server = Server(Path("neo4j"))
status = server.up()      # status.bolt, status.browser; server.password()
server.down()
"""

from linkage.neo4j.home import Options
from linkage.neo4j.server import Server, Status, Stopped

__all__ = ["Options", "Server", "Status", "Stopped"]
