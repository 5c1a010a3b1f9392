"""One database: opened at the version of this release, and transactions on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from renderbus_core.database.design import Design
from renderbus_core.database.server import Server, one_at_a_time
from renderbus_core.database.sqlite import SqliteFile


class Database:
    """A database of one design; a new one is made, an older one is brought up to date.

    Args:
        url: SQLAlchemy URL; the folder of an SQLite file exists and lies on a disk of this host.
        design: what it is.

    Raises:
        RenderbusError: of the design's kind: it is something else, of a newer version, or cannot
            be used.
    """

    def __init__(self, url: str | URL, design: Design) -> None:
        self._design = design
        place = make_url(url)
        kind = SqliteFile if place.get_backend_name() == "sqlite" else Server
        self._backend: SqliteFile | Server = kind(place, design)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees the database at one moment."""
        with self._transaction(self._backend.reader) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are committed unless the block raises.

        An `IntegrityError` of SQLAlchemy passes: it is an answer, not a fault.
        """
        with self._transaction(self._backend.writer) as connection:
            yield connection

    def close(self) -> None:
        """Close what is open; the database opens again when it is used again."""
        self._backend.reader.dispose()

    def _open(self) -> None:
        with self._explained():
            self._backend.before_use()
        with self.reading() as connection:
            found = self._known_version(connection)
        if found < self._design.version:
            self._migrate()
        with self._explained():
            self._backend.after_migration()

    def _migrate(self) -> None:
        """Go up to our version in one transaction; of several processes the first one does it."""
        try:
            with self.writing() as connection:
                one_at_a_time(connection, f"renderbus migration {self._design.mark}")
                for step in self._design.migrations[self._known_version(connection) :]:
                    step(connection)
                self._backend.set_version(connection, self._design.version)
        except IntegrityError as error:
            raise self._design.error(
                f"the {self._design.name} {self._backend.place} holds what its newer version "
                f"forbids ({_first_line(error.orig)}), so it stays as it is; report it with a copy"
            ) from error

    def _known_version(self, connection: Connection) -> int:
        found = self._backend.version(connection)
        if found > self._design.version:
            raise self._design.error(
                f"the {self._design.name} {self._backend.place} has version {found} where "
                f"{self._design.version} is known; use the release that wrote it, or a newer one"
            )
        return found

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
            raise self._design.error(
                f"the {self._design.name} {self._backend.place} cannot be used "
                f"({_first_line(cause)}); {self._backend.need}"
            ) from error


def _first_line(cause: object) -> str:
    return str(cause).partition("\n")[0]
