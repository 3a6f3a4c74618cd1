"""The HTTP service over a workspace: reads the graph and state ports, and records decisions."""
