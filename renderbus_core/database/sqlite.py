"""SQLite files: private to their owner, marked as ours, in WAL mode, on a disk of this host."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import tenacity
from sqlalchemy import URL, Connection, Engine, create_engine, event

from renderbus_core.database.design import Design
from renderbus_core.database.mounts import network_share

_BUSY_SECONDS = 30.0
_OWNER_ONLY = 0o600


class SqliteFile:
    """One file.

    Writing transactions take the write lock when they begin: one that reads first and writes later
    can then never fail half-way because somebody else wrote meanwhile.

    Args:
        url: SQLAlchemy URL; the folder of the file exists.
        design: what it is.
    """

    need = "it must be a readable and writable SQLite file on a local disk with room left"

    def __init__(self, url: URL, design: Design) -> None:
        self._design = design
        self._file = Path(url.database or "").absolute()
        # Transactions begin where we say so: sqlite3's own begin late and not immediate.
        arguments = {"isolation_level": None, "timeout": _BUSY_SECONDS}
        self.reader: Engine = create_engine(url, connect_args=arguments)
        event.listen(self.reader, "connect", self._prepare)
        event.listen(self.reader, "begin", _begin)
        self.writer: Engine = self.reader.execution_options(begin="BEGIN IMMEDIATE")

    @property
    def place(self) -> str:
        """The file, for people."""
        return str(self._file)

    def before_use(self) -> None:
        """Create the file, readable for its owner only; refuse shares where data is at stake."""
        share = network_share(self._file) if self._design.durable else None
        if share is not None:
            raise self._design.error(
                f"the {self._design.name} {self.place} lies on a network share ({share}), where "
                "SQLite can lose what several hosts write; put it on a local disk of the one host "
                "that uses it, or on PostgreSQL"
            )
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, _OWNER_ONLY))

    def after_migration(self) -> None:
        """Switch to WAL, so that readers and a writer do not wait for each other."""
        mode = _journal_mode(self._file)
        if mode != "wal":
            raise self._design.error(
                f"the {self._design.name} {self.place} lies where processes cannot share it "
                f"(journal mode {mode}); put it on a local disk"
            )

    def version(self, connection: Connection) -> int:
        """Read the version; 0 for an empty file."""
        mark, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
        content = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
        if mark != self._design.mark and (mark or version or content):
            raise self._design.error(
                f"{self.place} is not a {self._design.name}; name another file"
            )
        return version

    def set_version(self, connection: Connection, version: int) -> None:
        """Write mark and version into the header, in the transaction."""
        connection.exec_driver_sql(f"PRAGMA application_id = {self._design.mark}")
        connection.exec_driver_sql(f"PRAGMA user_version = {version}")

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


def _pragma(connection: Connection, name: str) -> int:
    value: int = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
    return value


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
