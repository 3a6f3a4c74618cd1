"""The ban list: drafted and published, read, followed, and looked up in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated, Any, Literal

import orjson
from anyio import sleep
from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Path, Query, Request, Response

from api import schemas
from api.deps import Caller, Publisher, Reader
from api.lists import Board, Posted
from api.negotiation import chosen, has_already
from api.problems import PROBLEMS, Forbidden, NotAcceptable, StartOver, described
from api.prompt import Reads
from api.routers.accounts import AccountId
from api.routers.clusters import Limit
from linkage.banlist.chain import moment, told
from linkage.banlist.changes import between, told_apart
from linkage.errors import ConflictError, NotFound
from linkage.exports import FORMATS
from linkage.publishing import drafted, published, signing_key
from linkage.state import Scope

router = APIRouter(prefix="/v1/banlists", tags=["ban list"], responses=PROBLEMS)

EVERY = 0.5  # seconds after which whoever waits for a change is told
MOST_WAIT = 30  # seconds that a question may wait for one

Number = Annotated[int, Path(ge=1, lt=2**31, description="The list's number in its channel.")]
InChannel = Annotated[
    schemas.Channel, Query(description="`shadow` for the list that nobody is to act on.")
]
Form = Annotated[
    Literal["csv", "ndjson", "json", "stix"] | None,
    Query(alias="format", description="As Accept says, JSON if it says nothing."),
]
IfNoneMatch = Annotated[
    str | None, Header(max_length=2000, description="The ETag of the answer that is there.")
]
_HEADERS: Mapping[str, str] = {
    "ETag": "Of this form, and of the entries that hold.",
    "Last-Modified": "When the list was published, or its last entry ended.",
}
_AS_LIST: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {
            "model": schemas.BanList,
            "description": "The list. JSON, CSV and STIX have the entries that hold; NDJSON every "
            "row, with what it takes to check the list.",
            "content": {form.media_type.partition(";")[0]: {} for form in FORMATS.values()},
            "headers": {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in _HEADERS.items()
            },
        },
        304: {"description": "It is as it was"},
        **described({406: "There is no form of it that is taken"}),
    },
}  # fmt: skip


@router.get("", response_model=schemas.Page[schemas.SignedHead])
def heads(
    caller: Reader,
    channel: InChannel = "bans",
    after: Annotated[int | None, Query(ge=1, lt=2**31, description="`next` before")] = None,
    limit: Limit = 100,
) -> object:
    """The lists that were published, the newest first."""
    lists = caller.service.boards[channel].lists
    numbers = [n for n in reversed(lists.numbers()) if after is None or n < after]
    rows = [schemas.SignedHead.of(*lists.head(number)) for number in numbers[:limit]]
    following = str(numbers[limit - 1]) if len(numbers) > limit else None
    return schemas.Page(rows=rows, next=following)


@router.post("", status_code=201)
def draft(caller: Publisher, asked: schemas.DraftAsked) -> schemas.Drafted:
    """Draft the next list, from the run that is served, what people have decided, and the list
    before, and say what it would do. Nothing is published."""
    service = caller.service
    service.runs.current()
    lists = service.boards[asked.channel].lists
    found = drafted(
        service.workspace, service.state, lists, service.banlist, service.now(),
        freeing=asked.freeing,
    )  # fmt: skip
    number = lists.keep(found)
    service.audit.add(caller.entry("draft", f"{asked.channel} {number}"))
    return schemas.Drafted.of(asked.channel, number, found.digest, found.run, found.report)


@router.post("/{number}/publish", status_code=201)
def publish(caller: Publisher, number: Number, asked: schemas.PublishAsked) -> schemas.SignedHead:
    """Publish the draft that was read, signed and for good. Over budget it takes `override`, and
    a key that has the scope admin too."""
    if asked.override is not None and Scope.admin not in caller.key.scopes:
        raise Forbidden("override takes a key with the scope admin")
    service = caller.service
    lists = service.boards[asked.channel].lists
    if lists.stamp(number) is not None:
        raise ConflictError(f"{asked.channel}: list {number} is published already")
    found = lists.kept(number)
    if found.digest != asked.digest:
        raise ConflictError("this is not the draft that was read: draft again, and read it")
    subject = f"{asked.channel} {number}"
    if asked.override is not None:
        subject += f", over budget: {asked.override}"
    key, said = signing_key(service.banlist), caller.entry("publish", subject)
    made = published(
        service.workspace, found, service.state, lists, key, said, asked.override, number
    )
    return schemas.SignedHead.of(made.head, made.signature)


@router.get("/latest", **_AS_LIST)
@router.head("/latest", include_in_schema=False)
def latest(
    caller: Reader,
    request: Request,
    channel: InChannel = "bans",
    form: Form = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The latest list."""
    posted = caller.service.boards[channel].latest()
    if posted is None:
        raise NotFound(f"{channel}: no list is published yet")
    return _sent(caller, request, posted, form, if_none_match)


@router.get("/changes", response_model=schemas.ListChanges)
async def changes(
    caller: Reader,
    since: Annotated[int, Query(ge=0, lt=2**31, description="The list that is there; 0 for none.")],
    channel: InChannel = "bans",
    wait: Annotated[
        float, Query(ge=0, le=MOST_WAIT, description="Seconds to wait for a change.")
    ] = 0,
) -> Response:
    """What whoever has list `since` must do to have the latest. With `wait`, the answer comes as
    soon as there is something new, or after so many seconds."""
    service, board, until = caller.service, caller.service.boards[channel], time.monotonic() + wait
    if wait:
        begun = await run_sync(board.latest)
        number, over = (begun.head.number, begun.over(service.now())) if begun else (0, 0)
        while since == number and time.monotonic() < until and not service.jobs.stopped:
            await sleep(min(EVERY, wait))
            if not board.at_hand() or (begun and begun.over(service.now()) != over):
                break
    return await run_sync(_changes, caller, board, channel, since)


@router.get("/lookup/{account_id}", response_model=schemas.LookedUp)
def lookup(caller: Reader, account_id: AccountId, channel: InChannel = "bans") -> object:
    """Whether an account is on the latest list."""
    now, board = caller.service.now(), caller.service.boards[channel]
    posted, named = board.latest(), caller.account(account_id)
    caller.reads("look up", named)
    entry = None if posted is None else posted.entry(named, now)
    return {
        **_latest(channel, posted, now),
        "account_id": account_id,
        "entry": None if entry is None else told(entry),
    }


@router.post("/lookup", response_model=schemas.LookedUpAll)
def lookups(caller: Reader, asked: schemas.LookupAsked, channel: InChannel = "bans") -> Response:
    """Which of some accounts are on the latest list."""
    now, board = caller.service.now(), caller.service.boards[channel]
    posted, names = board.latest(), caller.service.names.accounts(asked.accounts)
    caller.reads("look up", f"{len(names)} accounts")
    found: dict[str, Any] = dict.fromkeys(asked.accounts)
    if posted is not None:
        for given, named in zip(asked.accounts, names, strict=True):
            entry = posted.entry(named, now)
            if entry is not None:
                found[given] = told(entry)
    return _json({**_latest(channel, posted, now), "entries": found})


@router.get("/{number}", **_AS_LIST)
@router.head("/{number}", include_in_schema=False)
def one(
    caller: Reader,
    request: Request,
    number: Number,
    channel: InChannel = "bans",
    form: Form = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A list by its number."""
    posted = caller.service.boards[channel].list(number)
    return _sent(caller, request, posted, form, if_none_match)


@router.get("/{number}/head")
def head(caller: Reader, number: Number, channel: InChannel = "bans") -> schemas.SignedHead:
    """What is signed of a list, its hash, and the signature."""
    return schemas.SignedHead.of(*caller.service.boards[channel].lists.head(number))


@router.get("/{number}/report")
def report(caller: Reader, number: Number, channel: InChannel = "bans") -> schemas.Collateral:
    """What whoever published a list had read of what it would do."""
    found = caller.service.boards[channel].lists.report(number)
    return schemas.Collateral.model_validate(found)


def _sent(
    caller: Caller, request: Request, posted: Posted, form: str | None, if_none_match: str | None
) -> Response:
    """A list in a form, or that it is as it was."""
    now, name = caller.service.now(), form or _taken(request)
    tag = posted.tag(name, now)
    headers = {
        "ETag": tag,
        "Last-Modified": format_datetime(posted.changed_at(name, now), usegmt=True),
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Authorization",
    }
    if has_already(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    caller.reads("ban list", f"{posted.head.channel} {posted.head.number}")
    return Response(posted.form(name, now), 200, headers, FORMATS[name].media_type)


def _taken(request: Request) -> str:
    """The form that a client takes, JSON where it takes all."""
    offers = {FORMATS[name].media_type: name for name in ("json", "csv", "ndjson", "stix")}
    found = chosen(request.headers.get("accept"), list(offers))
    if found is None:
        raise NotAcceptable(f"a list is sent as one of {', '.join(offers)}; or name a ?format=")
    return offers[found]


def _latest(channel: str, posted: Posted | None, now: datetime) -> dict[str, Any]:
    """Which list was looked into, and how old it is."""
    if posted is None:
        return {"channel": channel, "number": 0, "published_at": None, "age_seconds": None}
    at = posted.head.published_at
    return {
        "channel": channel,
        "number": posted.head.number,
        "published_at": moment(at),
        "age_seconds": (now - at).total_seconds(),
    }


def _changes(caller: Caller, board: Board, channel: str, since: int) -> Response:
    now, posted = caller.service.now(), board.latest()
    number = 0 if posted is None else posted.head.number
    try:
        before = {} if since == 0 else board.list(since).entries()
        # Whoever has none before has no chain to follow.
        numbers = range(since + 1 if since else max(1, number), number + 1)
        signed = [schemas.SignedHead.of(*board.lists.head(n)).model_dump() for n in numbers]
    except NotFound:
        raise StartOver(
            f"{channel}: there is no list {since} here, the latest is {number}. Take "
            "/v1/banlists/latest in the place of what you have, and go on from its number"
        ) from None
    after = {} if posted is None else posted.entries(now)
    found = between(before, after, since, number)
    caller.reads("ban list", f"{channel} {since} to {number}")
    return _json({
        "channel": channel,
        "since": since,
        "number": number,
        "heads": signed,
        "listed": [told(entry) for entry in found.listed],
        "unlisted": found.unlisted,
        "holds": {
            "at": moment(now),
            "entries": len(after),
            "digest": told_apart({}) if posted is None else posted.told_apart(now),
        },
    })  # fmt: skip


def _json(value: object) -> Response:
    """As it is: it is typed already, and may be large."""
    return Response(orjson.dumps(value), media_type="application/json")


def _few(caller: Caller, channel: str, **_: object) -> bool:
    """Else the latest list is read first."""
    return caller.service.boards[channel].at_hand()


READS: Reads = {lookup: _few}
