"""The ban list as enforcement uses it, on loopback: each form of a large list, and look-ups."""
