"""Tables of the embedded farm."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.types import TypeDecorator

from renderbus_core.columns import Frames, Moment, Options
from renderbus_core.database import Design
from renderbus_core.errors import FarmError
from renderbus_core.jobs import CloudWish, IntentKind, JobId, LocalState

_JOB_ID = re.compile(r"job-([1-9][0-9]{0,17})")


def job_number(job: JobId) -> int:
    """Return the number of a job; 0, which no job has, for an id that is none of ours."""
    found = _JOB_ID.fullmatch(job)
    return int(found[1]) if found else 0


class JobKey(TypeDecorator[JobId]):
    """A job's id is `job-` and its number."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: JobId | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn the id into the number."""
        return None if value is None else job_number(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> JobId | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn the number into the id."""
        return None if value is None else JobId(f"job-{value}")


def _words(kind: type[StrEnum]) -> Enum:
    return Enum(
        kind, native_enum=False, values_callable=lambda members: [one.value for one in members]
    )


metadata = MetaData()

# Workers that jobs are for. Many jobs share one, so that telling which of them a worker may take
# is a look at few rows, however many jobs there are.
audiences = Table(
    "audiences",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pools", JSON, nullable=False),
    Column("groups", JSON, nullable=False),
    UniqueConstraint("pools", "groups"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", JobKey, primary_key=True),
    Column("name", Text, nullable=False),
    Column("dcc", Text, nullable=False),
    Column("scene", Text, nullable=False),
    Column("outputs", JSON, nullable=False),
    Column("frames", Frames, nullable=False),
    Column("command", JSON, nullable=False),
    Column("user", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("submitted_at", Moment, nullable=False),
    Column("project", Text, nullable=False),
    Column("layer", Text, nullable=False),
    Column("deadline", Moment),
    Column("department", Text, nullable=False, server_default=""),
    Column("cloud", _words(CloudWish), nullable=False, server_default=CloudWish.UNSAID.value),
    Column("options", Options, nullable=False, server_default="{}"),
    # Empty for all workers.
    Column("audience", Integer, ForeignKey("audiences.id")),
    # An id is never given twice, so that nothing meant for a deleted job meets a new one.
    sqlite_autoincrement=True,
)
# The audience is in it so that jobs for other workers are passed over without a look at the jobs.
_in_order = Index("jobs_in_order", jobs.c.priority.desc(), jobs.c.id, jobs.c.audience)

tasks = Table(
    "tasks",
    metadata,
    Column("job", JobKey, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("frames", Frames, nullable=False),
    Column("state", _words(LocalState), nullable=False),
    Column("burst", Text),
    Column("claim_epoch", Integer),
    Column("worker", Text, nullable=False, default=""),
    # Which life of which worker renders it.
    Column("session", Integer),
    # Renders begun, and those that went wrong since the task was last queued by a person.
    Column("runs", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("error", Text, nullable=False, default=""),
    sqlite_with_rowid=False,
)
Index("tasks_in_order", tasks.c.job, tasks.c.state, tasks.c.position)
Index("tasks_by_session", tasks.c.session, sqlite_where=tasks.c.session.is_not(None))

# What bursts note on jobs for people.
notes = Table(
    "notes",
    metadata,
    Column("job", JobKey, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("burst", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Without a foreign key: the history of a job outlives it.
events = Table(
    "events",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("job", JobKey, nullable=False),
    Column("task", Text, nullable=False),
    Column("before", _words(LocalState)),
    Column("after", _words(LocalState)),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
Index("events_by_job", events.c.job)

# What people asked and did that the bridge has not acknowledged; outlives the job as well.
intents = Table(
    "intents",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("job", JobKey, nullable=False),
    Column("kind", _words(IntentKind), nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("frames", Frames),
    Column("note", Text, nullable=False),
    # A number is never given twice: acknowledging twice must not meet a newer one.
    sqlite_autoincrement=True,
)

# One row per life of a worker: two of the same name never take each other's tasks.
workers = Table(
    "workers",
    metadata,
    Column("session", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("beat_at", Moment, nullable=False),
    # Each in alphabetical order, so that workers of the same ones are counted together.
    Column("pools", JSON, nullable=False, server_default="[]"),
    Column("groups", JSON, nullable=False, server_default="[]"),
    sqlite_autoincrement=True,
)


def _add_deadlines(connection: Connection) -> None:
    """Let jobs have a deadline."""
    _add_columns(connection, "jobs", {"deadline": "BIGINT"})


def _add_pools(connection: Connection) -> None:
    """Let jobs and workers have pools and groups, and jobs a department and a cloud key."""
    metadata.create_all(connection)
    of_jobs = {
        "department": "TEXT DEFAULT '' NOT NULL",
        "cloud": "VARCHAR(7) DEFAULT '' NOT NULL",
        "audience": "INTEGER REFERENCES audiences (id)",
    }
    _add_columns(connection, "jobs", of_jobs)
    names = dict.fromkeys(("pools", "groups"), "JSON DEFAULT '[]' NOT NULL")
    _add_columns(connection, "workers", names)
    _in_order.drop(connection)
    _in_order.create(connection)


def _add_options(connection: Connection) -> None:
    """Let jobs say what they want of the cloud."""
    _add_columns(connection, "jobs", {"options": "TEXT DEFAULT '{}' NOT NULL"})


def _add_columns(connection: Connection, table: str, columns: Mapping[str, str]) -> None:
    """Add those that are missing; a new farm, made with all columns of today, has them already."""
    known = {column["name"] for column in inspect(connection).get_columns(table)}
    for name, kind in columns.items():
        if name not in known:
            connection.execute(text(f'ALTER TABLE {table} ADD COLUMN "{name}" {kind}'))


# Version 2 added a table, which is all there is to make of version 1. A power cut may take the last
# moments of a demonstration farm, never its consistency. ("RbLF")
DESIGN = Design(
    "farm database",
    0x52624C46,
    (metadata.create_all, metadata.create_all, _add_deadlines, _add_pools, _add_options),
    durable=False,
    error=FarmError,
)
