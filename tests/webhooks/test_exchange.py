"""Where a request may go, and how long it may take: against receivers that are hostile."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import WebhookError
from linkage.webhooks.addresses import SPECIAL, is_special, refusal
from linkage.webhooks.endpoint import Endpoint
from linkage.webhooks.exchange import MOST_BYTES, Answer, Limits, post
from tests.webhooks.receivers import HERE, Receiver, certified, receiving, says

LOOPBACK = (ip_network("127.0.0.0/8"),)
PUBLIC = ("8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::1", "192.31.196.1")
# Each class of addresses that is not to be reached, in every form of it.
FORBIDDEN = (
    "127.0.0.1", "127.255.255.254", "::1",  # loopback
    "0.0.0.0", "0.1.2.3", "::",  # unspecified
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1",
    "169.254.0.1", "169.254.169.254", "169.254.170.2", "fe80::1", "fec0::1",  # link-local, metadata
    "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254",  # of other clouds
    "100.64.0.1", "100.127.255.255",  # carriers
    "224.0.0.1", "239.255.255.255", "ff02::1",  # multicast
    "240.0.0.1", "255.255.255.255",
    "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "192.88.99.1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a9fe:a9fe",  # NAT64
    "2002:7f00:1::1", "2002:808:808::1",  # 6to4
    "2001:0:7f00:1::1", "100::1", "5f00::1", "3fff::1", "4000::1", "1::1",
)  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def posted(
    url: str, *, names: Sequence[str] | None = None, allowed: bool = True, **limits: float
) -> Answer:
    """Send something. names: what the name's server answers, whatever it is asked."""
    chosen = Limits(LOOPBACK if allowed else (), **limits)  # type: ignore[arg-type]
    given_names = (lambda host, port: names or ()) if names is not None else never
    return post(Endpoint.of(url), b"{}", {"Content-Type": "application/json"}, chosen, given_names)


def never(host: str, port: int) -> Sequence[str]:
    raise AssertionError(f"{host} is looked up")


@pytest.mark.parametrize("address", FORBIDDEN)
def test_no_address_inside_is_reached(address: str) -> None:
    assert refusal(ip_address(address), ()) is not None
    with pytest.raises(WebhookError, match="nothing is sent to"):
        posted("https://example.com/", names=[address], allowed=False)
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(WebhookError, match="nothing is sent to"):
        posted(f"https://{host}/", allowed=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address: str) -> None:
    assert refusal(ip_address(address), ()) is None


@given(st.sampled_from(SPECIAL).flatmap(lambda s: st.ip_addresses(network=str(s.network))))
def test_all_of_a_special_network_is_refused(address: object) -> None:
    assert refusal(ip_address(str(address)), ()) is not None


def test_a_network_that_is_named_is_reached_and_no_other() -> None:
    named = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    for address, refused in (
        ("10.1.2.3", False), ("10.2.0.1", True), ("fd00::1", False), ("fc00::1", True),
        ("::ffff:10.1.2.3", True), ("64:ff9b::a01:203", True), ("127.0.0.1", True),
    ):  # fmt: skip
        assert (refusal(ip_address(address), named) is not None) == refused, address
    assert is_special(ip_network("10.1.0.0/16"))
    assert not any(is_special(ip_network(n)) for n in ("0.0.0.0/0", "8.0.0.0/8", "::/0"))


def test_one_address_inside_among_others_is_enough_to_refuse() -> None:
    with pytest.raises(WebhookError, match=r"169\.254\.169\.254: it is link-local"):
        posted("https://example.com/", names=["8.8.8.8", "169.254.169.254"], allowed=False)


def test_a_name_that_is_answered_otherwise_the_second_time(receiver: Receiver) -> None:
    """Rebinding: the name is asked once, and the connection goes to what was looked at."""
    answers = iter((["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"]))
    asked: list[str] = []

    def lying(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    url = f"http://hooks.example.com:{receiver.port}/hook"
    assert post(Endpoint.of(url), b"{}", {}, Limits(LOOPBACK), lying).status == 204
    assert asked == ["hooks.example.com"]
    assert receiver.received[0].headers["host"] == f"hooks.example.com:{receiver.port}"
    with pytest.raises(WebhookError, match="nothing is sent to"):
        post(Endpoint.of(url), b"{}", {}, Limits(LOOPBACK), lying)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1", "0177.0.0.1", "localhost"])
def test_other_ways_to_write_loopback_lead_nowhere(host: str) -> None:
    """By the system's own look-up, which knows them."""
    with pytest.raises(WebhookError, match=r"nothing is sent to|is not known"):
        post(Endpoint.of(f"https://{host}/"), b"{}", {}, Limits())


def test_without_tls_only_what_is_named_is_reached() -> None:
    with pytest.raises(WebhookError, match="without TLS"):
        posted("http://example.com/", names=["8.8.8.8"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    receiver.answer = says(status, Location="http://169.254.169.254/latest/meta-data/")
    assert posted(receiver.url).status == status
    receiver.answer = says(status, Location=receiver.url)
    assert posted(receiver.url).status == status
    assert len(receiver.received) == 2


def test_no_proxy_of_the_environment_is_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert posted(receiver.url).status == 204
    assert receiver.received[0].path == "/hook?from=linkage"


def test_an_answer_that_trickles_is_cut_off(receiver: Receiver) -> None:
    def heads(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(1000):
            handler.wfile.write(b"X-%d: 1\r\n" % number)
            handler.wfile.flush()
            if receiver.ended.wait(0.05):
                return

    receiver.answer = heads
    begun = time.monotonic()
    with pytest.raises(WebhookError, match=r"within 0\.4 s"):
        posted(receiver.url, seconds=0.4)
    assert time.monotonic() - begun < 20  # not the 50 s that it would take: no measure of speed


def test_a_body_that_trickles_changes_nothing_of_the_answer(receiver: Receiver) -> None:
    def bodies(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not receiver.ended.wait(0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    receiver.answer = bodies
    answer = posted(receiver.url, seconds=0.4)
    assert answer.status == 200
    assert set(answer.text) == {"x"}


def test_of_a_huge_answer_the_beginning_is_read(receiver: Receiver) -> None:
    written = 0

    def huge(handler: BaseHTTPRequestHandler) -> None:
        nonlocal written
        handler.send_response(500)
        handler.send_header("Content-Length", str(1 << 40))
        handler.end_headers()
        for _ in range(1 << 10):
            handler.wfile.write(b"\x1b[31m" + b"x" * (1 << 20))
            written += 1 << 20

    receiver.answer = huge
    answer = posted(receiver.url)
    assert (answer.status, len(answer.text)) == (500, 200)
    assert answer.text.isprintable()
    assert written < 1000 * MOST_BYTES


def test_heads_without_end_are_refused(receiver: Receiver) -> None:
    def heads(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(1000):
            handler.wfile.write(b"x" * 65536)

    receiver.answer = heads
    with pytest.raises(WebhookError):
        posted(receiver.url)


def test_what_is_no_http_is_said_so(receiver: Receiver) -> None:
    receiver.answer = lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    with pytest.raises(WebhookError):
        posted(receiver.url)


def test_nobody_there() -> None:
    with receiving() as gone:
        url = gone.url
    with pytest.raises(WebhookError, match="cannot be reached"):
        posted(url)
    with pytest.raises(WebhookError, match="no address"):
        posted("https://example.com/", names=[])


def test_a_name_that_is_not_answered_in_time() -> None:
    def slow(host: str, port: int) -> Sequence[str]:
        time.sleep(2)
        return ["8.8.8.8"]

    with pytest.raises(WebhookError, match="not answered in time"):
        post(Endpoint.of("https://example.com/"), b"", {}, Limits(connect_seconds=0.05), slow)


def test_tls_is_checked_against_the_name(tmp_path: Path) -> None:
    server, authority = certified(tmp_path, "hooks.example.com")
    trusting = Limits(LOOPBACK, trust=ssl.create_default_context(cafile=str(authority)))

    def here(host: str, port: int) -> Sequence[str]:
        return [HERE]

    with receiving(server) as receiver:
        url = f"https://hooks.example.com:{receiver.port}/hook"
        assert post(Endpoint.of(url), b"{}", {}, trusting, here).status == 204
        for other, limits in (
            (url.replace("hooks.", "other."), trusting),  # another name
            (f"https://{HERE}:{receiver.port}/hook", trusting),  # the address is not the name
            (url, Limits(LOOPBACK)),  # an authority that nobody trusts
        ):
            with pytest.raises(WebhookError, match="certificate verify failed"):
                post(Endpoint.of(other), b"{}", {}, limits, here)
        assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("120", 120.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("soon", None), ("-3", None),
     ("1e9", None), ("9" * 40, None), ("", None)],
)  # fmt: skip
def test_retry_after(receiver: Receiver, said: str, seconds: float | None) -> None:
    receiver.answer = says(503, Retry_After=said)
    assert posted(receiver.url).retry_after == seconds


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ftp://example.com/", "begins with https"), ("file:///etc/passwd", "begins with https"),
        ("https://me:secret@example.com/", "no user or password"),
        ("https://me@example.com/", "no user or password"), ("https:///x", "neither a name"),
        ("https://exa mple.com/", "visible ASCII"), ("https://example.com/\r\nX: y", "visible"),
        ("https://bücher.example/", "visible ASCII"),
        ("https://example.com\\@10.0.0.1/", "visible"),
        ("https://example.com/#x", "no #"), ("https://example.com:0/", "port 0"),
        ("https://example.com:99999/", "cannot be read"), ("https://[::1/", "cannot be read"),
        ("https://[fe80::1%25eth0]/", "neither a name"), ("https://a..b%41/", "neither a name"),
        ("//example.com/", "begins with https"), ("", "visible"),
    ],
)  # fmt: skip
def test_urls_are_read_strictly(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as found:
        Endpoint.of(url)
    assert "secret" not in str(found.value)


def test_what_a_url_says() -> None:
    assert Endpoint.of("https://Hooks.Example.com/a?b=c") == Endpoint(
        "https", "hooks.example.com", 443, "/a?b=c"
    )
    assert Endpoint.of("http://[::1]:8080").authority == "[::1]:8080"
    assert Endpoint.of("https://example.com").target == "/"
