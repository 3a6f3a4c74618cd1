"""The database of the state: opening it, bringing its schema up to date, and transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from linkage.errors import StateError
from linkage.render import clean

_Several = sa.pool.QueuePool
MIGRATIONS = Path(__file__).parent / "migrations"
WAIT_MS = 10_000  # for another process that writes


class State:
    """An open database; any number of threads and processes may have one each."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One reading transaction: all that is read is of one moment."""
        with _told(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction that is written whole, on disk when the context ends, or not at all."""
        with _told(), self._engine.connect() as connection:
            connection.execution_options(linkage_writes=True)
            with connection.begin():
                yield connection

    def version(self) -> str | None:
        """The revision of the schema that is there."""
        with self.read() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def upgrade(self, to: str = "head") -> None:
        """Bring the schema up to date, in one transaction."""
        with self.write() as connection:
            check_known(MigrationContext.configure(connection).get_current_revision())
            command.upgrade(_config(connection), to)

    def copy(self, to: Path) -> None:
        """What is there at one moment, written into an empty file by SQLite."""
        with _told(), self._engine.connect() as connection:
            # In no transaction: it makes one of its own.
            connection.connection.cursor().execute("VACUUM INTO ?", (str(to),))

    def compact(self) -> None:
        """Have nothing left on disk of what was changed or taken away. SQLite alone: another
        database has tools of its own for that.

        StateError where another process reads it all the while.
        """
        if self._engine.dialect.name != "sqlite":
            return
        with _told(), self._engine.connect() as connection:
            cursor = connection.connection.cursor()
            cursor.execute("VACUUM")
            (busy, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StateError("the state is being read all the while; try again")

    def watch(self) -> Watch | None:
        """Tells whether something was written; None where the database does not count that."""
        counts = self._engine.dialect.name == "sqlite"
        # A database in memory has one connection, and none counts what it writes itself.
        return Watch(self._engine) if counts and isinstance(self._engine.pool, _Several) else None

    def close(self) -> None:
        """Give connections back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Watch:
    """Whether anything was committed to an SQLite database, by any process: it counts that for
    each connection that did not do it. For one thread at a time."""

    def __init__(self, engine: sa.Engine) -> None:
        try:
            self._connection = engine.raw_connection()
        except sqlite3.Error as error:
            raise StateError(f"the state cannot be used: {clean(error, 200)}") from error
        self._seen: int | None = None

    def changed(self) -> bool:
        """Whether there was something since this was last asked."""
        asked = self._connection.cursor()
        try:
            (version,) = asked.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            raise StateError(f"the state cannot be used: {clean(error, 200)}") from error
        finally:
            asked.close()
        before, self._seen = self._seen, version
        return bool(version != before)

    def close(self) -> None:
        """Give its connection back."""
        self._connection.close()


def open_state(where: str | Path, *, upgrade: bool = True) -> State:
    """The state at a path (SQLite) or a URL of SQLAlchemy; made where there is none yet.

    StateError where it cannot be opened, or where a later linkage made its schema.
    """
    state = State(_engine(where))
    try:
        if upgrade:
            state.upgrade()
    except BaseException:
        state.close()
        raise
    return state


def copy_state(where: str | Path, to: Path) -> str | None:
    """Write what a state has at one moment into a new SQLite database, while others go on to write;
    what was deleted is not in it. Returns the revision of its schema.

    StateError where the database is of another sort.
    """
    if isinstance(where, str) and (sort := _url(where).get_backend_name()) != "sqlite":
        raise StateError(
            f"the state is kept by {clean(sort, 40)}: dump it with its own tools, then back up all "
            "else with --without-state"
        )
    to.touch(mode=0o600, exist_ok=False)
    with open_state(where, upgrade=False) as state:
        state.copy(to)
    return _revision(to)


def _revision(path: Path) -> str | None:
    """That of a database that nobody writes to; nothing is written beside it either."""
    where = f"file:{quote(str(path))}?immutable=1"
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(where, uri=True))
    try:
        with _told(), engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def _url(where: str) -> sa.URL:
    try:
        return sa.make_url(where)
    except sa.exc.ArgumentError as error:
        raise StateError(f"the state cannot be opened: {clean(error, 200)}") from None


def _engine(where: str | Path) -> sa.Engine:
    url = sa.URL.create("sqlite", database=str(where)) if isinstance(where, Path) else where
    try:
        engine = sa.create_engine(url, future=True)
    except (sa.exc.ArgumentError, ImportError) as error:
        raise StateError(f"the state cannot be opened: {clean(error, 200)}") from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepared)
        sa.event.listen(engine, "begin", _begun)
    return engine


def _prepared(connection: Any, _: Any) -> None:
    """Transactions begin where we say so; what is committed is on disk."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {WAIT_MS}", "journal_mode = WAL", "synchronous = FULL",
        "foreign_keys = ON",
    ):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")


def _begun(connection: sa.Connection) -> None:
    """A writer takes the lock at once, so that none has to give up half-way."""
    writes = connection.get_execution_options().get("linkage_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def check_known(revision: str | None) -> None:
    """StateError where a later linkage made a schema."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise StateError(
            f"the state has the schema {clean(revision, 40)}, which this linkage does not know: "
            "install the version that made it, or a later one"
        )


@contextmanager
def _told() -> Iterator[None]:
    """Faults of the database in our words."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except sa.exc.DBAPIError as error:
        raise StateError(f"the state cannot be used: {clean(error.orig, 200)}") from error
