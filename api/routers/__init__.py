"""The routes of `/v1`, a module for each sort of thing."""
