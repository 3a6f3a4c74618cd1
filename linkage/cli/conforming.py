"""The command that tests a consumer of ban lists."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import output
from linkage.cli.options import JsonOption
from linkage.cli.progress import Waiting
from linkage.render import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from linkage.conformance import Consumer, Outcome, Terms
    from linkage.conformance.stage import Scenario


def conformance(
    consumer: Annotated[
        str,
        typer.Argument(help="Command to run, as one word; or http://... where a consumer answers."),
    ],
    checks_signatures: Annotated[
        bool, typer.Option("--checks-signatures", help="It checks heads, rows and the chain.")
    ] = False,
    when_stale: Annotated[
        str, typer.Option(help="What it does when it is stale: hold, open, closed; or never.")
    ] = "hold",
    stale_seconds: Annotated[
        float, typer.Option(min=0.1, help="Seconds without an answer, and it is stale.")
    ] = 2.0,
    most_new: Annotated[
        int | None,
        typer.Option(min=30, help="New accounts at once that it takes; any number if not given."),
    ] = None,
    poll_seconds: Annotated[
        float, typer.Option(min=0.01, help="Seconds between two of its polls.")
    ] = 0.02,
    within: Annotated[
        float, typer.Option(min=0.1, help="Seconds within which a list must have taken effect.")
    ] = 10.0,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the lists on this machine; 0 for any.")
    ] = 0,
    signing_key: Annotated[
        Path | None,
        typer.Option(help="File of the key that signs the lists; one of its own if not given."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A scenario; repeat. All if not given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Test a consumer of ban lists, case by case.

    Serves lists on this machine, true and false ones, has the consumer poll them, and asks it
    about accounts. Ends with code 1 where it does what it must not.
    """
    from linkage.conformance import run
    from linkage.publishing import private_key

    terms = _terms(checks_signatures, when_stale, stale_seconds, most_new, poll_seconds, within)
    scenarios = _chosen(only or [])
    key = None if signing_key is None else private_key(signing_key)
    with Waiting("conformance", quiet=as_json) as progress:
        done = 0

        def told(name: str) -> None:
            nonlocal done
            progress(name, done / len(scenarios))
            done += 1

        outcomes = run(_met(consumer), terms, scenarios, key, port, told)
    if as_json:
        output.write_json([asdict(outcome) for outcome in outcomes])
    else:
        _sheet(outcomes)
    if _failed(outcomes):
        raise typer.Exit(1)


def _sheet(outcomes: Sequence[Outcome]) -> None:
    screen = output.console()
    made = output.table("scenario", "result", "expected", "seen", fold=("expected", "seen"))
    styles = {"pass": "green", "fail": "bold red"}
    for one in outcomes:
        result = output.cell(one.result.value, styles.get(one.result.value, "dim"))
        made.add_row(one.scenario, result, output.cell(one.expected), output.cell(one.seen))
    screen.print(made)
    played = [one for one in outcomes if one.result.value != "not applicable"]
    failed = _failed(outcomes)
    screen.print(f"{len(played) - len(failed)} of {len(played)} as they must be.")


def _failed(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [one for one in outcomes if one.result.value == "fail"]


def _met(consumer: str) -> Consumer:
    from linkage.conformance import Address, Command
    from linkage.errors import SettingsError

    if consumer.startswith(("http://", "https://")):
        return Address(consumer)
    try:
        words = shlex.split(consumer)
    except ValueError as error:
        raise SettingsError([f"{clean(consumer, 80)}: {error}"], "CONSUMER") from None
    if not words:
        raise SettingsError(["name a command, or an address"], "CONSUMER")
    return Command(words)


def _terms(
    signatures: bool,
    when_stale: str,
    stale_seconds: float,
    most_new: int | None,
    poll: float,
    within: float,
) -> Terms:
    from linkage.conformance import Stale, Terms
    from linkage.errors import SettingsError

    never = "never"
    if when_stale not in (*Stale, never):
        known = ", ".join((*Stale, never))
        raise SettingsError([f"{clean(when_stale, 40)}: there are {known}"], "--when-stale")
    return Terms(
        within=within,
        poll=poll,
        stale_after=None if when_stale == never else stale_seconds,
        when_stale=Stale.hold if when_stale == never else Stale(when_stale),
        most_new=most_new,
        signatures=signatures,
    )


def _chosen(names: Sequence[str]) -> list[Scenario]:
    from linkage.conformance import SCENARIOS
    from linkage.errors import SettingsError

    known = {scenario.name for scenario in SCENARIOS}
    faults = [f"{clean(name, 40)}: no scenario" for name in names if name not in known]
    if faults:
        raise SettingsError([*faults, f"there are {', '.join(sorted(known))}"], "--only")
    return [scenario for scenario in SCENARIOS if not names or scenario.name in names]
