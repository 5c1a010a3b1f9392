"""Databases that processes share: opening, versions, transactions, and whose clock counts."""

from renderbus_core.database.database import Database
from renderbus_core.database.design import Design, Migration, sql_migrations
from renderbus_core.database.mounts import network_share
from renderbus_core.database.server import one_at_a_time, shared_time

__all__ = [
    "Database",
    "Design",
    "Migration",
    "network_share",
    "one_at_a_time",
    "shared_time",
    "sql_migrations",
]
