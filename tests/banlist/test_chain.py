"""What cannot be done to a list without being found out; and what erasing a person leaves."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from linkage.banlist import BanlistSettings, Draft, Entry, Measure
from linkage.banlist.report import Report
from linkage.banlist.store import HEAD, ROWS, Lists
from linkage.errors import ConflictError, ListError

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()


def entry(account: str, action: Measure = Measure.ban) -> Entry:
    return Entry(account, action, ("network",), "c1", 3.5, 20.0, None, NOW, NOW + timedelta(days=9))


def draft(*accounts: str) -> Draft:
    nothing = Report(len(accounts), {}, 0, 0, 0, 0.0, 0, 0, {}, (), 0, 0, 0.0, ())
    return Draft(tuple(entry(a) for a in accounts), nothing, "r1", 0, "", NOW)


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    """Three lists."""
    made = Lists(tmp_path)
    for accounts in (["a", "b"], ["a", "b", "c\u2028'=x"], ["b"]):
        made.publish(draft(*accounts), KEY, "me", NOW)
    return made


def test_a_chain_holds_and_reads_back_as_it_was_published(lists: Lists) -> None:
    assert lists.verify(KEY.public_key()) == 3
    assert lists.numbers() == [1, 2, 3]
    found = lists.read(2)
    assert found.entries["c\u2028'=x"] == entry("c\u2028'=x")
    assert [lists.head(n)[0].previous for n in (2, 3)] == [lists.head(n)[0].hash for n in (1, 2)]


def test_another_key_has_not_signed_it(lists: Lists) -> None:
    with pytest.raises(ListError, match="bans 1: the signature"):
        lists.verify(Ed25519PrivateKey.generate().public_key())


@pytest.mark.parametrize("field", ["account_id", "action", "score", "expires_at"])
def test_a_row_that_was_changed_is_found(lists: Lists, field: str) -> None:
    path = lists.folder / "00000002" / ROWS
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    other = {"account_id": "z", "action": "limit", "score": 9.0,
             "expires_at": "2036-01-01T00:00:00.000000+00:00"}  # fmt: skip
    rows[1]["entry"][field] = other[field]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(ListError, match="bans 2: the row of"):
        lists.verify(KEY.public_key())


def test_a_row_that_was_added_or_taken_away_is_found(lists: Lists) -> None:
    path = lists.folder / "00000002" / ROWS
    lines = path.read_text().splitlines(keepends=True)
    for changed in (lines[:-1], [*lines, lines[0]], lines[1:] + lines[1:]):
        path.write_text("".join(changed))
        with pytest.raises(ListError, match="bans 2: rows were"):
            lists.verify(KEY.public_key())


def test_a_list_that_was_dropped_is_found(lists: Lists) -> None:
    (lists.folder / "00000002").rename(lists.folder.parent / "gone")
    with pytest.raises(ListError, match="list 2 is missing, 3 comes next"):
        lists.verify(KEY.public_key())


def test_a_chain_that_was_written_anew_is_found(lists: Lists) -> None:
    """Also with the key: whoever rewrites a list breaks the one after it."""
    (lists.folder / "00000002").rename(lists.folder.parent / "gone")
    (lists.folder / "00000003").rename(lists.folder.parent / "last")
    lists.publish(draft("a"), KEY, "me", NOW)
    (lists.folder.parent / "last").rename(lists.folder / "00000003")
    with pytest.raises(ListError, match="bans 3: it does not follow the list 2 here"):
        lists.verify(KEY.public_key())


def test_a_head_of_another_channel_or_number_is_found(lists: Lists) -> None:
    head, signature = lists.head(3)
    for changed in (replace(head, channel="shadow"), replace(head, rows=2)):
        values = {**changed.__dict__, "published_at": changed.published_at.isoformat()}
        text = json.dumps({"head": values, "signature": signature})
        (lists.folder / "00000003" / HEAD).write_text(text)
        with pytest.raises(ListError, match="bans 3"):
            lists.verify(KEY.public_key())


def test_a_person_is_erased_and_the_chain_holds(lists: Lists) -> None:
    path = lists.folder / "00000001" / ROWS
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0] |= {"entry": None, "salt": None}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert lists.verify(KEY.public_key()) == 3
    assert set(lists.read(1).entries) == {"b"}


def test_what_was_left_half_written_goes(lists: Lists) -> None:
    def leave(*ages: int) -> None:
        for age in ages:
            folder = lists.folder / f".0000000{age}-1-abc"
            folder.mkdir()
            (folder / ROWS).write_text("a row of somebody")
            (lists.folder / f".draft.json-1-{age}").write_text("a draft")
            for path in lists.folder.glob(f".*{age}*"):
                os.utime(path, (time.time() - 3600 * age,) * 2)

    leave(0, 2)
    lists.keep(draft("a"))
    assert len(list(lists.folder.glob(".*"))) == 2
    lists.erase("nobody")
    assert not list(lists.folder.glob(".*"))
    assert lists.verify(KEY.public_key()) == 3


def test_of_two_who_publish_at_once_one_is_told_to_draft_again(tmp_path: Path) -> None:
    lists = Lists(tmp_path)

    def publish(number: int) -> str:
        try:
            Lists(tmp_path).publish(draft(f"a{number}"), KEY, f"me{number}", NOW)
        except ConflictError as error:
            return str(error)
        return "published"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(publish, range(40)))
    made = outcomes.count("published")
    assert lists.verify(KEY.public_key()) == made
    assert lists.numbers() == list(range(1, made + 1))
    assert {text.split(": ")[0] for text in outcomes if text != "published"} <= {"bans"}
    assert not list(lists.folder.glob(".*"))


def test_a_draft_is_of_one_number(lists: Lists) -> None:
    for number in (3, 5):
        with pytest.raises(ConflictError, match=f"{number} is not the number"):
            lists.publish(draft("a"), KEY, "me", NOW, number=number)
    assert lists.publish(draft("a"), KEY, "me", NOW, number=4).head.number == 4


def test_settings_whose_measures_do_not_go_up_are_refused() -> None:
    with pytest.raises(ValueError, match="must go up"):
        BanlistSettings(limit_score=5)
