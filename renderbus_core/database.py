"""Opening a database that several processes share, and transactions on it.

SQLite files are private to their owner, in WAL mode, marked as ours and versioned. Writing
transactions take the write lock when they begin: one that reads first and writes later can then
never fail half-way because somebody else wrote meanwhile.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tenacity
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    MetaData,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from renderbus_core.errors import MissingDependencyError, RenderbusError

_POSTGRES = "postgresql+psycopg"
_BUSY_SECONDS = 30.0
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Design:
    """What a kind of database is.

    Args:
        name: for people, for example `farm database`.
        metadata: its tables.
        version: of the tables.
        mark: marks SQLite files of this kind in their header, 32 bits.
        durable: whether a power cut may take nothing; else only the last moments.
        error: raised when it cannot be used.
    """

    name: str
    metadata: MetaData
    version: int
    mark: int
    durable: bool
    error: type[RenderbusError]


class Database:
    """A database of one design; its tables are created when it is new.

    Args:
        url: SQLAlchemy URL; the folder of an SQLite file exists and lies on a disk of this host.
        design: what it is.

    Raises:
        RenderbusError: of the design's kind: it is something else, of another version, or cannot
            be used.
    """

    def __init__(self, url: str | URL, design: Design) -> None:
        self._url = _with_driver(make_url(url))
        self._design = design
        self._file = self._sqlite_file()
        if self._file is None:
            engine = _server(self._url)
        else:
            # Transactions begin where we say so: sqlite3's own begin late and not immediate.
            arguments = {"isolation_level": None, "timeout": _BUSY_SECONDS}
            engine = create_engine(self._url, connect_args=arguments)
            event.listen(engine, "connect", self._prepare)
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
        """Give a connection that sees the database at one moment."""
        with self._transaction(self._reader) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are committed unless the block raises.

        An `IntegrityError` of SQLAlchemy passes: it is an answer, not a fault.
        """
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
        except IntegrityError:
            raise
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            cause = getattr(error, "orig", None) or getattr(error, "strerror", None) or error
            need = (
                "it must be a server that answers"
                if self._file is None
                else "it must be a readable and writable SQLite file on a local disk with room left"
            )
            first = str(cause).partition("\n")[0]
            raise self._design.error(
                f"the {self._design.name} {self._place} cannot be used ({first}); {need}"
            ) from error

    def _sqlite_file(self) -> Path | None:
        if self._url.get_backend_name() != "sqlite":
            return None
        return Path(self._url.database or "").absolute()

    @property
    def _place(self) -> str:
        return str(self._file or self._url.render_as_string(hide_password=True))

    def _open(self) -> None:
        if self._file is None:
            with self.writing() as connection:
                self._design.metadata.create_all(connection)
            return
        with self._explained():
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, _OWNER_ONLY))
        with self.writing() as connection:
            self._check_or_create(connection)
        with self._explained():
            mode = _journal_mode(self._file)
        if mode != "wal":
            raise self._design.error(
                f"the {self._design.name} {self._place} lies where processes cannot share it "
                f"(journal mode {mode}); put it on a local disk"
            )

    def _check_or_create(self, connection: Connection) -> None:
        design = self._design
        mark, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
        content = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
        if not mark and not version and not content:
            design.metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA application_id = {design.mark}")
            connection.exec_driver_sql(f"PRAGMA user_version = {design.version}")
        elif mark != design.mark:
            raise design.error(f"{self._place} is not a {design.name}; name another file")
        elif version != design.version:
            raise design.error(
                f"the {design.name} {self._place} has version {version} where {design.version} is "
                "known; use the release that made it, or name another file"
            )

    def _prepare(self, connection: sqlite3.Connection, _record: Any) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        level = "FULL" if self._design.durable else "NORMAL"
        connection.execute(f"PRAGMA synchronous = {level}")


@tenacity.retry(
    retry=tenacity.retry_if_exception(lambda error: "locked" in str(error)),
    stop=tenacity.stop_after_delay(_BUSY_SECONDS),
    wait=tenacity.wait_random(0.01, 0.1),
    reraise=True,
)
def _journal_mode(file: Path) -> str:
    """Switch the journal to WAL; SQLite itself does not wait here while others open the file."""
    # The journal changes only between transactions, hence on a connection of its own.
    with closing(sqlite3.connect(file, timeout=_BUSY_SECONDS)) as raw:
        mode: str = raw.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    return mode


def _with_driver(url: URL) -> URL:
    """Return the URL with the driver that our extra installs, where none is named."""
    named = "+" in url.drivername
    return url if named or url.drivername != "postgresql" else url.set(drivername=_POSTGRES)


def _server(url: URL) -> Engine:
    try:
        return create_engine(url)
    except ModuleNotFoundError as error:
        raise MissingDependencyError("a PostgreSQL store needs psycopg", "postgres") from error


def _pragma(connection: Connection, name: str) -> int:
    value: int = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
    return value


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
