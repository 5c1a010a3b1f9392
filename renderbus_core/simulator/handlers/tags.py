"""Projects of the account, and labels on its tasks."""

from __future__ import annotations

from typing import Any

from renderbus_core.simulator.handlers.call import Call
from renderbus_core.simulator.protocol import Refusal
from renderbus_core.simulator.state import FIRST_PROJECT_ID

_EXISTS = 503


def add_label(call: Call) -> None:
    """Create a project, which the protocol calls a label."""
    projects = call.world.projects[call.account.user_id]
    name = call.body["newName"]
    if name in projects:
        raise Refusal(_EXISTS, f"newName: {name} exists already")
    projects[name] = FIRST_PROJECT_ID + call.world.project_count
    call.world.project_count += 1


def get_project_list(call: Call) -> dict[str, Any]:
    """List projects; every account here stands alone, so all flags mean the same."""
    projects = call.world.projects[call.account.user_id]
    rows = [{"projectId": number, "projectName": name} for name, number in projects.items()]
    return {"projectNameList": rows}


def add_task_label(call: Call) -> None:
    """Put a text on tasks, reserved ones included; a second time changes nothing."""
    label = call.body["label"]
    for task in [call.own(task_id) for task_id in call.body["taskIds"]]:
        if label not in task.labels:
            task.labels.append(label)
