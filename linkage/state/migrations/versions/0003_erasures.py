"""Accounts that were erased, by the names that stand in their place."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody was erased before."""
    op.create_table(
        "erasures",
        sa.Column("tombstone", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tombstone", name="pk_erasures"),
    )


def downgrade() -> None:
    """None: a backup is restored instead."""
    raise NotImplementedError("restore a backup")
