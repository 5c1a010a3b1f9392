"""Tables of the burst store; the same on SQLite and PostgreSQL.

They are made by the numbered files in `migrations`; a test holds both to the same columns.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
)

from renderbus_core.columns import ExactDecimal, Frames, Moment, Options, Prose
from renderbus_core.database import Design, sql_migrations
from renderbus_core.errors import StoreError

metadata = MetaData()

bursts = Table(
    "bursts",
    metadata,
    Column("id", String, primary_key=True),
    Column("farm", String, nullable=False),
    Column("job", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Prose, nullable=False),
    # Unique among bursts that are at work.
    Column("remote_id", BigInteger),
    Column("claim_epoch", Integer, nullable=False),
    Column("estimate", ExactDecimal),
    Column("currency", String),
    # Held back of the budget until the burst is over.
    Column("reserved", ExactDecimal, nullable=False),
    Column("spent", ExactDecimal, nullable=False),
    Column("submits", Integer, nullable=False),
    Column("absences", Integer, nullable=False),
    Column("absent_at", Moment),
    # Why all of it is to come back.
    Column("recall", Prose),
    # A person lets the frames go on that wait behind the test frames.
    Column("approved", Boolean, nullable=False),
    # Since when they have been waiting for that; null while they are not.
    Column("waiting_since", Moment),
    Column("kind", String, nullable=False),
    # Whose budget it takes from.
    Column("artist", String, nullable=False),
    Column("project", String, nullable=False),
    # What the job wanted of the cloud when the burst was planned.
    Column("options", Options, nullable=False),
    # The cloud hides what it charges: what was spent is reckoned from render times.
    Column("reckoned", Boolean, nullable=False),
    Column("since", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
)

# Farm, job and task are unique among rows that are live.
tasks = Table(
    "tasks",
    metadata,
    Column("burst", ForeignKey("bursts.id"), primary_key=True),
    Column("task", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("farm", String, nullable=False),
    Column("job", String, nullable=False),
    Column("frames", Frames, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Prose, nullable=False),
    Column("since", Moment, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("sent", Boolean, nullable=False),
    # What the cloud said of its frames last, and since when.
    Column("remote", String),
    Column("remote_since", Moment),
    # What a person, or the engine itself, wants of it.
    Column("asked", String, nullable=False),
    Column("asked_why", Prose, nullable=False),
)

uploads = Table(
    "uploads",
    metadata,
    Column("burst", ForeignKey("bursts.id"), primary_key=True),
    Column("server", String, primary_key=True),
    Column("local", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
)

remote_tasks = Table(
    "remote_tasks",
    metadata,
    Column("burst", ForeignKey("bursts.id"), primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("status", Integer, nullable=False),
    Column("counts", String, nullable=False),
    Column("at", Moment, nullable=False),
)

remote_frames = Table(
    "remote_frames",
    metadata,
    Column("burst", String, primary_key=True),
    Column("leaf", BigInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("frames", Frames, nullable=False),
    Column("situation", String, nullable=False),
    Column("note", Prose, nullable=False),
    # Machine of the cloud that has it, or had it last.
    Column("node", Prose, nullable=False),
)

outputs = Table(
    "outputs",
    metadata,
    Column("burst", ForeignKey("bursts.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("frame", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("listings", Integer, nullable=False),
    Column("local", String, nullable=False),
    Column("collected", Boolean, nullable=False),
    # Of the file that the burst put there last.
    Column("stamp", String),
    Column("problem", Prose),
    Column("refusals", Integer, nullable=False),
)

strays = Table(
    "strays",
    metadata,
    Column("burst", ForeignKey("bursts.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("listings", Integer, nullable=False),
    Column("why", Prose, nullable=False),
    Column("local", String),
)

# Whether a farm's way to the cloud takes new bursts; a farm without a row does.
routes = Table(
    "routes",
    metadata,
    Column("farm", String, primary_key=True),
    Column("drained", Boolean, nullable=False),
    Column("why", Prose, nullable=False),
    Column("who", Prose, nullable=False),
    Column("at", Moment, nullable=False),
)

# What probes came to.
probes = Table(
    "probes",
    metadata,
    Column("burst", ForeignKey("bursts.id"), primary_key=True),
    Column("scene", String, nullable=False),
    Column("stamp", String, nullable=False),
    Column("software", Prose, nullable=False),
    Column("alike", Boolean),
    Column("why", Prose, nullable=False),
    Column("at", Moment, nullable=False),
)

# What the policy said of the jobs it looked at last.
answers = Table(
    "answers",
    metadata,
    Column("farm", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("job", String, nullable=False),
    Column("name", Prose, nullable=False),
    Column("verdict", String, nullable=False),
    Column("why", Prose, nullable=False),
    Column("at", Moment, nullable=False),
)

# How long a task of a program took on local workers, as the queue showed it last.
programs = Table(
    "programs",
    metadata,
    Column("farm", String, primary_key=True),
    Column("program", String, primary_key=True),
    Column("seconds", Float, nullable=False),
    Column("at", Moment, nullable=False),
)

# Since when a farm's pools overflow; those that do not have no row.
overflows = Table(
    "overflows",
    metadata,
    Column("farm", String, primary_key=True),
    Column("pool", String, primary_key=True),
    Column("since", Moment, nullable=False),
)

# Signs of life, one row for each process that carries bursts.
gateways = Table(
    "gateways",
    metadata,
    Column("owner", String, primary_key=True),
    Column("farm", String, nullable=False),
    Column("version", String, nullable=False),
    Column("bursts", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

effects = Table(
    "effects",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("lease", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("claim_epoch", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("details", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Column("result", Prose),
)

# The database refuses to change or remove a row.
events = Table(
    "events",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("burst", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", Prose, nullable=False),
    Column("subject", String, nullable=False),
    Column("before", String),
    Column("after", String, nullable=False),
    Column("reason", Prose, nullable=False),
)

# Intents are promises about the outside world: not one may be lost. ("RbBS")
DESIGN = Design(
    "burst store",
    0x52624253,
    sql_migrations("renderbus_core.burst", versions=6),
    durable=True,
    error=StoreError,
    landmark=bursts.name,
)
