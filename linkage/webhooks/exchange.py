"""One request to a receiver, and its answer: to no address but one that was looked at, and within
its time.

The name is resolved once, every address that it has is looked at, and the connection is made to
one of these, so that a second answer of the name's server changes nothing. TLS is checked against
the name. Redirects are an answer like any other; proxies are not asked.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore2

from linkage.errors import WebhookError
from linkage.render import clean
from linkage.webhooks.addresses import Network, parsed, refusal
from linkage.webhooks.endpoint import Endpoint

Resolve = Callable[[str, int], Sequence[str]]
MOST_BYTES = 64 << 10  # of an answer's body that are read
MOST_TEXT = 200  # characters of it that are kept
_PIECE = 16 << 10  # bytes that are written at once, so that the time is looked at in between


@dataclass(frozen=True)
class Limits:
    """What an exchange may reach and take.

    allowed          networks beside the public internet; over http, these alone
    connect_seconds  to look the name up and to reach one of its addresses, TLS included
    seconds          for all of it, to the end of the answer
    trust            how TLS is checked
    """

    allowed: tuple[Network, ...] = ()
    connect_seconds: float = 5.0
    seconds: float = 15.0
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)


@dataclass(frozen=True)
class Answer:
    """What the receiver said. text: the beginning of its body, harmless; retry_after: seconds that
    it asks for."""

    status: int
    text: str
    retry_after: float | None


def resolved(host: str, port: int) -> Sequence[str]:
    """All addresses that the system knows for a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def post(
    endpoint: Endpoint,
    body: bytes,
    headers: Mapping[str, str],
    limits: Limits,
    resolve: Resolve = resolved,
) -> Answer:
    """Send a body; WebhookError where there is no answer, and why."""
    deadline = _Deadline(limits.seconds)
    url = httpcore2.URL(
        scheme=endpoint.scheme, host=endpoint.host, port=endpoint.port, target=endpoint.target
    )
    given = {**headers, "Host": endpoint.authority, "Connection": "close"}
    try:
        with (
            httpcore2.HTTPConnection(
                httpcore2.Origin(url.scheme, url.host, endpoint.port),
                ssl_context=limits.trust,
                network_backend=_Looked(endpoint, limits, resolve, deadline),
            ) as connection,
            connection.stream("POST", url, headers=list(given.items()), content=body) as answer,
        ):
            text = _beginning(answer)
            return Answer(answer.status, text, _seconds(_header(answer, b"retry-after")))
    except httpcore2.TimeoutException:
        raise WebhookError(f"no answer within {limits.seconds:g} s") from None
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
        raise WebhookError(clean(error or type(error).__name__, MOST_TEXT)) from None


class _Deadline:
    """When an exchange must be over."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._end = seconds, time.monotonic() + seconds

    def left(self, most: float | None = None) -> float:
        """Seconds until then, `most` at most; WebhookError where none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise WebhookError(f"no answer within {self._seconds:g} s")
        return left if most is None else min(left, most)


class _Looked(httpcore2.NetworkBackend):
    """Connects to an address of the endpoint, once all of them were looked at."""

    def __init__(
        self, endpoint: Endpoint, limits: Limits, resolve: Resolve, deadline: _Deadline
    ) -> None:
        self._endpoint, self._limits = endpoint, limits
        self._resolve, self._deadline = resolve, deadline
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """To the first that can be reached."""
        connecting = _Deadline(self._deadline.left(self._limits.connect_seconds))
        fault = "it has no address"
        for address in self._addresses(connecting):
            try:
                stream = self._plain.connect_tcp(address, port, timeout=connecting.left())
            except (httpcore2.NetworkError, httpcore2.TimeoutException) as error:
                fault = clean(error or type(error).__name__, MOST_TEXT)
                continue
            return _Timed(stream, self._deadline, connecting)
        raise WebhookError(f"it cannot be reached: {fault}")

    def _addresses(self, connecting: _Deadline) -> Sequence[str]:
        """Those of the endpoint; WebhookError where one of them is none to connect to."""
        host, port = self._endpoint.host, self._endpoint.port
        if parsed(host) is not None:
            found: Sequence[str] = [host]
        else:
            found = _within(connecting.left(), lambda: self._resolve(host, port))
        for text in found:
            address = parsed(text)
            why = "not an address" if address is None else refusal(address, self._limits.allowed)
            if address is not None and why is None and not self._endpoint.secure:
                inside = any(
                    address in network
                    for network in self._limits.allowed
                    if network.version == address.version
                )
                why = None if inside else "reached without TLS, which is for allow_private alone"
            if why is not None:
                raise WebhookError(
                    f"nothing is sent to {clean(text, 60)}: it is {why}; allow_private names "
                    "networks that may be reached"
                )
        return found


class _Timed(httpcore2.NetworkStream):
    """A connection on which nothing goes on after the deadline, however slowly it trickles."""

    def __init__(
        self, stream: httpcore2.NetworkStream, deadline: _Deadline, connecting: _Deadline
    ) -> None:
        self._stream, self._deadline, self._connecting = stream, deadline, connecting

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """TLS is part of reaching it."""
        inner = self._stream.start_tls(ssl_context, server_hostname, self._connecting.left())
        return _Timed(inner, self._deadline, self._connecting)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _within(seconds: float, look_up: Callable[[], Sequence[str]]) -> Sequence[str]:
    """What a look-up gives, which the system may take long for. WebhookError where it takes longer,
    or fails; the thread ends when the system lets it."""
    found: queue.SimpleQueue[Sequence[str] | OSError] = queue.SimpleQueue()

    def run() -> None:
        try:
            found.put(look_up())
        except (OSError, UnicodeError) as error:
            found.put(error if isinstance(error, OSError) else OSError("no name of a host"))

    threading.Thread(target=run, name="look-up", daemon=True).start()
    try:
        answer = found.get(timeout=seconds)
    except queue.Empty:
        raise WebhookError("its name is not answered in time") from None
    if isinstance(answer, OSError):
        raise WebhookError(f"its name is not known: {clean(answer.strerror or answer, MOST_TEXT)}")
    return answer


def _beginning(answer: httpcore2.Response) -> str:
    """The first of a body; what breaks off in the middle of it has been answered even so."""
    text = b""
    with suppress(WebhookError, httpcore2.TimeoutException, httpcore2.NetworkError,
                  httpcore2.ProtocolError):  # fmt: skip
        for chunk in answer.iter_stream():
            text += chunk
            if len(text) >= MOST_BYTES:
                break
    return clean(text[: 4 * MOST_TEXT].decode("utf-8", "replace").strip(), MOST_TEXT)


def _header(answer: httpcore2.Response, wanted: bytes) -> bytes | None:
    return next((value for name, value in answer.headers if name.lower() == wanted), None)


def _seconds(after: bytes | None) -> float | None:
    """What Retry-After says, as a number or a date; None where it says nothing that can be used."""
    text = "" if after is None else after.decode("latin-1").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
