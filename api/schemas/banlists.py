"""The ban list: drafts, published lists, look-ups. Times are UTC, and written in one way: they are
part of what is signed."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field

from api.schemas.common import Answered, Asked, Id, Reason
from linkage.banlist.chain import Head, head_values
from linkage.banlist.entries import Measure
from linkage.banlist.report import Report
from linkage.banlist.store import BANS

Channel = Literal["bans", "shadow"]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
MOST_LOOKED_UP = 1000


class Listed(BaseModel):
    """An account on a list. reasons: codes; score, confidence: null where a person's decision alone
    lists it; decision: its number; listed_at: since when without a break; expires_at: from then on
    it is off the list, whether or not there is a newer one."""

    account_id: str
    action: Measure
    reasons: list[str]
    cluster_id: str | None
    score: float | None
    confidence: float | None
    decision: int | None
    listed_at: Moment
    expires_at: Moment


class ListHead(BaseModel):
    """What is signed of a list. previous: hash of the head before; override: why it was published
    although it was over budget; decisions: number of the last that it obeys; digest: of its rows'
    hashes."""

    format: int
    channel: Channel
    number: int
    previous: str
    published_at: Moment
    actor: str
    override: str | None
    run: str
    decisions: int
    rows: int
    digest: str


class SignedHead(BaseModel):
    """A head, its hash and its Ed25519 signature, both in hexadecimal."""

    head: ListHead
    hash: str
    signature: str

    @classmethod
    def of(cls, head: Head, signature: str) -> Self:
        """From a list's."""
        return cls(
            head=ListHead.model_validate(head_values(head)), hash=head.hash, signature=signature
        )


class BanList(BaseModel):
    """A list as JSON: the entries that hold, by account."""

    head: ListHead
    signature: str
    entries: list[Listed]


class LosingOrganisation(Answered):
    """A verified organisation that loses accounts. accounts: all that it has in the run."""

    organisation: str
    accounts: int
    listed: int


class Limit(Answered):
    """A figure that the settings limit. over: whether it is above."""

    name: str
    value: float | None
    most: float
    over: bool


class NamedSignal(Answered):
    """A signal. name: the code that entries have; text: in words, null where the run does not know
    the cluster by it."""

    name: str
    text: str | None


class ListedTemplate(Answered):
    """A prompt template. words: what it says, on one line, what looks like personal data masked;
    null where that is not known; members: accounts of the cluster that have it; accounts: all that
    do."""

    template_id: str
    words: str | None
    members: int
    accounts: int


class ListedCluster(Answered):
    """A cluster that has accounts on the list. listed: how many; new: of them, not on the list
    before; signals: the reasons of its entries; templates: that tell most of it, three at most."""

    cluster_id: str
    listed: int
    new: int
    signals: list[NamedSignal]
    templates: list[ListedTemplate]


class Collateral(Answered):
    """What a list does. share: of the run's accounts; allowed: how many have an allowlisted
    artifact; vouched: how many share what no outsider can plant with an account that a person has
    cleared or whose organisation is verified; held: rule -> how many it would hold, had no person
    decided to ban them; spared: who would be listed, were they not cleared or allowlisted;
    undecided: accounts at most of a cluster that no person decided to ban; hours: since the last
    event; clusters: that have accounts on it, those with most first, a hundred at most; left_out:
    how many more there are."""

    entries: int
    actions: dict[str, int]
    added: int
    removed: int
    changed: int
    share: float
    allowed: int
    vouched: int
    held: dict[str, int]
    organisations: list[LosingOrganisation]
    spared: int
    undecided: int
    hours: float | None
    limits: list[Limit]
    clusters: list[ListedCluster]
    left_out: int


class Drafted(BaseModel):
    """A draft. number: that it would get; digest: name it when you publish; over: names of the
    limits that it is above."""

    channel: Channel
    number: int
    digest: str
    run: str
    over: list[str]
    report: Collateral

    @classmethod
    def of(cls, channel: Any, number: int, digest: str, run: str, report: Report) -> Self:
        """From what the ban list says."""
        over = [limit.name for limit in report.over]
        return cls(
            channel=channel, number=number, digest=digest, run=run, over=over,
            report=Collateral.model_validate(report),
        )  # fmt: skip


class DraftAsked(Asked):
    """Which list to draft. freeing: only take off whom people have freed since; no limit is asked
    of that."""

    channel: Channel = BANS  # type: ignore[assignment]
    freeing: bool = False


class PublishAsked(Asked):
    """Which draft to publish. digest: that of the draft that was read; override: why it is to be
    published although it is over its budget."""

    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    channel: Channel = BANS  # type: ignore[assignment]
    override: Reason | None = None


class LookupAsked(Asked):
    """Accounts by their own name or their pseudonym."""

    accounts: list[Id] = Field(min_length=1, max_length=MOST_LOOKED_UP)


class _Looked(BaseModel):
    channel: Channel
    number: int
    published_at: Moment | None
    age_seconds: float | None


class LookedUp(_Looked):
    """Whether an account is on the latest list: its entry, or null. number, published_at and
    age_seconds are the list's: 0 and null before the first."""

    account_id: str
    entry: Listed | None


class LookedUpAll(_Looked):
    """Likewise of several, under the names that were asked for."""

    entries: dict[str, Listed | None]


class Holds(BaseModel):
    """What whoever follows has by then. at: the time that it is true of; entries: how many hold;
    digest: SHA-256 of the lines `account_id`, `action`, `expires_at` (as here, with a tab between
    and a line feed after), by account."""

    at: Moment
    entries: int
    digest: str


class ListChanges(BaseModel):
    """From list `since` to list `number`. heads: of each list after `since`; listed: entries that
    are new or otherwise than before; unlisted: accounts that are off the list."""

    channel: Channel
    since: int
    number: int
    heads: list[SignedHead]
    listed: list[Listed]
    unlisted: list[str]
    holds: Holds
