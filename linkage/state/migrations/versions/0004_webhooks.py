"""Messages of webhooks, what became of each for each receiver, and how far was told."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nothing was told before."""
    op.create_table(
        "told",
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_told"),
    )
    op.create_table(
        "disabled_webhooks",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("address", sa.LargeBinary, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_disabled_webhooks"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_table(
        "deliveries",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("webhook", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("due", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease", sa.Text),
        sa.Column("leased_until", MOMENT),
        sa.Column("ended", MOMENT),
        sa.Column("status", sa.Integer),
        sa.Column("fault", sa.Text),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name="fk_deliveries_message"),
        sa.PrimaryKeyConstraint("number", name="pk_deliveries"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deliveries_message", "deliveries", ["message"])
    op.create_index("ix_deliveries_state_webhook_due", "deliveries", ["state", "webhook", "due"])


def downgrade() -> None:
    """None: a backup is restored instead."""
    raise NotImplementedError("restore a backup")
