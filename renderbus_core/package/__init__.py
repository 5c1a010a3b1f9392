"""The four documents of a task: what must be in them, building them, and judging them."""

from renderbus_core.package.account import Account
from renderbus_core.package.assembly import assemble
from renderbus_core.package.assets import Resolved
from renderbus_core.package.builder import build
from renderbus_core.package.dcc import Program, Tiles, program, programs
from renderbus_core.package.documents import Documents, TaskPackage, with_identity
from renderbus_core.package.edit import (
    append_to_task,
    append_to_upload,
    cut_upload,
    update_task_info,
)
from renderbus_core.package.findings import (
    Finding,
    Group,
    Place,
    Severity,
    grouped,
    worst_first,
)
from renderbus_core.package.folder import md5_of, read, read_documents, save, texts, write
from renderbus_core.package.judgement import check
from renderbus_core.package.limits import Limits, time_limits
from renderbus_core.package.listing import assets_at
from renderbus_core.package.offer import Offer
from renderbus_core.package.outputs import OutputMap, OutputPair, check_output, output_map
from renderbus_core.package.pictures import CloudPicture, Spelling, cloud_pictures
from renderbus_core.package.preflight import preflight
from renderbus_core.package.request import (
    BurstRequest,
    Hardware,
    PriorityFrames,
    Software,
    render_system,
)
from renderbus_core.package.review import is_package, review
from renderbus_core.package.software import rendered_with
from renderbus_core.package.supported import system_of
from renderbus_core.package.tips import Explanation, codes_of

__all__ = [
    "Account",
    "BurstRequest",
    "CloudPicture",
    "Documents",
    "Explanation",
    "Finding",
    "Group",
    "Hardware",
    "Limits",
    "Offer",
    "OutputMap",
    "OutputPair",
    "Place",
    "PriorityFrames",
    "Program",
    "Resolved",
    "Severity",
    "Software",
    "Spelling",
    "TaskPackage",
    "Tiles",
    "append_to_task",
    "append_to_upload",
    "assemble",
    "assets_at",
    "build",
    "check",
    "check_output",
    "cloud_pictures",
    "codes_of",
    "cut_upload",
    "grouped",
    "is_package",
    "md5_of",
    "output_map",
    "preflight",
    "program",
    "programs",
    "read",
    "read_documents",
    "render_system",
    "rendered_with",
    "review",
    "save",
    "system_of",
    "texts",
    "time_limits",
    "update_task_info",
    "with_identity",
    "worst_first",
    "write",
]
