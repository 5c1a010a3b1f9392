"""Farms: the embedded one, and the link to agents that live inside other render managers."""

from renderbus_core.farm.child import agent_environment, open_child_farm
from renderbus_core.farm.conversion import (
    CLOUD_KEY,
    DEADLINE_KEY,
    Conversion,
    Refusal,
    read_cloud_options,
    read_deadline,
    read_wish,
    same_value,
)
from renderbus_core.farm.direct import DirectFarm
from renderbus_core.farm.link import Link
from renderbus_core.farm.linked import LinkFarm, connect
from renderbus_core.farm.local import CLOUD, Event, JobSpec, LocalFarm, Worker, WorkerPool
from renderbus_core.farm.protocol import (
    Hello,
    LinkClosedError,
    LinkDataError,
    LinkError,
    LinkVersionError,
    RemoteError,
    Result,
    Role,
    Unknown,
)
from renderbus_core.farm.recorded import record_snapshot, recorded_snapshots
from renderbus_core.farm.stdio import open_stdio_farm
from renderbus_core.farm.translators import JobTranslator, Translator, read_job
from renderbus_core.farm.wire import write_job

__all__ = [
    "CLOUD",
    "CLOUD_KEY",
    "DEADLINE_KEY",
    "Conversion",
    "DirectFarm",
    "Event",
    "Hello",
    "JobSpec",
    "JobTranslator",
    "Link",
    "LinkClosedError",
    "LinkDataError",
    "LinkError",
    "LinkFarm",
    "LinkVersionError",
    "LocalFarm",
    "Refusal",
    "RemoteError",
    "Result",
    "Role",
    "Translator",
    "Unknown",
    "Worker",
    "WorkerPool",
    "agent_environment",
    "connect",
    "open_child_farm",
    "open_stdio_farm",
    "read_cloud_options",
    "read_deadline",
    "read_job",
    "read_wish",
    "record_snapshot",
    "recorded_snapshots",
    "same_value",
    "write_job",
]
