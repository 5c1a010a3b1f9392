"""What a kind of database is, and the numbered steps that lead to it from any older version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources

from sqlalchemy import Connection

from renderbus_core.errors import RenderbusError

Migration = Callable[[Connection], None]
"""One step from a version to the next, inside the transaction that takes all of them."""


@dataclass(frozen=True, slots=True)
class Design:
    """What a kind of database is.

    Args:
        name: for people, for example `farm database`.
        mark: marks databases of this kind, 31 bits; SQLite files bear it in their header.
        migrations: the first makes the tables of version 1, each other one goes one version up.
        durable: whether a power cut may take nothing; else only the last moments.
        error: raised when it cannot be used.
        landmark: a table of version 1, by which it is known on servers, where that version was
            not written down; "" when it was never kept on one.
    """

    name: str
    mark: int
    migrations: Sequence[Migration]
    durable: bool
    error: type[RenderbusError]
    landmark: str = ""

    @property
    def version(self) -> int:
        """Version this release works with."""
        return len(self.migrations)


def sql_migrations(package: str, versions: int) -> tuple[Migration, ...]:
    """Return the migrations that a package keeps as `migrations/0001.sqlite.sql` and so on.

    There is one file per version and kind of database; an empty line ends a statement.

    Args:
        package: dotted name.
        versions: how many there are.
    """
    return tuple(partial(_run_file, package, number) for number in range(1, versions + 1))


def _run_file(package: str, number: int, connection: Connection) -> None:
    name = f"{number:04d}.{connection.dialect.name}.sql"
    text = resources.files(package).joinpath("migrations", name).read_text(encoding="utf-8")
    for statement in text.split("\n\n"):
        connection.exec_driver_sql(statement)
