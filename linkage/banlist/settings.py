"""[banlist] of `linkage.toml`: what is done about whom, for how long, and what is too much."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, model_validator

from linkage.settings import Section, load_section


class BanlistSettings(Section):
    """[banlist]: what is done about listed accounts, for how long, and what is too much."""

    signing_key: Path | None = Field(
        None,
        description="file of the Ed25519 key that signs lists; without it none is published. A "
        "path that is not absolute is one from the settings file's folder",
    )
    challenge_score: float = Field(
        0.0, description="score (-log10 of expected innocents) from which on a listed account is "
        "asked to prove itself: whatever the run lists"
    )  # fmt: skip
    limit_score: float = Field(
        2.0, description="score from which on it is slowed down: one innocent group in 100 runs"
    )
    ban_score: float = Field(
        3.0, description="score from which on it is banned: one innocent group in 1000 runs. What "
        "a person decided to ban is banned at any score"
    )  # fmt: skip
    challenge_days: int = Field(7, ge=1, le=366, description="days until it is off the list again")
    limit_days: int = Field(14, ge=1, le=366, description="days, likewise")
    ban_days: int = Field(
        30, ge=1, le=366, description="days, likewise; each list on which an account is proposed "
        "again begins them anew"
    )  # fmt: skip
    decided_days: int = Field(
        180, ge=1, le=3660, description="days after which a person's decision to ban must be made "
        "again"
    )  # fmt: skip
    most_share: float = Field(
        0.05, gt=0, le=1, description="share of the run's accounts that a list may have; what was "
        "disclosed in public was 0.024 of a platform of a million"
    )  # fmt: skip
    most_new: int = Field(5_000, ge=0, description="accounts that may come onto the list at once")
    most_cluster: int = Field(
        500, ge=0, description="accounts of a cluster that may be listed while no person has "
        "decided to ban it"
    )  # fmt: skip
    most_hours: float = Field(
        72.0, gt=0, description="hours since the last event that the run has seen"
    )

    @model_validator(mode="after")
    def _ordered(self) -> BanlistSettings:
        if not self.challenge_score <= self.limit_score <= self.ban_score:
            raise ValueError("challenge_score, limit_score and ban_score must go up")
        return self


def load(path: Path | None, environment: Mapping[str, str]) -> BanlistSettings:
    """[banlist] of a settings file and LINKAGE_BANLIST_* of the environment; SettingsError with
    every fault."""
    return load_section(BanlistSettings, "banlist", path, environment)
