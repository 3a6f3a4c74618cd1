"""Stage 6: clusters -> proposals, and who is held back from the list, by which rule.

Only this module may say "ban". A cluster's proposal follows from its expected innocents; a
member is listed only if its own ties bear it, whatever its cluster is.
"""

from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd

from linkage.activity import UNKNOWN, unknown
from linkage.attachment import Membership
from linkage.circles import circles
from linkage.clusters import Clusters, openly
from linkage.judged import Judged
from linkage.kernels.incidence import Incidence
from linkage.links import Links
from linkage.score import References, Scores
from linkage.settings import PolicySettings, ScoreSettings, Settings
from linkage.standing import Standing
from linkage.units import Units

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Int32s = npt.NDArray[np.int32]
Texts = npt.NDArray[np.object_]

OPENLY, UNVERIFIED = "openly one", "openly one, unverified"
APART = "apart in all but their work"
CLEARED, MOSTLY_CLEARED = "cleared", "mostly cleared"


@dataclass(frozen=True)
class Proposals:
    """cluster: `ban`, `review` or `none`, one an entry; note: what limits it, or None.

    account: likewise for each account (None outside clusters); held_by: the rule that keeps
    a member of a cluster proposed for a ban off the list; confidence: bits over the prior,
    the worst artifact taken away.
    """

    cluster: Texts
    note: Texts
    account: Texts
    held_by: Texts
    confidence: Floats


def proposals(
    clusters: Clusters,
    members: Membership,
    units: Units,
    inc: Incidence,
    links: Links,
    activity: ir.Table,
    settings: Settings,
    references: References | None = None,
) -> Proposals:
    """What the policy proposes. `references`: those of another run that scored the clusters."""
    own = int(clusters.scores.reference.sum())
    enough = references is not None or show_what_is_usual(clusters.groups, own, settings.score)
    cluster, note = _of_clusters(clusters, settings, enough)
    account = np.full(clusters.of.size, None, np.object_)
    inside = clusters.of >= 0
    account[inside] = cluster[clusters.of[inside]]
    rules = holding_rules(clusters, members, units, inc, links, activity, settings)
    held_by = np.full(clusters.of.size, None, np.object_)
    for name, holds in reversed(rules.items()):
        held_by[(account == "ban") & holds] = name
    account[held_by != None] = "review"  # noqa: E711 - elementwise
    return Proposals(cluster, note, account, held_by, members.left[units.of])


def obeying(
    found: Proposals,
    clusters: Clusters,
    judged: Judged,
    standing: Standing,
    policy: PolicySettings,
) -> Proposals:
    """The proposals with what people have judged before them.

    A cleared account is proposed for nothing, or with new evidence for review. A cluster of them
    is proposed for nothing, one with many of them for review at most. Whoever is allowlisted is
    proposed for review at most. What holds an account:

    allowlisted       somebody put it on the allowlist
    cleared           a person cleared it, and nothing has come since that would make it a member
    new_evidence      a person cleared it, and what is new would make it a member by itself
    cleared_cluster   most of its cluster, or as many as the settings say, was cleared
    """
    cluster, note = found.cluster.copy(), found.note.copy()
    account, held_by = found.account.copy(), found.held_by.copy()
    cleared, renewed = np.zeros(account.size, np.bool_), np.zeros(account.size, np.bool_)
    cleared[judged.cleared[~standing.renewed]] = True
    renewed[judged.cleared[standing.renewed]] = True
    inside = clusters.of >= 0
    count = np.bincount(clusters.of[inside & cleared], minlength=cluster.size)
    many = count >= policy.cleared_share * clusters.size
    note[many] = MOSTLY_CLEARED
    cluster[many & (cluster == "ban")] = "review"
    whole = count == clusters.size
    cluster[whole], note[whole] = "none", CLEARED
    beside = inside.copy()
    beside[inside] = many[clusters.of[inside]]
    for name, holds, proposal in (
        ("cleared_cluster", beside & (account == "ban"), "review"),
        ("new_evidence", renewed & (account == "ban"), "review"),
        ("allowlisted", judged.allowed & (account == "ban"), "review"),
        ("cleared", cleared & inside, "none"),
    ):
        account[holds], held_by[holds] = proposal, name
    return replace(found, cluster=cluster, note=note, account=account, held_by=held_by)


def holding_rules(
    clusters: Clusters,
    members: Membership,
    units: Units,
    inc: Incidence,
    links: Links,
    activity: ir.Table,
    settings: Settings,
) -> dict[str, Bools]:
    """Rule -> the accounts that it holds back; the first that applies is named.

    verified_organisation   its organisation is verified: such a unit is never listed whole
    unknown_organisation    of gathered evidence, nobody knows whether it has a verified one
    drop_one                one artifact carries it: without that, too little is left
    families                what is left is of one family
    unplantable             an outsider could have planted, or copied, all that ties it
    household               what no outsider can plant ties it to no more than a household
    loosely_tied            its ties are far weaker, or fewer, than its cluster's members' are
    """
    left, policy = members.left[units.of], settings.policy
    columns = [c for c in ("organisation", UNKNOWN) if c in activity.columns]
    known = activity.order_by("account").select(columns).to_pyarrow()
    circle = circles(inc, members.community, settings.attachment.telling_bits)[units.of]
    return {
        "verified_organisation": np.asarray(known["organisation"].is_valid()),
        "unknown_organisation": unknown(known).get(
            "organisation", np.zeros(known.num_rows, np.bool_)
        ),
        "drop_one": left < policy.drop_one_bits,
        "families": members.families[units.of] < policy.families,
        "unplantable": members.own[units.of] < policy.unplantable_bits,
        "household": circle < policy.circle_accounts,
        "loosely_tied": (left < policy.loose_bits * _usual(left, clusters.of))
        | _few_links(clusters.of, units, links, policy),
    }


def _few_links(of: Int32s, units: Units, links: Links, policy: PolicySettings) -> Bools:
    """Accounts with far fewer links to members than their cluster's members usually have."""
    cluster = of[units.first]
    same = (cluster[links.a] == cluster[links.b]) & (cluster[links.a] >= 0)
    ends = np.concatenate([links.a[same], links.b[same]])
    number = np.bincount(ends, minlength=cluster.size)[units.of].astype(np.float64)
    return number < policy.loose_links * _usual(number, of)


def _usual(value: Floats, of: Int32s) -> Floats:
    """The median of each account's cluster; infinite values and outsiders give 0."""
    table = pd.DataFrame({"value": value, "of": of})
    known = table[np.isfinite(value) & (of >= 0)]
    return table["of"].map(known.groupby("of")["value"].median()).fillna(0.0).to_numpy()


def _of_clusters(
    clusters: Clusters, settings: Settings, enough_references: bool
) -> tuple[Texts, Texts]:
    groups = clusters.groups
    cluster = np.full(len(clusters.ids), "none", np.object_)
    note = np.full(len(clusters.ids), None, np.object_)
    note[groups:] = f"fewer than {settings.score.group_accounts} accounts"
    answered = openly(clusters.openness, settings)
    cluster[:groups], note[:groups] = of_groups(
        clusters.scores, answered, settings.policy, enough_references
    )
    return cluster, note


def show_what_is_usual(groups: int, references: int, settings: ScoreSettings) -> bool:
    """Whether so many groups, and references among them, are enough to propose a ban by."""
    return groups >= settings.minimum_groups and references >= settings.minimum_references


def of_groups(
    scores: Scores, answered: Floats, policy: PolicySettings, enough_references: bool
) -> tuple[Texts, Texts]:
    """Each group's proposal and what limits it (or None), from its expected innocents.

    `answered` is what `clusters.openly` says; `enough_references`: there are enough to tell
    what is usual, else nothing goes beyond review. Nor do groups that stand out only while what
    an operator can buy is not counted.
    """
    expected = scores.expected
    proposal = np.full(expected.size, "none", np.object_)
    note = np.full(expected.size, None, np.object_)
    proposal[expected <= policy.review_expected] = "review"
    ban = (expected <= policy.ban_expected) & (answered == 0) & ~scores.apart
    if enough_references:
        proposal[ban] = "ban"
    else:
        note[ban] = "too few groups to compare with"
    note[scores.apart & (proposal == "review")] = APART
    note[answered == 1] = OPENLY
    note[(answered > 0) & (answered < 1)] = UNVERIFIED
    proposal[answered == 1] = "none"
    return proposal, note


def answered(notes: pd.Series, settings: Settings) -> Floats:
    """What `clusters.openly` said of groups, from the notes that `of_groups` made of it."""
    unclear = np.where(notes == UNVERIFIED, settings.score.question_cap, 0.0)
    return np.where(notes == OPENLY, 1.0, unclear)
