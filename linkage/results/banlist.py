"""banlist.csv: what the run proposes to ban, an account a line, with the reasons."""

import csv
from pathlib import Path

import numpy as np

from linkage.results.bundle import Results
from linkage.results.tables import signals_of

COLUMNS = ("account_id", "cluster_id", "score", "confidence", "reasons")
REASONS = 3
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_banlist(found: Results, path: Path) -> None:
    """Sorted by account. `score` and `confidence` with two and one decimals."""
    listed = np.flatnonzero(found.proposals.account == "ban")
    ids = found.activity.order_by("account").account_id.to_pyarrow().to_pylist()
    clusters = found.clusters
    reasons = {g: _reasons(found, g) for g in np.unique(clusters.of[listed])}
    with path.open("w", encoding="utf-8", newline="") as file:
        # All quoted: a lone carriage return would otherwise start a row for some readers.
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(COLUMNS)
        for account in listed:
            g = clusters.of[account]
            writer.writerow(
                [
                    harmless(ids[account]),
                    clusters.ids[g],
                    f"{-np.log10(clusters.scores.expected[g]):.2f}",
                    f"{found.proposals.confidence[account]:.1f}",
                    harmless(reasons[g]),
                ]
            )


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _reasons(found: Results, group: int) -> str:
    """The strongest signals in words, and the figure that the proposal follows from."""
    texts = [signal["text"] for signal in signals_of(found, group)[:REASONS]]
    accounts, expected = found.clusters.size[group], found.clusters.scores.expected[group]
    summary = f"one of {accounts} accounts; {expected:.2g} such groups expected by chance"
    return "; ".join([summary, *texts])
