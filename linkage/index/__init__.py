"""An index of a run: what single reads look up, in flat files that are mapped into memory.

It is made from a result folder and can be made again at any time; it is no part of the result.
"""

from linkage.index.index import Index, index_of

__all__ = ["Index", "index_of"]
