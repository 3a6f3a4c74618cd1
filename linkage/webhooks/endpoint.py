"""Where a receiver is: its URL, read once and strictly, so that nobody reads it in another way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from linkage.webhooks.addresses import parsed

_VISIBLE = re.compile(r"[\x21-\x7e]{1,2000}")
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Endpoint:
    """A URL in its parts. host: a name in lower case or an address, without brackets; target: path
    and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def secure(self) -> bool:
        """Over TLS."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """The header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @classmethod
    def of(cls, url: str) -> Endpoint:
        """From its text; ValueError says what is wrong, and does not repeat it: paths may be
        secrets."""
        if not _VISIBLE.fullmatch(url) or "\\" in url:
            raise ValueError("a URL has visible ASCII characters alone (a name as xn--...)")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ValueError("not a URL: its host or port cannot be read") from None
        if parts.scheme not in _PORTS:
            raise ValueError("a URL begins with https://, or with http:// in a private network")
        if "@" in parts.netloc:
            raise ValueError("no user or password in a URL; messages are signed")
        if parts.fragment:
            raise ValueError("no # in a URL: it is never sent")
        if port == 0:
            raise ValueError("port 0 is none")
        address = parsed(host) if "%" not in host else None
        if address is None and not _NAME.fullmatch(host):
            raise ValueError("not a URL: its host is neither a name nor an address")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, host, port or _PORTS[parts.scheme], target)
