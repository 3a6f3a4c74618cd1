"""Every threshold of a run, with its unit and its reason, in one object.

`load` reads `linkage.toml`; all faults are reported together.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from linkage.artifacts import BUILT_IN, ArtifactKind, declared
from linkage.errors import MissingInput, SettingsError

# Tables of the same file that are not a run's; who reads them checks them.
OF_OTHERS = ("service", "privacy", "banlist", "webhooks")

S = TypeVar("S", bound="Section")
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Section(BaseModel):
    """A table of `linkage.toml`: unknown names are faults, nothing changes once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EventSettings(Section):
    """[events]: what the columns of the input are called."""

    columns: dict[str, str] = Field(
        default_factory=dict, description="our column = your column, e.g. account_id = 'user'"
    )


class DeclaredKind(Section):
    """[artifacts.NAME]: a column that is an artifact kind, or a built-in kind's new weight."""

    column: str | None = Field(None, description="event column; the kind's name if not given")
    family: Name | None = Field(None, description="kinds weighed together; its own if not given")
    m: float | None = Field(
        None, gt=0, lt=1, description="probability that two accounts of one operator share it"
    )
    plantable: bool | None = Field(
        None, description="an outsider can put it on a victim; assumed, which is the safe side"
    )
    names_account: bool = Field(False, description="the value is itself an account")
    alone: bool | None = Field(
        None,
        description="its family may just make a link by itself, for a person to judge; not assumed",
    )


class TemplateSettings(Section):
    """[templates]: what prompts were made from."""

    known_templates: tuple[str, ...] = Field(
        (),
        description="texts that everybody may use, such as public prompts: what a prompt has of "
        "them weighs nothing. Or the path of a file of them, beside this one: each of its lines "
        "is such a text",
    )


class LinkSettings(Section):
    """[links]: which pairs are weighed, and when two accounts are linked."""

    margin_bits: float = Field(
        3.0,
        ge=0,
        le=20,
        description="bits above log2 N that a link needs; at 0 innocents came along in trials, "
        "at 7 a sixth of a rotating network fell off",
    )
    rare_accounts: int = Field(
        60,
        ge=2,
        le=500,
        description="accounts; every pair that shares an artifact with at most so many is "
        "weighed. Above, pairs come from composites (two artifacts held together)",
    )
    composite_accounts: float = Field(
        4.0, ge=2, description="accounts that must hold two common artifacts together, at least"
    )
    composite_lift: float = Field(
        4.0, ge=1, description="... and this often as many as chance explains, on top"
    )
    composite_neighbours: int = Field(
        4, ge=1, le=64, description="accounts of a composite that each of its accounts meets"
    )
    composite_artifacts: int = Field(
        16, ge=2, le=64, description="common artifacts of one account, rarest first, in composites"
    )


class CommunitySettings(Section):
    """[communities]: how links become communities."""

    algorithm: Literal["leiden", "louvain", "components"] = Field(
        "leiden", description="leiden: graspologic; louvain: python-louvain over networkx"
    )
    resolution: float = Field(
        0.4,
        gt=0,
        le=10,
        description="two parts of a community stay together if the links between them are this "
        "share of what chance would lay there: a random sparse network has about half, two "
        "cliques with a bridge far less than a tenth",
    )
    seed: int = Field(1, ge=0, lt=2**31, description="same seed, same bytes")


class AttachmentSettings(Section):
    """[attachment]: weighing an account against a community as a whole."""

    member_bits: float = Field(
        3.0, ge=0, le=20, description="bits above the prior that a member needs: 8 to 1"
    )
    stay_bits: float = Field(
        1.0,
        ge=0,
        le=20,
        description="bits more that another community must give for an account to leave the one "
        "that its links are in: 2 to 1",
    )
    family_cap_bits: float = Field(
        12.0, gt=0, le=60, description="bits that one family can give at most, so that none decides"
    )
    family_bits: float = Field(
        1.0, ge=0, le=12, description="bits from which on a family ties an account: 2 to 1"
    )
    telling_bits: float = Field(
        6.0,
        ge=0,
        le=40,
        description="bits from which on an artifact that two members have is telling: 64 times as "
        "common inside. An account that no link brought in must owe them half of its weight. It "
        "needs no more than member_bits where two families that none can plant give as many",
    )
    newcomer_share: float = Field(
        0.25,
        ge=0,
        le=0.5,
        description="share of the linked members; an account that no link brought in must weigh "
        "as much as all but this share of them",
    )


class ScoreSettings(Section):
    """[score]: how unusual a group is among the groups of the same data."""

    group_accounts: int = Field(5, ge=2, le=50, description="accounts that make a group")
    reference_expected: float = Field(
        0.3,
        gt=0,
        le=1,
        description="groups expected by chance; what is rarer leaves the references. At 0.1, "
        "networks hid one another where there were a dozen among two hundred",
    )
    question_cap: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="p; a group above it on any question is not flagged. At 0.25 small networks "
        "were missed, and no innocent was saved",
    )
    minimum_groups: int = Field(
        150,
        ge=1,
        description="groups; with fewer, and no other run's baseline, nothing goes beyond review. "
        "20,000 accounts have about 200",
    )
    minimum_references: int = Field(
        40,
        ge=1,
        description="groups of these that pretend to be many and do not stand out, likewise: "
        "fewer do not show what is usual",
    )


class PolicySettings(Section):
    """[policy]: what is proposed, and who is held back from the list."""

    ban_expected: float = Field(
        0.05,
        gt=0,
        description="innocent groups a run that the policy accepts to propose for a ban; at 0.3 "
        "every third simulated month had one",
    )
    review_expected: float = Field(10.0, gt=0, description="innocent groups a run sent to review")
    openly_one: float = Field(
        0.8,
        gt=0.5,
        le=1,
        description="share of a group in one verified organisation from which on nothing is "
        "proposed: it does not pretend to be many",
    )
    identities: float = Field(
        2.5,
        ge=1,
        description="effective number of payers and of mail domains that a group must show to "
        "pretend to be many; with fewer, or none known, it goes no further than review",
    )
    partly_verified: float = Field(
        0.25,
        gt=0,
        le=1,
        description="share of verified organisations, each counted as one, among a group's "
        "accounts from which on it is for a person to judge: shared machines of companies have "
        "many",
    )
    mostly_verified: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of a group's accounts in verified organisations, whichever, likewise: "
        "the few beside them may well belong to them",
    )
    cleared_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of a cluster's accounts that a person has cleared, from which on it "
        "goes no further than review: who joins a cleared team is not to be banned for it",
    )
    drop_one_bits: float = Field(
        3.0,
        ge=0,
        le=20,
        description="bits above the prior that must be left when any one artifact is taken away",
    )
    loose_bits: float = Field(
        0.35,
        ge=0,
        lt=1,
        description="share of what its cluster's members usually have left; a member with less "
        "is held: victims of framing and neighbours have far less",
    )
    loose_links: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="share of the links that its cluster's members usually have, likewise",
    )
    families: int = Field(2, ge=1, le=10, description="families that must tie a listed account")
    unplantable_bits: float = Field(
        6.0, ge=0, le=40, description="bits from kinds that no outsider can plant: 64 to 1"
    )
    circle_accounts: int = Field(
        6,
        ge=1,
        description="members that these kinds must tie together, directly or through others, for "
        "one of them to be listed: households are of two to four, and of five each member is a "
        "fifth of every share, which makes the smallest groups the noisiest",
    )

    @model_validator(mode="after")
    def _ordered(self) -> PolicySettings:
        if self.ban_expected > self.review_expected:
            raise ValueError("ban_expected is above review_expected: a ban must be the rarer")
        return self


class ResourceSettings(Section):
    """[resources]: what the run may use; results do not depend on it."""

    memory: str = Field(
        "1500MB",
        pattern=r"^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$",
        description="of the table engine; beyond it, it works on disk. Arrays come on top",
    )
    threads: int | None = Field(None, ge=1, le=256, description="all cores if not given")


class Settings(Section):
    """All settings of a run."""

    events: EventSettings = EventSettings()
    artifacts: dict[Name, DeclaredKind] = Field(default_factory=dict)
    templates: TemplateSettings = TemplateSettings()
    links: LinkSettings = LinkSettings()
    communities: CommunitySettings = CommunitySettings()
    attachment: AttachmentSettings = AttachmentSettings()
    score: ScoreSettings = ScoreSettings()
    policy: PolicySettings = PolicySettings()
    resources: ResourceSettings = ResourceSettings()

    def kinds(self) -> tuple[ArtifactKind, ...]:
        """The artifact kinds of this run: the built-in ones, re-weighted, and the declared."""
        built_in = {kind.name: kind for kind in BUILT_IN}
        kinds = [_changed(kind, self.artifacts.get(kind.name)) for kind in BUILT_IN]
        kinds += [_declared(n, k) for n, k in sorted(self.artifacts.items()) if n not in built_in]
        return tuple(kinds)


def _changed(kind: ArtifactKind, change: DeclaredKind | None) -> ArtifactKind:
    if change is None:
        return kind
    given = change.model_dump(exclude_unset=True, exclude_none=True)
    return ArtifactKind(**{**kind.__dict__, **given})


def _declared(name: str, kind: DeclaredKind) -> ArtifactKind:
    return declared(
        name,
        column=kind.column or name,
        family=kind.family or name,
        m=kind.m if kind.m is not None else 0.3,
        plantable=kind.plantable is not False,
        names_account=kind.names_account,
        alone=kind.alone is True,
    )


def load(path: Path | None) -> Settings:
    """The settings in a TOML file, or the defaults without one.

    Raises SettingsError with every fault, MissingInput where the file is not there.
    """
    if path is None:
        return Settings()
    own = {name: table for name, table in tables(path).items() if name not in OF_OTHERS}
    return parse(_with_known(own, path), str(path))


def _with_known(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """The texts of a file that the settings name, in its place."""
    section = values.get("templates")
    named = section.get("known_templates") if isinstance(section, dict) else None
    if not isinstance(named, str):
        return values
    file = path.parent / named
    try:
        texts = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        fault = f"templates.known_templates: {file} cannot be read as UTF-8: {error}"
        raise SettingsError([fault], str(path)) from None
    return {**values, "templates": {"known_templates": [text for text in texts if text.strip()]}}


def tables(path: Path) -> dict[str, Any]:
    """What a TOML file says; SettingsError where it is none, MissingInput where it is not there."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise MissingInput(f"{path}: no such settings file") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"not valid TOML: {error}"], str(path)) from None


def load_section(
    section: type[S], name: str, path: Path | None, environment: Mapping[str, str]
) -> S:
    """A table that is not a run's, of a TOML file and of LINKAGE_NAME_* in the environment, which
    has the last word. Files that the file names are from its folder on. SettingsError with every
    fault of both."""
    values = {} if path is None else tables(path).get(name, {})
    if not isinstance(values, dict):
        raise SettingsError([f"{name}: a table is needed"], str(path))
    names = {field: f"LINKAGE_{name}_{field}".upper() for field in section.model_fields}
    given = {field: environment[word] for field, word in names.items() if word in environment}
    try:
        found = section.model_validate({**values, **given})
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in (name, *fault['loc']))}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise SettingsError(faults, str(path or "environment")) from None
    if path is None:
        return found
    here = {field: getattr(found, field) for field in values.keys() - given.keys()}
    files = {field: path.parent / file for field, file in here.items() if isinstance(file, Path)}
    return found.model_copy(update=files)


def all_of(*loads: Callable[[], Any]) -> tuple[Any, ...]:
    """What each gives; SettingsError with the faults of all of them."""
    found, faults = [], list[str]()
    for each in loads:
        try:
            found.append(each())
        except SettingsError as error:
            faults += [f"{error.source}: {fault}" for fault in error.faults]
    if faults:
        raise SettingsError(faults)
    return tuple(found)


def parse(values: dict[str, Any], source: str = "settings") -> Settings:
    """Settings from nested tables; SettingsError lists all faults with their place."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        faults = [
            f"{'.'.join(str(part) for part in fault['loc']) or 'policy'}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise SettingsError(faults, source) from None
