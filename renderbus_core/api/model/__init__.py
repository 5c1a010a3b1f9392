"""What the cloud's replies say, as values; the raw reply is always reachable."""

from renderbus_core.api.model.account import (
    LoginRecord,
    OperationRecord,
    RaysyncKey,
    TransferBids,
    UserProfile,
    UserSetting,
)
from renderbus_core.api.model.frame import GrabbedPicture, ProcessingPictures, RemoteFrame
from renderbus_core.api.model.page import LogPage, Page
from renderbus_core.api.model.platform import (
    ErrorDetail,
    HardwareConfig,
    PackNode,
    Platform,
    Plugin,
    PluginVersion,
    RenderEnv,
    Software,
    SoftwareVersion,
    SupportedPlugins,
    SupportedSoftware,
    UnsupportedVersion,
)
from renderbus_core.api.model.task import CreatedTasks, FrameStats, Project, ProjectList, RemoteTask
from renderbus_core.api.model.transfer import (
    EngineAccount,
    OutputFile,
    RaysyncServer,
    ServerInfo,
    SubUserOutput,
    TransferConfig,
    TransferEngine,
    TransferLine,
)
from renderbus_core.api.model.wire import Wire

__all__ = [
    "CreatedTasks",
    "EngineAccount",
    "ErrorDetail",
    "FrameStats",
    "GrabbedPicture",
    "HardwareConfig",
    "LogPage",
    "LoginRecord",
    "OperationRecord",
    "OutputFile",
    "PackNode",
    "Page",
    "Platform",
    "Plugin",
    "PluginVersion",
    "ProcessingPictures",
    "Project",
    "ProjectList",
    "RaysyncKey",
    "RaysyncServer",
    "RemoteFrame",
    "RemoteTask",
    "RenderEnv",
    "ServerInfo",
    "Software",
    "SoftwareVersion",
    "SubUserOutput",
    "SupportedPlugins",
    "SupportedSoftware",
    "TransferBids",
    "TransferConfig",
    "TransferEngine",
    "TransferLine",
    "UnsupportedVersion",
    "UserProfile",
    "UserSetting",
    "Wire",
]
