"""One account goes out of a workspace: whatever is of it, and its name wherever that stands.

Each module takes it out of one sort of thing, and may be called again after it was killed half-way;
`erase` does so for all of them.
"""
