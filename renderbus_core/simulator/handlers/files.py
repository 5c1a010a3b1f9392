"""The output storage."""

from __future__ import annotations

from typing import Any

from renderbus_core.simulator.handlers.call import Call
from renderbus_core.simulator.replies import folder_rows


def get_output_files(call: Call) -> list[dict[str, Any]]:
    """List one folder of the account's output storage; one that is not there is empty."""
    files = call.world.outputs[call.account.user_id]
    folder = call.body["treePath"].strip("/")
    if (task_id := call.body.get("taskId")) is not None:
        task = call.submitted(task_id)
        if not task.folder:
            return []
        folder = f"{task.folder}/{folder}".rstrip("/")
    return list(folder_rows(files, folder))
