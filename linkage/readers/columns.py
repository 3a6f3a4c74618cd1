"""Which column of the input is which of ours, and what to say where one is missing."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches

from linkage.errors import InputError, MissingColumns, SettingsError
from linkage.readers.schema import REDUCED, REQUIRED, SCHEMA
from linkage.settings import Settings

USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "ts": (
        "timestamp", "time", "datetime", "createdat", "eventtime", "eventts", "eventtimestamp",
        "occurredat", "loggedat", "receivedat", "created", "date", "at", "when",
    ),
    "account_id": (
        "accountid", "account", "userid", "user", "uid", "customerid", "customer", "memberid",
        "clientid", "username", "actorid", "actor", "wallet", "owner", "address", "id",
    ),
}  # fmt: skip


def wanted(settings: Settings) -> dict[str, str]:
    """Our column -> their column, for SCHEMA's and those that declared kinds read.

    Raises SettingsError where the settings map a column that is not ours.
    """
    ours = [*SCHEMA.names, *declared(settings)]
    mapping = settings.events.columns
    strange = sorted(set(mapping) - set(ours))
    if strange:
        faults = [f"events.columns.{name}: no event column or declared kind" for name in strange]
        raise SettingsError([*faults, "on the left is our name: account_id = 'user_id'"])
    return {name: mapping.get(name, name) for name in ours}


def declared(settings: Settings) -> list[str]:
    """Columns beyond SCHEMA that artifact kinds read, sorted."""
    return sorted({kind.column for kind in settings.kinds()} - set(SCHEMA.names))


def output(settings: Settings, present: Collection[str] = ()) -> list[str]:
    """The columns of the event table, in order; those that prompts come in only if they are
    `present`, or if a kind reads them."""
    read = {kind.column for kind in settings.kinds()}
    kept = [n for n in SCHEMA.names if n not in REDUCED or n in read or n in present]
    return [*kept, *declared(settings)]


def check_required(file: str, names: Sequence[str], mapping: Mapping[str, str]) -> None:
    """MissingColumns, with the lines for `linkage.toml`, where a file lacks time or account."""
    missing = [name for name in REQUIRED if mapping[name] not in names]
    if missing:
        raise MissingColumns(_message(file, names, mapping, missing))


def check_mapped(present: Iterable[str], settings: Settings) -> None:
    """InputError where a column that the settings name is in no file."""
    here = set(present)
    absent = [
        f'{ours} = "{theirs}"'
        for ours, theirs in sorted(settings.events.columns.items())
        if ours not in here
    ]
    if absent:
        raise InputError(
            "[events.columns] names columns that no file has:\n"
            + "\n".join(f"  {line}" for line in absent)
            + "\nCorrect the names, or take the lines out."
        )


def _message(
    file: str, names: Sequence[str], mapping: Mapping[str, str], missing: Sequence[str]
) -> str:
    lines = [f"{file}: no column for {' and '.join(missing)}"]
    lines += [f'  "{mapping[name]}" is not there' for name in missing if mapping[name] != name]
    lines += [f"  its columns: {', '.join(names) if names else '(none)'}"]
    lines += ["Say in linkage.toml which it is:", "", "[events.columns]"]
    return "\n".join([*lines, *(_suggestion(name, names) for name in missing)])


def _suggestion(ours: str, names: Sequence[str]) -> str:
    guess = _guess(ours, names)
    if guess is None:
        meaning = {"ts": "time", "account_id": "account"}[ours]
        return f'{ours} = "..."  # your column with the {meaning}'
    return f"{ours} = {json.dumps(guess, ensure_ascii=False)}"


def _guess(ours: str, names: Sequence[str]) -> str | None:
    plain = {"".join(filter(str.isalnum, name.lower())): name for name in reversed(names)}
    for usual in USUAL_NAMES[ours]:
        if usual in plain:
            return plain[usual]
    close = get_close_matches(ours.replace("_", ""), plain, n=1, cutoff=0.75)
    close = close or get_close_matches(USUAL_NAMES[ours][0], plain, n=1, cutoff=0.75)
    return plain[close[0]] if close else None
