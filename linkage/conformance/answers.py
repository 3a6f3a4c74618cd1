"""What the service answers to those who poll its lists (docs/banlist.md), from lists in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from linkage.banlist.chain import head_values, moment, told
from linkage.banlist.changes import between, told_apart
from linkage.banlist.store import BANS, Published
from linkage.conformance.faults import Reply
from linkage.exports import FORMATS

PREFIX = "/v1/banlists/"
LATEST, CHANGES, HEAD = "latest", "changes", "head"
_NO_STORE = ("Cache-Control", "no-store")
_MORE = {"of_a_later_version": ["which nobody knows yet"]}

Lists = Sequence[Published]


@dataclass(frozen=True)
class Served:
    """What there is to be had. more: with fields that nobody knows yet."""

    lists: Mapping[str, Lists]
    more: bool = False


@dataclass(frozen=True)
class Question:
    """A request. which: what follows the prefix, None where it is of another route."""

    which: str | None
    query: Mapping[str, list[str]]
    has: str

    @classmethod
    def of(cls, target: str, if_none_match: str | None) -> Question:
        """From a request's target."""
        parts = urlsplit(target)
        which = parts.path.removeprefix(PREFIX) if parts.path.startswith(PREFIX) else None
        return cls(which, parse_qs(parts.query), if_none_match or "")

    @property
    def polls(self) -> bool:
        """Whether it asks what is new."""
        return self.which in (LATEST, CHANGES)

    def chosen(self, name: str, usual: str) -> str:
        """A parameter."""
        return self.query.get(name, [usual])[-1]


def answer(asked: Question, served: Served) -> Reply:
    """The answer to a question."""
    channel, form = asked.chosen("channel", BANS), asked.chosen("format", "json")
    if asked.which is None:
        return problem(HTTPStatus.NOT_FOUND, "no-route", "there is no such address here")
    if channel not in served.lists or form not in FORMATS:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "channel or format")
    lists = served.lists[channel]
    if asked.which == CHANGES:
        found = _changes(channel, lists, asked.chosen("since", ""))
        return replace(found, body=_with_more(found.body)) if served.more else found
    number, _, part = asked.which.partition("/")
    ones = [one for one in lists if number == str(one.head.number)]
    ones = list(lists[-1:]) if number == LATEST else ones
    if not ones or part not in ("", HEAD):
        return problem(HTTPStatus.NOT_FOUND, "not-found", f"{channel}: there is no list {number}")
    if part == HEAD:
        return _json(_signed(ones[-1]))
    body = b"".join(FORMATS[form].write(ones[-1], datetime.now(UTC)))
    if served.more and form in ("json", "ndjson"):
        body = b"".join(_with_more(line) + b"\n" for line in body.splitlines())
    return _cached(asked.has, body, FORMATS[form].media_type)


def problem(status: HTTPStatus, name: str, detail: str) -> Reply:
    """A problem document."""
    values = {"type": f"urn:linkage:problem:{name}", "title": status.phrase, "detail": detail}
    found = _json({**values, "status": status.value})
    headers = (("Content-Type", "application/problem+json"), _NO_STORE)
    return replace(found, status=status, headers=headers)


def _changes(channel: str, lists: Lists, since: str) -> Reply:
    now, number = datetime.now(UTC), lists[-1].head.number if lists else 0
    entries = {str(one.head.number): one.entries for one in lists} | {"0": {}}
    if since not in entries:
        return problem(HTTPStatus.CONFLICT, "start-over", f"there is no list {since}: take latest")
    after = lists[-1].active(now) if lists else {}
    found = between(entries[since], after, int(since), number)
    # Whoever has none before has no chain to follow.
    heads = [one for one in lists if one.head.number > found.since] if found.since else lists[-1:]
    return _json({
        "channel": channel,
        "since": found.since,
        "number": number,
        "heads": [_signed(one) for one in heads],
        "listed": [told(entry) for entry in found.listed],
        "unlisted": list(found.unlisted),
        "holds": {"at": moment(now), "entries": len(after), "digest": told_apart(after)},
    })  # fmt: skip


def _signed(found: Published) -> dict[str, Any]:
    head = found.head
    return {"head": head_values(head), "hash": head.hash, "signature": found.signature}


def _cached(has: str, body: bytes, media_type: str) -> Reply:
    """The body; or that it is the one that the consumer has."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = (("ETag", etag), ("Content-Type", media_type), ("Cache-Control", "private, no-cache"))
    if etag in (one.strip() for one in has.split(",")):
        return Reply(HTTPStatus.NOT_MODIFIED, headers, b"")
    return Reply(HTTPStatus.OK, headers, body)


def _json(values: Mapping[str, Any]) -> Reply:
    headers = (("Content-Type", "application/json"), _NO_STORE)
    return Reply(HTTPStatus.OK, headers, json.dumps(values).encode("ascii"))


def _with_more(text: bytes) -> bytes:
    """JSON with fields that nobody knows yet, beside those that are signed."""
    values: dict[str, Any] = {**json.loads(text), **_MORE}
    for name in ("entries", "listed"):
        if name in values:
            values[name] = [{**one, **_MORE} for one in values[name]]
    return json.dumps(values).encode("ascii")
