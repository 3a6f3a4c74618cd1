"""Stretches of time that a timeline counts by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WIDTH: Mapping[str, timedelta] = {"day": timedelta(days=1), "hour": timedelta(hours=1)}
