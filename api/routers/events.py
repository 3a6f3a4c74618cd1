"""Events in: checked, each once, on disk before the answer."""

from __future__ import annotations

import json
import zlib
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request

from api import schemas
from api.deps import Feeder
from api.problems import PROBLEMS, TooLarge, Unreadable
from api.service import MOST_EVENTS, Service
from linkage.journal import taken_in
from linkage.readers.schema import REQUIRED, SCHEMA
from linkage.render import clean

router = APIRouter(prefix="/v1", tags=["events"], responses=PROBLEMS)

AT_ONCE = 4  # calls that are checked; others wait
TOLD = 1000  # rejected rows in an answer; all are in the quarantine
_WBITS = 31  # gzip

_TYPES = {"org_verified": "boolean", "input_tokens": "integer", "output_tokens": "integer"}
_EVENT: dict[str, Any] = {
    "type": "object",
    "required": list(REQUIRED),
    "properties": {name: {"type": _TYPES.get(name, "string")} for name in SCHEMA.names},
    "example": {
        "event_id": "e-1", "ts": "2026-06-01T12:00:00Z", "account_id": "a_1", "type": "request",
        "ip": "192.0.2.7", "device_id": "d-9", "prompt_template": "t-3",
    },
}  # fmt: skip
_BODY = {
    "required": True,
    "description": f"Up to {MOST_EVENTS:,} events; `Content-Encoding: gzip` where it is packed.",
    "content": {
        "application/x-ndjson": {
            "schema": {"type": "string", "description": "an event a line"},
            "example": json.dumps(_EVENT["example"]) + "\n",
        },
        "application/json": {"schema": {"type": "array", "items": _EVENT, "maxItems": MOST_EVENTS}},
    },
}


@router.post("/events", openapi_extra={"requestBody": _BODY})
async def events(caller: Feeder, request: Request) -> schemas.Ingested:
    """Take in events: NDJSON or a JSON array.

    An `event_id` that came before counts once; an event without one is known by its content. So a
    call that is repeated changes nothing. Rows that cannot be used are kept apart, with the reason;
    the others go on.
    """
    body = await request.body()
    service, encoding = caller.service, request.headers.get("content-encoding")
    limiter: CapacityLimiter = request.app.state.ingest
    return await run_sync(_taken_in, service, body, encoding, limiter=limiter)


def _taken_in(service: Service, body: bytes, encoding: str | None) -> schemas.Ingested:
    whole = _unpacked(body, encoding, service.settings.most_bytes)
    checked, receipt = taken_in(service.checker, service.journal, whole)
    rejected = checked.rejected.num_rows
    service.metrics.came_in(accepted=receipt.accepted, repeated=receipt.repeated, rejected=rejected)
    told = checked.rejected.select(["line", "reason"]).slice(0, TOLD).to_pylist()
    return schemas.Ingested(
        accepted=receipt.accepted, repeated=receipt.repeated, rejected=rejected, rejects=told
    )


def _unpacked(body: bytes, encoding: str | None, most: int) -> bytes:
    """The body as it was before it was packed; TooLarge where that is more than `most`."""
    if encoding in (None, "", "identity"):
        return body
    if encoding.lower() != "gzip":
        raise Unreadable(f"{clean(encoding, 40)}: this service unpacks gzip alone")
    unpacking = zlib.decompressobj(_WBITS)
    try:
        found = unpacking.decompress(body, most + 1)
    except zlib.error as error:
        raise Unreadable(f"the body is no gzip: {error}") from None
    if len(found) > most:
        raise TooLarge(f"a body may have {most:,} bytes unpacked; send it in parts")
    if not unpacking.eof:
        raise Unreadable("the body is cut off: its gzip has no end")
    if unpacking.unused_data:
        raise Unreadable("the body has more after its gzip: pack it as one")
    return found
