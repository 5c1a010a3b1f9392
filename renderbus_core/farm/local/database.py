"""The farm's SQLite file: opening it, and transactions that several processes share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from renderbus_core.errors import FarmError
from renderbus_core.farm.local.tables import metadata

VERSION = 1
"""Version of the tables, kept in the file's `user_version`."""

# Marks the file as ours in its header ("RbLF").
_APPLICATION = 0x52624C46
_BUSY_SECONDS = 30.0
_ATTEMPTS = 100


class Database:
    """One SQLite file in WAL mode; created when it is not there.

    Args:
        path: the file; its folder exists and lies on a disk of this host.

    Raises:
        FarmError: the file is something else, of a newer version, or cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        engine = create_engine(
            URL.create("sqlite", database=str(self.path)),
            # Transactions begin where we say so: sqlite3's own begin late and not immediate.
            connect_args={"isolation_level": None, "timeout": _BUSY_SECONDS},
        )
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        self._reader = engine
        self._writer = engine.execution_options(begin="BEGIN IMMEDIATE")
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees the farm at one moment."""
        with self._transaction(self._reader) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection that nobody else writes beside; committed unless the block raises."""
        with self._transaction(self._writer) as connection:
            yield connection

    def close(self) -> None:
        """Close what is open; the database opens again when it is used again."""
        self._reader.dispose()

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        with self._explained(), engine.begin() as connection:
            yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            cause = getattr(error, "orig", None) or error
            raise FarmError(
                f"the farm database {self.path} cannot be used ({cause}); "
                "it must be a readable and writable SQLite file on a local disk with room left"
            ) from error

    def _open(self) -> None:
        with self.writing() as connection:
            self._check_or_create(connection)
        mode = self._share()
        if mode != "wal":
            raise FarmError(
                f"the farm database {self.path} lies where processes cannot share it "
                f"(journal mode {mode}); put it on a local disk"
            )

    def _share(self) -> str:
        """Turn the file to WAL mode, in which readers and a writer go on at once."""
        for _ in range(_ATTEMPTS):
            # The mode changes only between transactions, hence on a connection of its own.
            with self._explained(), closing(self._bare()) as connection:
                try:
                    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
                except sqlite3.OperationalError:
                    # SQLite gives up at once when two change it at the same time; a transaction
                    # waits until the other is done.
                    with self.writing():
                        continue
                return str(mode)
        raise FarmError(
            f"the farm database {self.path} is kept locked by another process; try again later"
        )

    def _bare(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=_BUSY_SECONDS)

    def _check_or_create(self, connection: Connection) -> None:
        application = _pragma(connection, "application_id")
        version = _pragma(connection, "user_version")
        content = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
        if not application and not version and not content:
            metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION}")
            connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
        elif application != _APPLICATION:
            raise FarmError(f"{self.path} is not a farm database; name another file")
        elif version != VERSION:
            raise FarmError(
                f"the farm database {self.path} has version {version} where {VERSION} is known; "
                "use the release that made it, or name another file"
            )


def _pragma(connection: Connection, name: str) -> int:
    value: int = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
    return value


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    # A power cut may take the last moments of a demonstration farm, never its consistency.
    connection.execute("PRAGMA synchronous = NORMAL")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
