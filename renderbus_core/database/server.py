"""PostgreSQL: one database for gateways on several hosts, whose clock counts for all of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
    update,
)

from renderbus_core.database.design import Design
from renderbus_core.errors import MissingDependencyError

_NAME = "postgresql"
_DRIVER = "postgresql+psycopg"

# A host that is cut off must stop nobody for long: its connection is given up by both sides, and
# a lock that it holds is waited for as long as SQLite waits.
_CONNECTION = {
    "application_name": "renderbus",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_SESSION = {"lock_timeout": "30s", "idle_in_transaction_session_timeout": "60s"}
# What is committed is on the disk, whatever the server's own default is.
_DURABLE = {"synchronous_commit": "on"}

_TABLES = text(
    "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = :name"
)
_versions = Table(
    "schema_version",
    MetaData(),
    Column("mark", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
)


class Server:
    """One schema of a PostgreSQL database.

    Reads see one moment. Writes see what was committed when each statement began, and lock the
    row or the name they decide upon first.

    Args:
        url: SQLAlchemy URL.
        design: what it is.
    """

    need = "it must be a server that answers"

    def __init__(self, url: URL, design: Design) -> None:
        self._design = design
        self._url = url = url.set(drivername=_DRIVER) if url.drivername == _NAME else url
        if url.drivername != _DRIVER:
            raise design.error(
                f"the {design.name} {self.place} names another driver than ours; write its URL as "
                f"{_DRIVER}://..."
            )
        arguments = {k: v for k, v in _CONNECTION.items() if k not in url.query}
        try:
            engine = create_engine(url, connect_args=arguments, pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise MissingDependencyError("a PostgreSQL store needs psycopg", "postgres") from error
        event.listen(engine, "connect", self._prepare)
        self.reader: Engine = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self.writer: Engine = engine.execution_options(isolation_level="READ COMMITTED")

    @property
    def place(self) -> str:
        """The URL without its password, for people."""
        return self._url.render_as_string(hide_password=True)

    def before_use(self) -> None:
        """Nothing is needed."""

    def after_migration(self) -> None:
        """Nothing is needed."""

    def version(self, connection: Connection) -> int:
        """Read the version; 0 where there is nothing of the kind."""
        if _has_table(connection, _versions.name):
            ours = select(_versions.c.version).where(_versions.c.mark == self._design.mark)
            version: int | None = connection.execute(ours).scalar_one_or_none()
            if version is not None:
                return version
        return int(_has_table(connection, self._design.landmark))

    def set_version(self, connection: Connection, version: int) -> None:
        """Write the version down, in the transaction."""
        if not _has_table(connection, _versions.name):
            _versions.create(connection)
        ours = update(_versions).where(_versions.c.mark == self._design.mark)
        if not connection.execute(ours.values(version=version)).rowcount:
            values = {"mark": self._design.mark, "version": version}
            connection.execute(insert(_versions).values(**values))

    def _prepare(self, connection: Any, _record: Any) -> None:
        settings = _SESSION | (_DURABLE if self._design.durable else {})
        with connection.cursor() as cursor:
            for name, value in settings.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        # Else the first transaction that is rolled back would take the settings with it.
        connection.commit()


def _has_table(connection: Connection, name: str) -> bool:
    # Looked up in the list itself: names are cached, and may be old after waiting for a lock.
    return connection.execute(_TABLES, {"name": name}).one_or_none() is not None


def one_at_a_time(connection: Connection, name: str) -> None:
    """Let one writing transaction at a time go on from here; SQLite has only one anyway.

    Args:
        connection: of a writing transaction, at whose end the next may go on.
        name: of what is done one at a time.
    """
    if connection.dialect.name == _NAME:
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def shared_time(connection: Connection, now: datetime) -> datetime:
    """Return the time that counts for all who open the database.

    Clocks of several hosts differ, so that a server's own counts; an SQLite file is used by one
    host, whose clock all openers have.

    Args:
        connection: of a transaction.
        now: the caller's time, UTC.
    """
    if connection.dialect.name != _NAME:
        return now
    there: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return there
