"""What is kept under pseudonyms of one key goes under those of the next, without any value.

The new pseudonym is made of the old one. Each module re-keys one sort of thing, and may be called
again after it was killed half-way: what is done already says so of itself.
"""
