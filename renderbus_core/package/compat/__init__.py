"""The vendor's names for editing and checking packages: a script changes its imports.

`update_task_info`, `append_to_task` and `append_to_upload` of `rayvision_api.utils`,
`cutting_upload` of `rayvision_sync.utils` and `RayvisionCheck` of `rayvision_api.task.check`. What
differs on purpose is listed in `docs/compat.md`.
"""

from renderbus_core.package.compat.check import RayvisionCheck
from renderbus_core.package.compat.edits import (
    append_to_task,
    append_to_upload,
    cutting_upload,
    update_task_info,
)
from renderbus_core.package.compat.errors import CheckError, Code, EditError

__all__ = [
    "CheckError",
    "Code",
    "EditError",
    "RayvisionCheck",
    "append_to_task",
    "append_to_upload",
    "cutting_upload",
    "update_task_info",
]
