"""What is compared: texts to a group each, or none.

    python -m benchmarks.templates.methods METHOD FILE [--groups OUT]

reads the column `prompt` of a Parquet file, and prints the seconds of grouping alone.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

Groups = list[Hashable | None]
# What Drain3's own examples mask, but for what only logs have.
MASKS = ((r"\d{1,3}(\.\d{1,3}){3}", "IP"), (r"0x[0-9a-fA-F]+", "HEX"), (r"[0-9]+", "NUM"))
PERMUTATIONS, SIMILARITY, SHINGLE = 64, 0.5, 3


@dataclass(frozen=True)
class Method:
    """A name, what it is in words, and how it groups."""

    name: str
    what: str
    group: Callable[[pa.ChunkedArray], Groups]


def by_linkage(texts: pa.ChunkedArray) -> Groups:
    """`linkage templates mine`, as it is."""
    from linkage.templates import mine

    found: Groups = mine(texts).of_rows.dictionary_decode().to_pylist()
    return found


def by_mask(texts: pa.ChunkedArray) -> Groups:
    """Numbers and white space masked, then exact."""
    import pyarrow.compute as pc

    masked = pc.replace_substring_regex(texts.cast(pa.string()), "[0-9]+", "0")
    found: Groups = pc.replace_substring_regex(masked, r"\s+", " ").to_pylist()
    return found


def by_drain(texts: pa.ChunkedArray) -> Groups:
    """Drain3 with its own defaults (depth 4, similarity .4) and three masks."""
    from drain3 import TemplateMiner
    from drain3.masking import MaskingInstruction
    from drain3.template_miner_config import TemplateMinerConfig

    logging.disable()
    config = TemplateMinerConfig()
    config.masking_instructions = [MaskingInstruction(pattern, name) for pattern, name in MASKS]
    config.profiling_enabled = False
    miner = TemplateMiner(config=config)
    return [miner.add_log_message(text)["cluster_id"] for text in texts.to_pylist()]


def by_minhash(texts: pa.ChunkedArray) -> Groups:
    """datasketch: MinHash of three-word shingles, LSH at a Jaccard similarity of .5, then connected
    components."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=SIMILARITY, num_perm=PERMUTATIONS)
    leader: list[int] = []

    def root(one: int) -> int:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for number, text in enumerate(texts.to_pylist()):
        words = text.lower().split()
        each = MinHash(num_perm=PERMUTATIONS)
        runs = range(max(1, len(words) - SHINGLE + 1))
        each.update_batch([" ".join(words[i : i + SHINGLE]).encode() for i in runs])
        leader.append(number)
        for other in index.query(each):
            leader[root(number)] = root(other)
        index.insert(number, each)
    return [root(number) for number in range(len(leader))]


METHODS = (
    Method("linkage", "linkage templates mine", by_linkage),
    Method("mask", "numbers and spaces masked, then exact", by_mask),
    Method("drain3", "Drain3, three masks, its defaults", by_drain),
    Method("minhash", "MinHash-LSH (datasketch), then components", by_minhash),
)


def named(name: str) -> Method:
    """The method of that name."""
    return next(method for method in METHODS if method.name == name)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("method", choices=[method.name for method in METHODS])
    parser.add_argument("file", type=Path)
    parser.add_argument("--groups", type=Path)
    parser.add_argument("--warm", action="store_true", help="group a few first, unmeasured")
    asked = parser.parse_args(arguments)
    method = named(asked.method)
    texts = pq.read_table(asked.file, columns=["prompt"])["prompt"]
    if asked.warm:
        method.group(texts.slice(0, 500))
    begun = time.perf_counter()
    groups = method.group(texts)
    seconds = time.perf_counter() - begun
    if asked.groups:
        spelled = [None if each is None else str(each) for each in groups]
        pq.write_table(pa.table({"group": pa.array(spelled, pa.string())}), asked.groups)
    print(json.dumps({"seconds": seconds, "prompts": len(groups)}))


if __name__ == "__main__":
    main()
