"""The Renderbus API: one table of operations, signed calls, and replies as values.

Values of replies are imported when they are first named or come: most programs need few of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderbus_core.api import signing
from renderbus_core.api.client import Client
from renderbus_core.api.operations import AfterUnknown, Operation, Profile, operations, routes
from renderbus_core.api.session import Endpoint, Seams

if TYPE_CHECKING:
    from renderbus_core.api.model import (
        CreatedTasks,
        EngineAccount,
        ErrorDetail,
        FrameStats,
        HardwareConfig,
        LoginRecord,
        LogPage,
        OperationRecord,
        OutputFile,
        PackNode,
        Page,
        Platform,
        Plugin,
        PluginVersion,
        ProcessingPictures,
        Project,
        RaysyncKey,
        RemoteFrame,
        RemoteTask,
        RenderEnv,
        ServerInfo,
        Software,
        SoftwareVersion,
        SupportedPlugins,
        SupportedSoftware,
        TransferBids,
        TransferConfig,
        TransferEngine,
        TransferLine,
        UserProfile,
        UserSetting,
    )

__all__ = [
    "AfterUnknown",
    "Client",
    "CreatedTasks",
    "Endpoint",
    "EngineAccount",
    "ErrorDetail",
    "FrameStats",
    "HardwareConfig",
    "LogPage",
    "LoginRecord",
    "Operation",
    "OperationRecord",
    "OutputFile",
    "PackNode",
    "Page",
    "Platform",
    "Plugin",
    "PluginVersion",
    "ProcessingPictures",
    "Profile",
    "Project",
    "RaysyncKey",
    "RemoteFrame",
    "RemoteTask",
    "RenderEnv",
    "Seams",
    "ServerInfo",
    "Software",
    "SoftwareVersion",
    "SupportedPlugins",
    "SupportedSoftware",
    "TransferBids",
    "TransferConfig",
    "TransferEngine",
    "TransferLine",
    "UserProfile",
    "UserSetting",
    "operations",
    "routes",
    "signing",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    from renderbus_core.api import model  # noqa: PLC0415 - see the module

    value = globals()[name] = getattr(model, name)
    return value
