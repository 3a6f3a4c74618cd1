"""What a job is over, how its attempts ended, and that one is unfinished at a time."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing made jobs before."""
    op.add_column("jobs", sa.Column("through", sa.Integer, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("deaths", sa.Integer, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("progress", sa.JSON))
    op.add_column("jobs", sa.Column("unfinished", sa.Boolean))
    op.create_index("ix_jobs_unfinished", "jobs", ["unfinished"], unique=True)


def downgrade() -> None:
    """None: a backup is restored instead."""
    raise NotImplementedError("restore a backup")
