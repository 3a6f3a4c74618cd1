"""What decisions say about a run's figures: the m of its artifact kinds, and its references.

Nothing is changed here; `settings_file.write` makes a folder of what is proposed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta

from linkage.calibration.rescoring import Rescored, rescored
from linkage.calibration.sharing import by_network, holdings_of, pairs_within
from linkage.calibration.verdicts import Verdicts, verdicts
from linkage.render import clean
from linkage.run import Run
from linkage.settings import DeclaredKind, Settings, parse

STRENGTH = (
    20.0  # accounts that the present m is worth: with fifty, the least, it has 2 / 7 of a say
)
LEAST_ACCOUNTS = 50  # of a kind: fewer leave an interval of .3 in width
LEAST_NETWORKS = 3  # of a kind: two operators do not tell how operators differ
LEAST_DECIDED = 200  # accounts in all: fewer are the cases that somebody happened to look at
MOST_ACCOUNTS = 100  # that one network counts for, so that a huge one does not decide
BOUNDS = (0.01, 0.99)  # no kind is taken to say nothing, or everything
DECIMALS = 3


@dataclass(frozen=True)
class Estimate:
    """The m of one artifact kind.

    present     what the run weighed with
    m           the new one, or None: too few accounts or networks to say
    low, high   where it lies with 95 % probability (None without it)
    accounts    distinct accounts in the pairs that say something about the kind
    networks    that these are of: operators, or clusters
    """

    kind: str
    present: float
    m: float | None
    low: float | None
    high: float | None
    accounts: int
    networks: int


@dataclass(frozen=True)
class Calibration:
    """What decisions say about a run.

    decided     who is banned and who is cleared
    enough      whether there are decisions enough to propose any m
    estimates   one a kind, in the order of the run's kinds
    rescored    references and groups; None where the run took another run's references
    settings    of the run, with every new m
    """

    decided: Verdicts
    enough: bool
    estimates: tuple[Estimate, ...]
    rescored: Rescored | None
    settings: Settings

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "banned": self.decided.banned,
            "cleared": self.decided.cleared,
            "unknown_accounts": self.decided.unknown_accounts,
            "unknown_clusters": self.decided.unknown_clusters,
            "watched": self.decided.watched,
            "contradictory": self.decided.contradictory,
            "enough": self.enough,
            "kinds": [asdict(estimate) for estimate in self.estimates],
            "references": self.rescored and self.rescored.to_dict(),
        }


def calibrate(run: Run, decisions: pd.DataFrame) -> Calibration:
    """What `decisions` (columns as in `verdicts.verdicts`) say about a run's figures.

    Raises MissingColumns, InputError, ResultError, or SettingsError where the run's settings
    are another version's.
    """
    settings = parse(run.info["settings"], f"{clean(run.path)}/run.json")
    decided = verdicts(run.activity.account_id, run.members, decisions)
    enough = len(decided.table) >= LEAST_DECIDED
    found = estimates(run, decided, enough=enough)
    return Calibration(
        decided=decided,
        enough=enough,
        estimates=found,
        rescored=rescored(run, decided, settings),
        settings=with_estimates(settings, found),
    )


def estimates(run: Run, decided: Verdicts, *, enough: bool = True) -> tuple[Estimate, ...]:
    """Each kind's m (Fellegi and Sunter 1969), by pairs that are known to be one operator's.

    These are the links between banned accounts of one network whose weight would make them links
    even without the kind's family. Without that, the estimate would be circular: pairs that were
    found because they share the kind would show that such pairs share it. That families are
    independent within a network is assumed, as it is where their weights are added; and only
    artifacts that two accounts have at least are in the evidence, as only they are weighed.
    The accounts of verified organisations are left out, since they are linked as one.

    Without `enough`, nothing is proposed. Raises ResultError.
    """
    verified = run.activity[run.activity.organisation.notna()].account_id
    banned = decided.table[decided.table.network.notna()]
    banned = banned[~banned.account_id.isin(verified)]
    pairs = pairs_within(run.path / "links.parquet", banned.set_index("account_id").network)
    tables = run.path / "evidence.parquet", run.path / "artifacts.parquet"
    held = holdings_of(*tables, pairs.accounts, int(run.info["baseline"]["accounts"]))
    found = []
    for kind in run.info["kinds"]:
        name, present = str(kind["name"]), float(kind["m"])
        known = pairs.without(str(kind["family"]), float(run.info["threshold_bits"]))
        networks = by_network(known, held[name]) if name in held else _NO_NETWORKS
        found.append(estimate(name, present, networks, enough=enough))
    return tuple(found)


_NO_NETWORKS = pd.DataFrame(
    {"accounts": np.empty(0, np.int64), "share": np.empty(0), "telling": np.empty(0)}
)


def estimate(kind: str, present: float, networks: pd.DataFrame, *, enough: bool = True) -> Estimate:
    """A kind's m from what the pairs of each network share: accounts, share and telling, as
    `sharing.by_network` has them.

    The mean of a Beta distribution: the present m, worth so many accounts, and what the networks
    show. Pairs of one network are not independent, so what counts is not pairs but accounts, of
    each network so many at most, less what chance explains; and fewer where networks differ by
    more than accounts that were drawn one by one would have them differ (the effective sample
    size of Rao and Scott 1992).
    """
    accounts, number = int(networks.accounts.sum()), len(networks)
    if not enough or accounts < LEAST_ACCOUNTS or number < LEAST_NETWORKS:
        return Estimate(kind, present, None, None, None, accounts, number)
    weight = np.minimum(networks.accounts.to_numpy(float), MOST_ACCOUNTS)
    weight = weight * networks.telling.to_numpy(float)
    share = networks.share.to_numpy(float)
    mean, size = float(np.average(share, weights=weight)), float(weight.sum())
    between = number / (number - 1) * float(((weight / size * (share - mean)) ** 2).sum())
    alone = mean * (1 - mean) / size
    size /= max(1.0, between / alone) if alone > 0 else 1.0
    found = beta(STRENGTH * present + size * mean, STRENGTH * (1 - present) + size * (1 - mean))
    low, high = (round(float(end), DECIMALS) for end in found.ppf([0.025, 0.975]))
    m = round(float(np.clip(found.mean(), *BOUNDS)), DECIMALS)
    return Estimate(kind, present, m, low, high, accounts, number)


def with_estimates(settings: Settings, found: tuple[Estimate, ...]) -> Settings:
    """The settings with every m in them that is another than the present one."""
    artifacts = dict(settings.artifacts)
    for each in found:
        if each.m is not None and each.m != each.present:
            kind = artifacts.get(each.kind, DeclaredKind())
            artifacts[each.kind] = kind.model_copy(update={"m": each.m})
    return settings.model_copy(update={"artifacts": artifacts})
