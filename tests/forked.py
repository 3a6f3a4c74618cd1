"""What the server of forks loads, so that its children begin with it: the service's modules, and
what they make at their first use, but nothing with threads, which no fork would have."""

import atexit
import gc

import ibis
import pyarrow as pa

import tests.feeding
from linkage.readers.addresses import unsure

__all__ = ["tests"]

unsure(pa.array(["192.0.2.7"]))
ibis.to_sql(ibis.table({"a": "string"}).filter(lambda t: t.a.strip() != ""), dialect="duckdb")
gc.collect()
gc.freeze()  # else each child's first collection copies all of it: a fifth of a second
atexit.register(gc.unfreeze)
