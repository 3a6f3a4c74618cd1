"""[[webhooks]] of `linkage.toml`."""

from __future__ import annotations

import hashlib
import ssl
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Annotated, get_args

from pydantic import Field, IPvAnyNetwork, ValidationError, field_validator, model_validator

from linkage.errors import SettingsError
from linkage.render import clean
from linkage.settings import Name, Section, all_of, tables
from linkage.webhooks import signing
from linkage.webhooks.addresses import is_special, parsed, refusal
from linkage.webhooks.endpoint import Endpoint
from linkage.webhooks.exchange import Limits
from linkage.webhooks.messages import Kind

TABLE = "webhooks"
GIVE_UP_HOURS, KEEP_DAYS = 72.0, 30
EVERY_KIND: tuple[Kind, ...] = get_args(Kind)


class Webhook(Section):
    """[[webhooks]]: who is told of what, and where they may be; one table for each."""

    name: Name = Field(description="letters, digits and _; commands and figures name it so")
    url: str = Field(description="https://...; http:// where allow_private names the network")
    secret_file: Path = Field(
        description="file of the secret that signs, or of two; a path that is not absolute is one "
        "from the settings file's folder"
    )
    events: Annotated[tuple[Kind, ...], Field(min_length=1)] = Field(
        EVERY_KIND, description="messages that are sent; all if not given"
    )
    min_score: float = Field(
        1.3,
        ge=-3,
        le=300,
        description="score (-log10 of expected innocents) from which on a cluster is told of: "
        "1.3 is an E of 0.05, up to which the policy proposes a ban",
    )
    allow_private: tuple[IPvAnyNetwork, ...] = Field(
        (), description="networks beside the public internet that may be reached; none"
    )
    ca_file: Path | None = Field(
        None, description="certificates of the authority that TLS is checked by; the system's"
    )
    connect_seconds: float = Field(
        5.0, gt=0, le=60, description="seconds to look up the name and reach an address"
    )
    seconds: float = Field(15.0, gt=0, le=120, description="seconds for all, answer included")
    give_up_hours: float = Field(
        GIVE_UP_HOURS, gt=0, le=720, description="hours after which a message is not tried again"
    )
    keep_days: int = Field(
        KEEP_DAYS,
        ge=1,
        le=366,
        description="days that delivered messages and dead letters are kept",
    )

    @field_validator("url")
    @classmethod
    def _readable(cls, url: str) -> str:
        Endpoint.of(url)
        return url

    @field_validator("allow_private")
    @classmethod
    def _private(cls, networks: tuple[IPvAnyNetwork, ...]) -> tuple[IPvAnyNetwork, ...]:
        wide = [str(network) for network in networks if not is_special(network)]
        if wide:
            raise ValueError(f"{', '.join(wide)}: not all of it is private; name less")
        return networks

    @model_validator(mode="after")
    def _reachable(self) -> Webhook:
        endpoint = self.endpoint
        if not endpoint.secure and not self.allow_private:
            raise ValueError("url: http:// is for networks that allow_private names")
        address = parsed(endpoint.host)
        why = None if address is None else refusal(address, self.allow_private)
        if why is not None:
            raise ValueError(f"url: {endpoint.host} is {why}; allow_private names such networks")
        return self

    @property
    def endpoint(self) -> Endpoint:
        """The URL in its parts."""
        return Endpoint.of(self.url)

    @property
    def address(self) -> bytes:
        """What the URL is known by where it is kept: it may have a secret in it."""
        return hashlib.sha256(self.url.encode("ascii")).digest()

    def limits(self) -> Limits:
        """What an exchange may reach; SettingsError where the authority cannot be read."""
        try:
            trust = ssl.create_default_context(
                cafile=None if self.ca_file is None else str(self.ca_file)
            )
        except (OSError, ssl.SSLError) as error:
            raise SettingsError([f"no certificates: {clean(error)}"], clean(self.ca_file)) from None
        return Limits(self.allow_private, self.connect_seconds, self.seconds, trust)


def load(path: Path | None) -> tuple[Webhook, ...]:
    """The webhooks of a settings file, their secrets and certificates looked at; SettingsError with
    every fault of all of them. Paths are from the file's folder on."""
    given = [] if path is None else tables(path).get(TABLE, [])
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise SettingsError([f"{TABLE}: write [[{TABLE}]], a table for each"], str(path))
    if path is None or not given:
        return ()
    found = all_of(
        *(partial(_one, values, f"{TABLE}.{place}", path) for place, values in enumerate(given, 1))
    )
    twice = [name for name, count in Counter(hook.name for hook in found).items() if count > 1]
    if twice:
        raise SettingsError([f"{TABLE}: {name} is there twice" for name in twice], str(path))
    return found


def _one(values: dict[str, object], place: str, path: Path) -> Webhook:
    try:
        made = Webhook.model_validate(values)
    except ValidationError as error:
        # A fault of pydantic's would repeat the value, and a URL's path may be a secret.
        raise SettingsError(
            [
                f"{'.'.join(str(part) for part in (place, *fault['loc']))}: {fault['msg']}"
                for fault in error.errors(include_input=False)
            ],
            str(path),
        ) from None
    files = {
        name: path.parent / file
        for name in ("secret_file", "ca_file")
        if (file := getattr(made, name)) is not None
    }
    made = made.model_copy(update=files)
    all_of(partial(signing.read, made.secret_file), made.limits)
    return made
