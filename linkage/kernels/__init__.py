"""Compiled loops over integer arrays: what the stages do for tens of millions of pairs.

Tables carry the stages; inside `links`, `communities` and `clusters` the accounts are
numbers, and numba works on them at memory speed. `docs/reasons.md` has the measurement.
"""
