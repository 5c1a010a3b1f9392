"""The four documents of a task: what must be in them, building them, and judging them."""

from renderbus_core.package.assembly import assemble
from renderbus_core.package.assets import Resolved
from renderbus_core.package.builder import build
from renderbus_core.package.dcc import Program, program, programs
from renderbus_core.package.documents import Documents, TaskPackage, with_identity
from renderbus_core.package.findings import Finding, Severity, worst_first
from renderbus_core.package.folder import md5_of, read, read_documents, texts, write
from renderbus_core.package.judgement import check
from renderbus_core.package.limits import Limits, time_limits
from renderbus_core.package.outputs import (
    CloudPicture,
    OutputMap,
    OutputPair,
    cloud_pictures,
    output_map,
)
from renderbus_core.package.preflight import preflight
from renderbus_core.package.request import BurstRequest

__all__ = [
    "BurstRequest",
    "CloudPicture",
    "Documents",
    "Finding",
    "Limits",
    "OutputMap",
    "OutputPair",
    "Program",
    "Resolved",
    "Severity",
    "TaskPackage",
    "assemble",
    "build",
    "check",
    "cloud_pictures",
    "md5_of",
    "output_map",
    "preflight",
    "program",
    "programs",
    "read",
    "read_documents",
    "texts",
    "time_limits",
    "with_identity",
    "worst_first",
    "write",
]
