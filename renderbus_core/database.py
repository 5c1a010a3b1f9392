"""How the bridge opens its databases: SQLite safely for many processes, and exact column types."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    MetaData,
    String,
    TypeDecorator,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from renderbus_core.errors import StoreError

_BUSY_SECONDS = 30


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store only aware times, as UTC."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored; make it UTC")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return aware times."""
        del dialect
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal kept as text, because SQLite would turn it into a float."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write it out."""
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Read it back."""
        del dialect
        return None if value is None else Decimal(value)


def open_database(url: str, metadata: MetaData, version: int) -> Engine:
    """Open a database, create its tables if it is new, and check that we can read it.

    SQLite files are owner-only, in WAL mode, and every transaction takes the write lock when it
    begins: a transaction that reads first and writes later can then never fail half-way.

    Args:
        url: SQLAlchemy URL.
        metadata: the tables.
        version: of the tables; a newer one found in the file is refused.

    Raises:
        StoreError: it cannot be opened, or was written by a newer release.
    """
    place = make_url(url)
    is_sqlite = place.get_backend_name() == "sqlite"
    try:
        if is_sqlite and place.database:
            _create_owner_only(Path(place.database))
        engine = create_engine(place)
        if is_sqlite:
            _prepare_sqlite(engine)
        with engine.begin() as connection:
            metadata.create_all(connection)
            if is_sqlite:
                _check_version(connection, version, place.render_as_string())
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(
            f"the database {place.render_as_string()} cannot be opened ({_first_line(error)}); "
            "check that the folder exists and can be written"
        ) from error
    return engine


def _create_owner_only(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        # The driver's own transaction control begins late and read-only; ours begins below.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _check_version(connection: Any, version: int, name: str) -> None:
    found = connection.execute(text("PRAGMA user_version")).scalar_one()
    if found > version:
        raise StoreError(
            f"the database {name} has version {found}, this release reads up to {version}; "
            "use the newer release that wrote it"
        )
    connection.execute(text(f"PRAGMA user_version = {version}"))


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
