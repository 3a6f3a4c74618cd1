"""Runs migrations over the connection that `State.upgrade` gives."""

from alembic import context

from linkage.state.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
