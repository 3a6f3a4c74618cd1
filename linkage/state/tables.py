"""The tables of the state. Migrations bring a database to them; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A time in UTC. SQLite keeps no zone; what comes back has one again."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Times without a zone would be anybody's."""
        if value is not None and value.utcoffset() is None:
            raise ValueError(f"{value}: a time without a zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """With its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Keys of the API. `digest`: SHA-256 of the secret part, which nobody can be told again.
keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created", Moment, nullable=False),
    sa.Column("expires", Moment),
    sa.Column("revoked", Moment),
)

# Judgements, in the order in which they were made; never changed and never taken away.
decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("run", sa.Text),
    sa.Column("cluster_id", sa.Text),
    sa.Column("basis", sa.JSON, nullable=False),
    sqlite_autoincrement=True,
)
sa.Index(None, decisions.c.cluster_id)

# The accounts that a decision is about; of a cluster, its members when it was made. `side`: 0, or
# of two that are not the same operator 0 and 1.
decision_accounts = sa.Table(
    "decision_accounts",
    metadata,
    sa.Column("number", sa.ForeignKey("decisions.number"), primary_key=True),
    sa.Column("side", sa.SmallInteger, primary_key=True),
    sa.Column("account_id", sa.Text, primary_key=True),
)
sa.Index(None, decision_accounts.c.account_id)

# What nobody may be listed for, or be linked by. An entry that is taken away gets an end.
allowlist = sa.Table(
    "allowlist",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("sort", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, server_default=""),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("expires", Moment),
    sa.Column("ended", Moment),
    sa.Column("ended_by", sa.Text),
    sqlite_autoincrement=True,
)

# What investigators write down about a cluster.
notes = sa.Table(
    "notes",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("cluster_id", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
sa.Index(None, notes.c.cluster_id)

# Detections that were asked for. `through`: the last segment of events that it is over; `deaths`:
# attempts whose process died; `progress`: of the latest attempt; `run`: the id of the result, once
# there is one; `unfinished`: true or null, so that no two are unfinished at once.
jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("asked", Moment, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("begun", Moment),
    sa.Column("ended", Moment),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("run", sa.Text),
    sa.Column("fault", sa.Text),
    sa.Column("through", sa.Integer, nullable=False, server_default="0"),
    sa.Column("deaths", sa.Integer, nullable=False, server_default="0"),
    sa.Column("progress", sa.JSON),
    sa.Column("unfinished", sa.Boolean),
)
sa.Index(None, jobs.c.state)
sa.Index(None, jobs.c.unfinished, unique=True)

# Answers that were given to requests with an idempotency key, to be given again.
answers = sa.Table(
    "answers",
    metadata,
    sa.Column("actor", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("number", sa.ForeignKey("decisions.number"), nullable=False),
    sa.Column("at", Moment, nullable=False),
)

# Who read personal data, and who changed what.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

# Accounts that were erased. `tombstone`: what stands wherever one was named.
erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("tombstone", sa.Text, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

# How far receivers of webhooks were told: of which subject, up to what. Whoever tells more moves it
# in the transaction that has the messages.
told = sa.Table(
    "told",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# Webhooks whose receiver said that it is gone. `address`: SHA-256 of the URL that said so.
disabled_webhooks = sa.Table(
    "disabled_webhooks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("address", sa.LargeBinary, nullable=False),
    sa.Column("at", Moment, nullable=False),
)

# What is told, as it is sent each time.
messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)

# A message for a webhook. `since`: from when on it is tried; `due`: the next attempt; `lease`: of
# the attempt that goes on, which nobody else makes before `leased_until`; `status`: what was
# answered last.
deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("message", sa.ForeignKey("messages.id"), nullable=False),
    sa.Column("webhook", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("due", Moment, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("lease", sa.Text),
    sa.Column("leased_until", Moment),
    sa.Column("ended", Moment),
    sa.Column("status", sa.Integer),
    sa.Column("fault", sa.Text),
    sqlite_autoincrement=True,
)
sa.Index(None, deliveries.c.message)
sa.Index(None, deliveries.c.state, deliveries.c.webhook, deliveries.c.due)
