"""The parts of the documentation that are made from the code and from the demo.

    python -m docs.generate

rewrites every block between `<!-- begin NAME -->` and `<!-- end NAME -->` in README.md and in
docs/; the tests compare each with what it would write. What is in the blocks comes from the
registries, from the settings, from the command line's own help, from a demo with its seed, and from
the figures that the evaluation has written.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import annotated_types
import numpy as np
from pydantic.fields import FieldInfo
from typer.main import get_command

from api.problems import INTERNAL, OF_ERRORS, OF_HTTP, PREFIX
from api.settings import ServiceSettings
from linkage.artifacts import BUILT_IN
from linkage.banlist import BanlistSettings
from linkage.cli import app
from linkage.conformance import SCENARIOS
from linkage.errors import LinkageError
from linkage.explain import Explanation, SharedArtifact
from linkage.privacy import PrivacySettings
from linkage.run import Run
from linkage.scenarios.scenario import DEFAULT_EVASIONS, EVASIONS
from linkage.settings import DeclaredKind, Section, Settings
from linkage.signals import QUESTIONS, SIGNALS
from linkage.webhooks import Webhook

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BLOCK = re.compile(r"<!-- begin ([\w -]+) -->\n(.*?)<!-- end \1 -->", re.DOTALL)
MAIN = (sys.executable, "-c", "from linkage.cli import main; main()")
ASKED = {
    "operation": "One operation?",
    "lives": "No lives of their own?",
    "pretend": "Pretending to be many?",
}


def linkage(folder: Path, *words: str, width: int = 100) -> str:
    """What a command prints, without what trails."""
    done = subprocess.run(
        [*MAIN, *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": str(width)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LinkageError(f"linkage {' '.join(words)}: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip()


@dataclass(frozen=True)
class Demo:
    """A demo that was run in a folder, and what it printed."""

    folder: Path
    printed: str

    @classmethod
    def made(cls, folder: Path) -> Demo:
        """Run it."""
        return cls(folder, linkage(folder, "demo", width=104))

    @cached_property
    def run(self) -> Run:
        """Its result."""
        return Run.open(self.folder / "demo" / "result")

    @cached_property
    def pair(self) -> tuple[str, str]:
        """Two accounts to work through."""
        return chosen(self.run)


# From the registries, the settings, the command line and the figures of the evaluation


def kinds() -> str:
    """Every artifact kind."""
    rows = [
        (f"`{k.name}`", k.family, f"`{k.column}`", f"{k.m:g}", "yes" if k.plantable else "no",
         k.explanation)
        for k in BUILT_IN
    ]  # fmt: skip
    return _table(("kind", "family", "column", "m", "plantable", "what the reader is told"), rows)


def signals() -> str:
    """Every signal, by question."""
    order = sorted(SIGNALS, key=lambda s: QUESTIONS.index(s.question))
    rows = [
        (ASKED[s.question], f"`{s.name}`", "high" if s.high else "low",
         " ".join(s.explanation.split("\n\n")[0].split()))
        for s in order
    ]  # fmt: skip
    return _table(("question", "signal", "a network's is", "what it measures"), rows)


def settings() -> str:
    """Every setting, by table of `linkage.toml`."""
    parts = []
    for name, field in Settings.model_fields.items():
        section = DeclaredKind if name == "artifacts" else field.annotation
        assert isinstance(section, type)
        assert issubclass(section, Section)
        title = "artifacts.NAME" if name == "artifacts" else name
        parts.append(f"## `[{title}]`\n\n{_section(section)}")
    return "\n".join(parts)


def _section(section: type[Section]) -> str:
    """What a table of settings is for, and each of them."""
    says = (section.__doc__ or "").partition(": ")[2].strip()
    rows = [_setting(setting, inner) for setting, inner in section.model_fields.items()]
    table = _table(("setting", "default", "allowed", "unit, and reason"), rows)
    return f"{says[:1].upper()}{says[1:]}\n\n{table}"


def problems() -> str:
    """Every sort of problem that the service answers with."""
    kinds = {kind.name: kind for kind in (*(kind for _, kind in OF_ERRORS), *OF_HTTP.values())}
    kinds[INTERNAL.name] = INTERNAL
    rows = [
        (f"`{PREFIX}{kind.name}`", str(kind.status.value), kind.title)
        for kind in sorted(kinds.values(), key=lambda kind: (kind.status, kind.name))
    ]
    return _table(("type", "status", "meaning"), rows)


def evaluation() -> str:
    """The page that `python -m benchmarks.evaluation` writes, below its head."""
    from benchmarks.evaluation.page import generated  # loads a plotting library
    from benchmarks.evaluation.store import RESULTS, load

    return generated(load(RESULTS))


def _setting(name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    if field.is_required():
        return f"`{name}`", "required", _allowed(field), field.description or ""
    default = field.get_default(call_default_factory=True)
    written = "none" if default in (None, ()) else "empty" if default == {} else f"`{default}`"
    if isinstance(default, tuple) and default:
        written = ", ".join(f"`{each}`" for each in default)
    return f"`{name}`", written, _allowed(field), field.description or ""


def _allowed(field: FieldInfo) -> str:
    signs = {
        annotated_types.Ge: ("from", "ge"), annotated_types.Gt: ("above", "gt"),
        annotated_types.Le: ("to", "le"), annotated_types.Lt: ("below", "lt"),
    }  # fmt: skip
    words = [
        f"{signs[type(limit)][0]} {_figure(getattr(limit, signs[type(limit)][1]))}"
        for limit in field.metadata
        if type(limit) in signs
    ]
    literal = str(field.annotation)
    choices = re.findall(r"'([\w.]+)'", literal) if "Literal" in literal else []
    plain = "`true`, `false`" if "bool" in literal else "text"
    if not words and "dict" in literal:
        plain = "names"
    return " ".join(words) or ", ".join(f"`{choice}`" for choice in choices) or plain


def _figure(value: float) -> str:
    return (
        f"2^{value.bit_length() - 1}" if value == 2**31 and isinstance(value, int) else f"{value:g}"
    )


def commands() -> dict[str, Any]:
    """The command line's commands by name; one of a group goes by both names."""
    return dict(_commands(get_command(app)))


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def options(command: Any) -> str:
    """Every argument and option of a command."""
    rows = []
    for parameter in command.params:
        if parameter.param_type_name == "option":
            names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
        else:
            names = f"`{parameter.metavar or parameter.name.upper()}`"
        says = " ".join((getattr(parameter, "help", None) or "").split())
        if parameter.envvar:
            says += f" Or `{parameter.envvar}`, from the environment."
        rows.append((names, _default(parameter), says))
    return _table(("argument or option", "default", "meaning"), rows)


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if isinstance(parameter.show_default, str):
        return f"`{parameter.show_default}`"
    if parameter.default in (None, False, ()):
        return ""
    return f"`{parameter.default}`"


def evasions() -> str:
    """Ways in which simulated networks hide."""
    rows = [
        (f"`{name}`", words, "yes" if name in DEFAULT_EVASIONS else "no")
        for name, words in EVASIONS.items()
    ]
    return _table(("evasion", "what networks do", "if none is named"), rows)


def scenarios() -> str:
    """What a consumer of ban lists is tested for."""
    rows = [
        (f"`{one.name}`", one.says, ", ".join(sorted(one.needs)) or "is one") for one in SCENARIOS
    ]
    return _table(("scenario", "what it must do", "for a consumer that"), rows)


# From the demo


def printed(demo: Demo) -> str:
    """What the demo prints: the first rows of its tables, without what to try next."""
    sections = demo.printed.split("\n\n")
    kept = [s for s in sections if not s.startswith(("What to try next", "Simulated, detected"))]
    return _console("make demo", "\n\n".join("\n".join(_first(s.splitlines())) for s in kept))


def _first(lines: Sequence[str], rows: int = 3) -> Iterator[str]:
    """A table's first rows; a row goes on where a line is indented."""
    count, inside, cut = 0, False, False
    for line in lines:
        if line.startswith("────"):
            inside, count = True, 0
        elif inside and re.match(r"[ca]_?[0-9a-f]{8}", line):
            count += 1
        elif inside and not line.startswith(" "):
            inside = False
        if inside and count > rows:
            cut = True
            continue
        if cut:
            yield "[...]"
            cut = False
        if not line.startswith("... and"):
            yield line


def chosen(run: Run) -> tuple[str, str]:
    """Two accounts that make a good example: of the largest cluster proposed for a ban, a link
    of middling weight over three families, by four or five artifacts."""
    banned = run.clusters[run.clusters.proposal == "ban"]
    largest = banned.sort_values(["accounts", "cluster_id"]).cluster_id.iloc[-1]
    links = run.links(str(largest))
    families = links.families.map(lambda parts: sum(bits > 0 for bits in parts.values()))
    links = links[(families == 3) & links.families.map(lambda parts: parts["money"] > 0)]
    links = links.assign(far=(links.bits - links.bits.median()).abs())
    listed = set(run.banlist.account_id)
    for row in links.sort_values(["far", "account_a", "account_b"]).itertuples():
        a, b = str(row.account_a), str(row.account_b)
        if {a, b} <= listed and len(run.explain(a, b).shared) in (4, 5):
            return a, b
    raise LinkageError("the demo has no pair to work through")


def pair(demo: Demo) -> str:
    """The two accounts' link, figure by figure."""
    a, b = demo.pair
    found = demo.run.explain(a, b)
    shown = linkage(demo.folder, "explain", a, b, "-r", "demo/result", width=92)
    return "\n".join(
        [
            _console(f"linkage explain {a} {b} -r demo/result", shown),
            *_artifact_by_artifact(demo.run, found),
            *_family_by_family(demo.run, found),
        ]
    )


def _artifact_by_artifact(run: Run, found: Explanation) -> Iterator[str]:
    units = run.info["baseline"]["accounts"]
    m = {kind["name"]: kind["m"] for kind in run.info["kinds"]}
    yield f"**Each artifact.** The month has N = {units:,} units.\n"
    rows = []
    for item in found.shared:
        p = min(1.0, item.excess * (item.degree + 1) / (units + 2))
        bits = np.log2(1 - m[item.kind] + m[item.kind] / p)
        assert abs(bits - item.bits) < 0.001, (item, bits)
        rows.append((
            f"`{item.kind}`", f"{item.degree:,}", f"{m[item.kind]:g}", f"{item.excess:.2f}",
            f"{item.excess:.2f} · {item.degree + 1:,} / {units + 2:,} = {p:.5f}",
            f"log2(1 - {m[item.kind]:g} + {m[item.kind]:g} / {p:.5f}) = **{item.bits:.2f}**",
            _place(item),
        ))  # fmt: skip
    yield _table(("kind", "d", "m", "r", "p", "bits", "counted"), rows)


def _place(item: SharedArtifact) -> str:
    if item.place <= 1:
        return f"{item.counted:.2f}"
    return f"{item.bits:.2f} / {2 ** (item.place - 1)} = {item.counted:.2f}"


def _family_by_family(run: Run, found: Explanation) -> Iterator[str]:
    margin = run.info["settings"]["links"]["margin_bits"]
    units = run.info["baseline"]["accounts"]
    sums = [
        f"{part.family} {part.bits:.2f}" + (f" (of {part.counted:.2f})" if part.capped else "")
        for part in found.families
    ]
    yield (
        f"**The sum.** {' + '.join(sums)} = **{found.bits:.2f} bits**. A family alone counts up "
        f"to {found.cap:.2f}.\n"
    )
    yield (
        f"**The line.** log2 {units:,} = {np.log2(units):.2f} bits are the odds against a pair "
        f"drawn at random; with {margin:g} on top, a link needs **{found.threshold:.2f}**. "
        f"{found.bits:.2f} is {found.bits - found.threshold:.2f} more: the two are linked."
    )


def ban(demo: Demo) -> str:
    """From the cluster of the two accounts to the line in the ban list."""
    run = demo.run
    a, _ = demo.pair
    member = run.account(a).membership
    assert member is not None
    row = run.cluster(member["cluster_id"]).row
    return "\n".join(
        [
            *_three_questions(run, row),
            *_expected(run, row),
            *_member(run, a, member),
            *_innocents(run),
        ]
    )


def _three_questions(run: Run, row: dict[str, Any]) -> Iterator[str]:
    yield (
        f"**The cluster.** Both are in `{row['cluster_id']}`, with {row['accounts']:,} accounts. "
        f"Of its signals, these are the most unusual of each question:\n"
    )
    rows = []
    for question in QUESTIONS:
        first = next(s for s in row["signals"] if s["question"] == question)
        rows.append((ASKED[question], f"`{first['name']}`: {first['text']}",
                     f"{row[f'p_{question}']:.4f}"))  # fmt: skip
    yield _table(("question", "most unusual signal", "p of the question"), rows)


def _expected(run: Run, row: dict[str, Any]) -> Iterator[str]:
    cap = run.info["settings"]["score"]["question_cap"]
    groups = run.info["counts"]["reference_groups"]
    p = [row[f"p_{question}"] for question in QUESTIONS]
    t = float(np.prod(p))
    depth = float(np.log(cap**3 / t))
    ways = 1 + depth + depth**2 / 2 + (1 - cap) / cap * (1 + depth)
    assert abs(groups * t * ways - row["expected"]) < 1e-6 * row["expected"], row
    policy = run.info["settings"]["policy"]
    yield (
        f"**The expected innocents.** t = {' · '.join(f'{each:.4f}' for each in p)} = {t:.2e}; "
        f"with c = {cap:g}, L = ln(c³ / t) = {depth:.2f}; and {groups} groups to compare with. "
        f"So E = {groups} · {t:.2e} · {ways:.1f} = **{row['expected']:.3f}** such groups would be "
        f"expected among as many innocent ones, and the score, -log10 E, is {row['score']:.2f}. "
        f"Up to {policy['ban_expected']:g} the policy proposes a ban, up to "
        f"{policy['review_expected']:g} a review.\n"
    )


def _member(run: Run, account: str, member: dict[str, Any]) -> Iterator[str]:
    policy = run.info["settings"]["policy"]
    line = run.banlist[run.banlist.account_id == account].iloc[0]
    usual = run.cluster(member["cluster_id"]).members.confidence.median()
    yield (
        f"**The account.** Weighed against the whole cluster, and with the one artifact that it "
        f"needs most taken away, `{account}` still stands **{member['confidence']:.1f} bits** "
        f"above the odds against it. At least {policy['drop_one_bits']:g} are asked for, and "
        f"{policy['loose_bits']:g} · {usual:.1f} = {policy['loose_bits'] * usual:.1f}, since "
        f"{usual:.1f} is what members of this cluster usually have. {policy['families']} families "
        "at least tie it, and kinds that no outsider can plant weigh "
        f"{policy['unplantable_bits']:g} bits or more and tie {policy['circle_accounts']} members "
        "together at least. So it is listed, and `banlist.csv` says:\n"
    )
    yield (
        f"> {line.account_id}, {line.cluster_id}, score {line.score:.2f}, confidence "
        f"{line.confidence:.1f}: {line.reasons}\n"
    )


def _innocents(run: Run) -> Iterator[str]:
    """The largest group that nothing is proposed for, of those that are not openly one."""
    quiet = run.clusters[(run.clusters.proposal == "none") & run.clusters.note.isna()]
    row = quiet.sort_values(["accounts", "cluster_id"]).iloc[-1]
    p = {question: float(row[f"p_{question}"]) for question in QUESTIONS}
    worst = max(p, key=p.__getitem__)
    yield (
        f"**And a group that is left alone.** `{row.cluster_id}`, {row.accounts} accounts, is "
        f"linked as well. Its p are "
        f"{', '.join(f'{p[question]:.2f} ({ASKED[question]})' for question in QUESTIONS)}. "
        f"{_why_not(ASKED[worst], p[worst], run)}, and nothing is proposed."
    )


def _why_not(question: str, p: float, run: Run) -> str:
    score = run.info["settings"]["score"]
    if p > score["question_cap"]:
        return f"“{question}” is answered no"
    return "Chance alone would bring many such groups"


def _console(command: str, output: str) -> str:
    return f"```console\n$ {command}\n{output}\n```\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [list(head), ["---"] * len(head), *([c.replace("|", r"\|") for c in r] for r in rows)]
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def makers() -> dict[str, Callable[[Demo], str]]:
    """Name of a block -> what makes it."""
    found: dict[str, Callable[[Demo], str]] = {
        "kinds": lambda _: kinds(),
        "signals": lambda _: signals(),
        "settings": lambda _: settings(),
        "service settings": lambda _: _section(ServiceSettings),
        "privacy settings": lambda _: _section(PrivacySettings),
        "banlist settings": lambda _: _section(BanlistSettings),
        "webhooks settings": lambda _: _section(Webhook),
        "problems": lambda _: problems(),
        "evasions": lambda _: evasions(),
        "scenarios": lambda _: scenarios(),
        "demo": printed,
        "pair": pair,
        "ban": ban,
        "evaluation": lambda _: evaluation(),
    }
    for name, command in commands().items():
        found[f"options of {name}"] = lambda _, command=command: options(command)  # type: ignore[misc]
    return found


def blocks(page: str) -> dict[str, str]:
    """The blocks of a page as they are."""
    return {found[1]: found[2] for found in BLOCK.finditer(page)}


def renewed(page: str, demo: Demo) -> str:
    """A page with all blocks as they should be."""
    made = makers()

    def block(found: re.Match[str]) -> str:
        text = made[found[1]](demo).strip("\n")
        return f"<!-- begin {found[1]} -->\n{text}\n<!-- end {found[1]} -->"

    return BLOCK.sub(block, page)


def main() -> None:
    """Rewrite all pages."""
    with tempfile.TemporaryDirectory(prefix="linkage-docs-") as folder:
        demo = Demo.made(Path(folder))
        for path in PAGES:
            before = path.read_text("utf-8")
            after = renewed(before, demo)
            if after != before:
                path.write_text(after, "utf-8")
                print(f"renewed {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
