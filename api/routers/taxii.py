"""TAXII 2.1 (OASIS, 2021), for platforms of threat intelligence: the lists as STIX, to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import AwareDatetime

from api.deps import Caller, Reader
from api.negotiation import chosen
from api.problems import TAXII, TAXII_MEDIA_TYPE, NotAcceptable
from api.taxii import Feed
from linkage.errors import NotFound
from linkage.exports.feed import Item
from linkage.render import clean

ROOT = f"{TAXII}/linkage/"
PAGE = 1000  # objects of an answer, at most
STIX = "application/stix+json;version=2.1"
SPEC = "2.1"
_WORDS: Mapping[str, str] = {
    "bans": "Accounts that are on the ban list.",
    "shadow": "Accounts that would be. Nobody is to act on it.",
}
_WHY: Mapping[int, str] = {
    400: "The request is not as it must be",
    401: "No key, or one that does not work",
    403: "The key has not the scope",
    404: "There is no such thing",
    406: "There is no form of it that is taken",
    429: "Too many requests; see Retry-After",
    503: "The lists or the state cannot be used just now; see Retry-After",
}
_ERROR: Mapping[str, Any] = {
    "type": "object",
    "required": ["title", "http_status"],
    "properties": {
        name: {"type": "string"}
        for name in ("title", "description", "error_id", "error_code", "http_status")
    },
}
_DATES: Mapping[str, Any] = {
    f"X-TAXII-Date-Added-{place}": {
        "description": f"When the {place.lower()} object of this answer was added.",
        "schema": {"type": "string"},
    }
    for place in ("First", "Last")
}


async def taken(request: Request) -> None:
    """The client takes TAXII 2.1, or NotAcceptable."""
    if chosen(request.headers.get("accept"), [TAXII_MEDIA_TYPE]) is None:
        raise NotAcceptable(f"this is {TAXII_MEDIA_TYPE}; take that, or application/taxii+json")


router = APIRouter(
    prefix=TAXII,
    tags=["TAXII"],
    dependencies=[Depends(taken)],
    default_response_class=Response,
    responses={
        status: {"description": why, "content": {TAXII_MEDIA_TYPE: {"schema": _ERROR}}}
        for status, why in _WHY.items()
    },
)


def _told(dates: bool = False) -> dict[int | str, dict[str, Any]]:
    """What a route answers, as its description has it."""
    content = {TAXII_MEDIA_TYPE: {"schema": {"type": "object"}}}
    headers = {"headers": _DATES} if dates else {}
    return {200: {"description": "As the standard has it.", "content": content, **headers}}


async def feed_of(
    caller: Reader, collection_id: Annotated[str, Path(max_length=80, description="Its id.")]
) -> Feed:
    """A collection, by its id or its alias; NotFound where there is none."""
    for found in caller.service.feeds:
        if collection_id in (found.id, found.channel):
            return found
    raise NotFound(f"{clean(collection_id, 40)}: there is no such collection")


Collection = Annotated[Feed, Depends(feed_of)]
ObjectId = Annotated[str, Path(max_length=200, description="The id of a STIX object.")]


class Wanted:
    """What of a collection is asked for: TAXII 2.1, section 3.4."""

    def __init__(
        self,
        added_after: Annotated[
            AwareDatetime | None, Query(description="Only what was added after this time.")
        ] = None,
        limit: Annotated[int, Query(ge=0, description=f"{PAGE} at most; 0 for that.")] = 0,
        following: Annotated[
            str | None,
            Query(
                alias="next", pattern="^[0-9]{1,17}$", description="The `next` of the page before."
            ),
        ] = None,
        of_id: Annotated[str | None, Query(alias="match[id]", max_length=20_000)] = None,
        of_type: Annotated[str | None, Query(alias="match[type]", max_length=1000)] = None,
        of_version: Annotated[str | None, Query(alias="match[version]", max_length=1000)] = None,
        of_spec: Annotated[str | None, Query(alias="match[spec_version]", max_length=100)] = None,
    ) -> None:
        self._after = (
            added_after if following is None else _EPOCH + timedelta(microseconds=int(following))
        )
        self._limit = min(limit or PAGE, PAGE)
        self._ids, self._types, self._versions, self._specs = (
            None if text is None else frozenset(text.split(","))
            for text in (of_id, of_type, of_version, of_spec)
        )

    def of(self, object_id: str) -> Self:
        """The same of one object."""
        made = copy(self)
        made._ids = frozenset([object_id])
        return made

    def page(self, found: Feed, now: datetime) -> tuple[list[Item], bool]:
        """Its objects, and whether there are more. Where several were added at the same time, they
        are not torn apart."""
        items: list[Item] = []
        for item in filter(self._has, found.items(self._after, now)):
            if len(items) >= self._limit and item.added != items[-1].added:
                return items, True
            items.append(item)
        return items, False

    def _has(self, item: Item) -> bool:
        """Whether it is among those that are asked for. A collection has one version of each."""
        return (
            (self._ids is None or item.id in self._ids)
            and (self._types is None or item.type in self._types)
            and (self._versions is None or not self._versions.isdisjoint(_names(item)))
            and (self._specs is None or SPEC in self._specs)
        )


Filters = Annotated[Wanted, Depends()]


@router.get("/", responses=_told())
def discovery(caller: Reader) -> Response:
    """What there is."""
    return _json({
        "title": "linkage",
        "description": "Accounts that one operator runs, as the ban list has them.",
        "default": ROOT,
        "api_roots": [ROOT],
    })  # fmt: skip


@router.get("/linkage/", responses=_told())
def api_root(caller: Reader) -> Response:
    """The one root of it."""
    most = caller.service.settings.most_bytes
    return _json({"title": "Ban lists", "versions": [TAXII_MEDIA_TYPE], "max_content_length": most})


@router.get("/linkage/collections/", responses=_told())
def collections(caller: Reader) -> Response:
    """A collection for each channel."""
    return _json({"collections": [_collection(found) for found in caller.service.feeds]})


@router.get("/linkage/collections/{collection_id}/", responses=_told())
def collection(caller: Reader, found: Collection) -> Response:
    """One of them."""
    return _json(_collection(found))


@router.get("/linkage/collections/{collection_id}/manifest/", responses=_told(dates=True))
def manifest(caller: Reader, found: Collection, wanted: Filters) -> Response:
    """What is in a collection, and since when."""
    return _page(caller, found, wanted, "objects", _entry)


@router.get("/linkage/collections/{collection_id}/objects/", responses=_told(dates=True))
def objects(caller: Reader, found: Collection, wanted: Filters) -> Response:
    """The STIX objects of a collection, in the order in which they were added: with `added_after`,
    what is new, changed or revoked since."""
    return _page(caller, found, wanted, "objects", _object)


@router.get(
    "/linkage/collections/{collection_id}/objects/{object_id}/", responses=_told(dates=True)
)
def one(caller: Reader, found: Collection, object_id: ObjectId, wanted: Filters) -> Response:
    """One object."""
    return _page(caller, found, wanted, "objects", _object, object_id)


@router.get(
    "/linkage/collections/{collection_id}/objects/{object_id}/versions/",
    responses=_told(dates=True),
)
def versions(caller: Reader, found: Collection, object_id: ObjectId, wanted: Filters) -> Response:
    """The versions of it that are kept: the latest."""
    return _page(caller, found, wanted, "versions", _version, object_id)


def _page(
    caller: Caller,
    found: Feed,
    wanted: Wanted,
    name: str,
    told: Callable[[Item], object],
    object_id: str | None = None,
) -> Response:
    now = caller.service.now()
    if object_id is not None:
        if all(item.id != object_id for item in found.items(None, now)):
            raise NotFound(f"{clean(object_id, 80)}: there is no such object in the collection")
        wanted = wanted.of(object_id)
    items, more = wanted.page(found, now)
    caller.reads("collection", f"{found.channel}, {len(items)} objects")
    answer: dict[str, Any] = {}
    if items:
        answer = {"more": more, name: [told(item) for item in items]}
    if more and name == "objects":
        answer["next"] = _number(items[-1].added)
    return _json(answer, items)


def _object(item: Item) -> object:
    return item.object


def _entry(item: Item) -> object:
    return {
        "id": item.id,
        "date_added": _exact(item.added),
        "version": _stamp(item.version),
        "media_type": STIX,
    }


def _version(item: Item) -> object:
    return _stamp(item.version)


def _collection(found: Feed) -> dict[str, Any]:
    return {
        "id": found.id,
        "title": found.channel,
        "description": _WORDS[found.channel],
        "alias": found.channel,
        "can_read": True,
        "can_write": False,
        "media_types": [STIX],
    }


def _json(value: object, items: Sequence[Item] = ()) -> Response:
    headers = {}
    if items:
        headers["X-TAXII-Date-Added-First"] = _exact(items[0].added)
        headers["X-TAXII-Date-Added-Last"] = _exact(items[-1].added)
    return Response(orjson.dumps(value), 200, headers, TAXII_MEDIA_TYPE)


def _names(item: Item) -> tuple[str, ...]:
    """What the one version of an object can be asked for as."""
    return "first", "last", "all", _stamp(item.version)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _number(at: datetime) -> str:
    since = at - _EPOCH
    return str((since.days * 86400 + since.seconds) * 10**6 + since.microseconds)


def _exact(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
