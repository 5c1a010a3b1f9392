"""The output storage."""

from __future__ import annotations

from typing import Any

from renderbus_core.simulator import fees
from renderbus_core.simulator.handlers.call import Call
from renderbus_core.simulator.replies import folder_rows

__all__ = ["get_output_files"]


def get_output_files(call: Call) -> list[dict[str, Any]]:
    """List one folder of an output storage; one that is not there is empty.

    Without a task it is the caller's own storage, else that of the task's owner.
    """
    owner = call.account
    folder = call.body["treePath"].strip("/")
    if (task_id := call.body.get("taskId")) is not None:
        task = call.submitted(task_id)
        if not task.folder:
            return []
        owner = task.owner
        folder = f"{task.folder}/{folder}".rstrip("/")
    world, lag = call.world, call.settings.listing_lag_seconds
    listed = {
        path: file
        for path, file in world.outputs[owner.user_id].items()
        if world.lived(file.modified_at, call.now) >= lag
    }
    changed: dict[str, Any] = {"isArrears": int(fees.is_in_arrears(call.world, owner, call.now))}
    if not call.settings.list_sizes:
        changed["fileSize"] = None
    return [row | changed for row in folder_rows(listed, folder)]
