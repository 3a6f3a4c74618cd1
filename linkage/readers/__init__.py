"""How event files become one table: finding, decoding, typing, checking, each a module."""
