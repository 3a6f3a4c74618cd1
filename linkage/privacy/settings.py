"""[privacy] of `linkage.toml`, and LINKAGE_PRIVACY_* of the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from pydantic import Field, model_validator

from linkage.privacy import keys
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.settings import Section, all_of, load_section

Read = TypeVar("Read")


class PrivacySettings(Section):
    """[privacy]: what is kept of people, under which names, and for how long."""

    hmac_key: Path | None = Field(
        None,
        description="file of the keys that make pseudonyms; without one, names are kept as they "
        "come. A path that is not absolute is one from the settings file's folder",
    )
    vault_key: Path | None = Field(
        None,
        description="file of the vault's public key; without one, no vault is kept and nobody can "
        "tell what a pseudonym stands for",
    )
    retention_days: int | None = Field(
        None, ge=1, le=36500, description="days after which events go; they stay if not given"
    )

    @model_validator(mode="after")
    def _vault_of_pseudonyms(self) -> PrivacySettings:
        if self.vault_key is not None and self.hmac_key is None:
            raise ValueError("vault_key is of no use without hmac_key: a vault is of pseudonyms")
        return self


@dataclass(frozen=True)
class Privacy:
    """The settings with their keys read. pseudonyms: None where names are kept as they come."""

    pseudonyms: Pseudonyms | None = None
    vault_key: X25519PublicKey | None = None
    retention_days: int | None = None

    @property
    def key(self) -> str | None:
        """The name of the pseudonyms' key."""
        return None if self.pseudonyms is None else self.pseudonyms.name


def load(path: Path | None, environment: Mapping[str, str]) -> PrivacySettings:
    """The settings; SettingsError with every fault."""
    return load_section(PrivacySettings, "privacy", path, environment)


def opened(settings: PrivacySettings) -> Privacy:
    """With what is in the files; SettingsError with every fault."""
    chain, public = all_of(
        partial(_if_named, settings.hmac_key, keys.read_chain),
        partial(_if_named, settings.vault_key, keys.read_public),
    )
    return Privacy(Pseudonyms(chain) if chain else None, public, settings.retention_days)


def _if_named(path: Path | None, read: Callable[[Path], Read]) -> Read | None:
    return None if path is None else read(path)
