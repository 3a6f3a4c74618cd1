"""Prompts that people wrote themselves: how many accounts are given a rare template for them.

Of a simulated month, what each account wrote once; and sets of accounts with ten own prompts each,
in prose of a Markov chain or pasted from what comes with Python, a few networks among them. No
account's own prompt was made from a template, so that each rare one is wrong; unless two people
chanced on the same sentence, which is counted apart.
"""

from __future__ import annotations

import ast
import pydoc_data.topics
import re
import sysconfig
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from itertools import islice
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.templates.months import RARE, SEEDS, WAYS
from benchmarks.templates.prose import Prose
from linkage.events import read
from linkage.prompts import templates
from linkage.scenarios import simulate
from linkage.scenarios.people import public_templates
from linkage.scenarios.simulation import populate
from linkage.scenarios.traffic import batches, make_plan
from linkage.settings import Settings

PEOPLE, PROMPTS = 2_000, 10
NETWORKS, MEMBERS = 5, 20  # planted: accounts of which each uses three templates
LEAST = 5  # words of a sentence that tells
PYTHON, SITE = (Path(sysconfig.get_paths()[name]) for name in ("stdlib", "purelib"))
KINDS = ("same", "near", "other")
NEAR = 0.6  # share of a sentence's words that another's has, to be nearly the same
COMPARED, EXAMPLES = 20, 4
Sentence = tuple[str, ...]
_WORDS = re.compile(r"\w+")
_STOPS = re.compile(r"[.?!:;\n]+")
_COMMENTS = re.compile(r"(?:^[ \t]*#.*\n)+", re.MULTILINE)
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Wronged:
    """Accounts with own prompts, and how many of them have a rare template for one of these.

    same    of these, whose wrong prompts all have a sentence that somebody else with the template
            wrote word for word, numbers aside
    near    or at least a sentence of which somebody else's has six tenths of the words
    other   some have only a phrase in common, or nothing
    own     share of the own prompts that got a rare template
    networks, found   accounts in planted networks; those with a rare template of their own network
    """

    name: str
    what: str
    accounts: int
    prompts: int
    wronged: int
    same: int
    near: int
    other: int
    own: float
    networks: int
    found: int
    examples: list[dict[str, str]]


def of_month(seed: int) -> Wronged:
    """What ordinary accounts of a simulated month wrote once."""
    way = next(way for way in WAYS if way.name == "exact")
    with tempfile.TemporaryDirectory(prefix="linkage-ordinary-") as work:
        month = simulate(way.scenario(seed), Path(work) / "month")
        columns = ["event_id", "account_id", "prompt"]
        events = pq.read_table(month.events_path, columns=columns).to_pandas()
        truth = pq.read_table(month.truth_path).to_pandas()
        events["given"] = given(month.events_path, Path(work))
    world, _ = populate(way.scenario(seed))
    days = list(batches(make_plan(world, public_templates(world))))
    fresh = np.concatenate([day.fresh & day.prompted for day in days])
    operators = truth.set_index("account_id").operator
    events["operator"] = events.account_id.map(operators)
    events["own"] = fresh & (events.operator < 0)
    return wronged(f"month {seed}", "prompts that a simulated month's people wrote once", events)


def of_prose(seed: int = 1) -> Wronged:
    """Prose of the Markov chain: sentences with its idioms."""
    prose = Prose(seed)
    own = (prose.passage(1, 5) for _ in range(PEOPLE * PROMPTS))
    return _of_texts("prose", "a Markov chain over the documentation of Python", own, prose)


def of_pasted(seed: int = 1) -> Wronged:
    """Paragraphs that come with Python, each pasted by one account, dealt at random."""
    prose = Prose(seed)
    texts = sorted({text for file in _files() for text in file})
    prose.random.shuffle(texts)
    return _of_texts(
        "pasted", "paragraphs of what comes with Python, dealt at random", texts, prose
    )


def of_files(seed: int = 1) -> Wronged:
    """The same, an account for each file, which pastes from no other."""
    prose = Prose(seed)
    seen: set[str] = set()
    own = []
    for number, file in enumerate(_files()):
        new = sorted(file - seen)
        seen |= file
        prose.random.shuffle(new)
        own += [(f"p{number}", text) for text in new[:PROMPTS]]
    return _of_accounts("files", "the same, all of one file's by one account", own, prose)


def _of_texts(name: str, what: str, texts: Iterable[str], prose: Prose) -> Wronged:
    """Deal texts to accounts, ten each, as far as they go."""
    dealt = islice(texts, PEOPLE * PROMPTS)
    own = [(f"p{number // PROMPTS}", text) for number, text in enumerate(dealt)]
    return _of_accounts(name, what, own, prose)


def _of_accounts(name: str, what: str, own: Sequence[tuple[str, str]], prose: Prose) -> Wronged:
    """Accounts and what they wrote, with networks among them."""
    rows = [(account, text, -1) for account, text in own]
    for network in range(NETWORKS):
        made = [(prose.passage(1, 3), prose.sentence()) for _ in range(6)]
        for member in range(MEMBERS):
            for before, after in prose.random.sample(made, 3):
                text = f"{before}\n{prose.passage(1, 3)}\n{after}"
                rows.append((f"n{network}-{member}", text, network))
    prose.random.shuffle(rows)
    events = pd.DataFrame(rows, columns=["account_id", "prompt", "operator"])
    events["event_id"] = [f"e{number:07}" for number in range(len(events))]
    events["own"] = events.operator < 0
    with tempfile.TemporaryDirectory(prefix="linkage-ordinary-") as work:
        file = Path(work) / "events.parquet"
        told = events[["event_id", "account_id", "prompt"]].assign(
            ts=pd.Timestamp("2026-06-01", tz="UTC"), type="request"
        )
        pq.write_table(pa.Table.from_pandas(told, preserve_index=False), file)
        events["given"] = given(file, Path(work))
    return wronged(name, what, events)


def given(file: Path, work: Path) -> list[str | None]:
    """What a run takes each event's prompt to be made from; in the order of event ids."""
    con, settings = ibis.duckdb.connect(), Settings()
    table = read(con, [file], settings, work / "read").table
    events = templates(con, table, settings, 2, work / "prompts").events
    told: list[str | None] = (
        events.select("event_id", "prompt_template")
        .order_by("event_id")
        .to_pyarrow()["prompt_template"]
        .to_pylist()
    )
    return told


def wronged(name: str, what: str, events: pd.DataFrame) -> Wronged:
    """Judge: `events` has account_id, prompt, operator, own, and the template that was given."""
    everyone = events.account_id.nunique()
    carried = events[events.given.fillna("") != ""]
    holders = carried.groupby("given").account_id.nunique()
    rare = set(holders[(holders > 1) & (holders < RARE * everyone)].index)
    own = events[events.own]
    wrong = own[own.given.isin(rare)]
    alike = _alike(wrong, carried)
    wrong = wrong.assign(kind=[k for k, _ in alike], other=[text for _, text in alike])
    worst = wrong.groupby("account_id").kind.max()
    inside = carried[(carried.operator >= 0) & carried.given.isin(rare)]
    several = inside.groupby(["given", "operator"]).account_id.transform("nunique") > 1
    return Wronged(
        name=name,
        what=what,
        accounts=own.account_id.nunique(),
        prompts=len(own),
        wronged=len(worst),
        same=int((worst == 0).sum()),
        near=int((worst == 1).sum()),
        other=int((worst == 2).sum()),
        own=len(wrong) / max(1, len(own)),
        networks=events[events.operator >= 0].account_id.nunique(),
        found=inside[several].account_id.nunique(),
        examples=_examples(wrong),
    )


def sentences(text: str) -> list[Sentence]:
    """The words of each sentence that has enough of them; numbers are all the same."""
    cut = (_WORDS.findall(_DIGITS.sub("0", part.lower())) for part in _STOPS.split(text))
    return [tuple(words) for words in cut if len(words) >= LEAST]


def _alike(wrong: pd.DataFrame, carried: pd.DataFrame) -> list[tuple[int, str]]:
    """Of each wrong prompt, what it has in common with those of other accounts that got the same
    template: the kind's place in `KINDS`, and the most alike of some of them."""
    groups = dict(tuple(carried[carried.given.isin(wrong.given)].groupby("given")))
    said: dict[str, list[Sentence]] = {}
    found = []
    for account, text, template in zip(wrong.account_id, wrong.prompt, wrong.given, strict=True):
        group = groups[template]
        others = group[group.account_id != account].prompt.unique()[:COMPARED]
        for each in (text, *others):
            said.setdefault(each, sentences(each))
        shares = [_common(said[text], said[other]) for other in others]
        best = int(np.argmax(shares))
        kind = 0 if shares[best] == 1 else 1 if shares[best] >= NEAR else 2
        found.append((kind, str(others[best])))
    return found


def _common(one: list[Sentence], other: list[Sentence]) -> float:
    """Of the two sentences that are most alike, the share of the longer one's words that the other
    has in the same order."""
    return max(
        (
            sum(block.size for block in SequenceMatcher(None, a, b, False).get_matching_blocks())
            / max(len(a), len(b))
            for a in one
            for b in other
        ),
        default=0.0,
    )


def _examples(wrong: pd.DataFrame) -> list[dict[str, str]]:
    """Wrong prompts beside another account's with the same template, some of each kind."""
    some = wrong.drop_duplicates("given").groupby("kind").head(EXAMPLES).sort_values("kind")
    kinds, texts, others = (some[name].tolist() for name in ("kind", "prompt", "other"))
    return [
        {"kind": KINDS[kind], "prompt": text[:300], "other": other[:300]}
        for kind, text, other in zip(kinds, texts, others, strict=True)
    ]


def _files() -> Iterator[set[str]]:
    """Paragraphs of each file: docstrings and comments of the standard library, licences, and the
    topics of Python's help."""
    for file in sorted(PYTHON.rglob("*.py")):
        if "site-packages" not in file.parts:
            yield _of_code(file)
    for file in (PYTHON / "LICENSE.txt", *sorted(SITE.rglob("LICEN[CS]E*"))):
        if file.is_file():
            yield _paragraphs(file.read_text("utf-8", errors="replace"))
    for topic in pydoc_data.topics.topics.values():
        yield _paragraphs(topic)


def _of_code(file: Path) -> set[str]:
    """Of docstrings, and of comments that go on over lines; nothing of a file that is no Python,
    as some in the tests are on purpose."""
    try:
        code = file.read_text("utf-8")
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return set()
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    texts = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds)]
    texts += [each.replace("#", " ") for each in _COMMENTS.findall(code)]
    return {paragraph for text in texts for paragraph in _paragraphs(text)}


def _paragraphs(text: str) -> set[str]:
    """Of enough words to be a prompt, on one line each."""
    parts = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return {part for part in parts if len(part.split()) > LEAST}


SETS: dict[str, Callable[[], Wronged]] = {
    "prose": of_prose,
    "pasted": of_pasted,
    "files": of_files,
    **{f"month {seed}": partial(of_month, seed) for seed in SEEDS},
}
