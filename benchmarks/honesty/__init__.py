"""Do weights and expected numbers mean what they say? Claims against counts."""
