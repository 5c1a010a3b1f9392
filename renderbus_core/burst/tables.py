"""Tables of the burst store; the same on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from renderbus_core.columns import ExactDecimal, Frames, Moment
from renderbus_core.database import Design
from renderbus_core.errors import StoreError

metadata = MetaData()

bursts = Table(
    "bursts",
    metadata,
    Column("id", String, primary_key=True),
    Column("farm", String, nullable=False),
    Column("job", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("remote_id", BigInteger),
    Column("claim_epoch", Integer, nullable=False, default=0),
    Column("estimate", ExactDecimal),
    Column("currency", String),
    Column("spent", ExactDecimal, nullable=False),
    Column("submits", Integer, nullable=False, default=0),
    Column("absences", Integer, nullable=False, default=0),
    Column("recall", Text),
    Column("since", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
)

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
    Column("reason", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("sent", Boolean, nullable=False),
    Column("stopped_since", Moment),
)

# No local task is ever in two bursts that are still at work.
Index(
    "one_live_burst_per_task",
    tasks.c.farm,
    tasks.c.job,
    tasks.c.task,
    unique=True,
    sqlite_where=text("live"),
    postgresql_where=text("live"),
)

outputs = Table(
    "outputs",
    metadata,
    Column("burst", ForeignKey("bursts.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("frame", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("listings", Integer, nullable=False),
    Column("local", Text, nullable=False),
    Column("collected", Boolean, nullable=False),
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
    Column("id", Integer, primary_key=True),
    Column("lease", String, nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("details", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Column("result", Text),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("burst", String, nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("subject", String, nullable=False),
    Column("change", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

# Intents are promises about the outside world: not one may be lost. ("RbBS")
DESIGN = Design("burst store", metadata, 1, 0x52624253, durable=True, error=StoreError)
