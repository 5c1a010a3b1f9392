"""The Renderbus API: one table of operations, signed calls, and replies as values."""

from renderbus_core.api import signing
from renderbus_core.api.client import Client
from renderbus_core.api.model import (
    CreatedTasks,
    OutputFile,
    RemoteFrame,
    RemoteTask,
    TransferBids,
    UserProfile,
)
from renderbus_core.api.operations import AfterUnknown, Operation, Profile, operations, routes
from renderbus_core.api.session import Endpoint, Seams

__all__ = [
    "AfterUnknown",
    "Client",
    "CreatedTasks",
    "Endpoint",
    "Operation",
    "OutputFile",
    "Profile",
    "RemoteFrame",
    "RemoteTask",
    "Seams",
    "TransferBids",
    "UserProfile",
    "operations",
    "routes",
    "signing",
]
