"""The service under load on loopback: single reads beside an empty route, and events coming in."""
