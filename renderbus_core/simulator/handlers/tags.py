"""Projects of the account, which the protocol also calls labels, and labels on its tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from renderbus_core.simulator.account_state import label_id
from renderbus_core.simulator.handlers.call import Call
from renderbus_core.simulator.protocol import EMPTY, NOT_FOUND, Refusal
from renderbus_core.simulator.settings import Account
from renderbus_core.simulator.state import FIRST_PROJECT_ID

__all__ = [
    "add_label",
    "add_task_label",
    "delete_label",
    "delete_task_label",
    "get_label_list",
    "get_project_list_by_flag",
]

_EXISTS = 503
_OWN, _WITH_MAIN, _FAMILY = range(3)


def add_label(call: Call) -> None:
    """Create a project; replies cannot tell whether it is on or off, so both are listed."""
    projects = call.state.projects
    name = call.body["newName"]
    if name in projects:
        raise Refusal(_EXISTS, f"newName: {name} exists already")
    projects[name] = FIRST_PROJECT_ID + call.world.project_count
    call.world.project_count += 1


def delete_label(call: Call) -> None:
    """Delete a project; tasks keep its name."""
    name = call.body["delName"]
    if call.state.projects.pop(name, None) is None:
        raise Refusal(NOT_FOUND, f"delName: there is no project {name}")


def get_label_list(call: Call) -> dict[str, Any]:
    """List the account's projects."""
    return _listed(call, [call.account])


def get_project_list_by_flag(call: Call) -> dict[str, Any]:
    """List projects, own ones first: with the main account's, or with all of the family."""
    settings, account = call.settings, call.account
    main = settings.main_of(account) or account
    accounts = {
        _OWN: [account],
        _WITH_MAIN: [account, main],
        _FAMILY: [account, main, *settings.subs_of(main)],
    }
    return _listed(call, accounts[call.body["flag"]])


def _listed(call: Call, accounts: Iterable[Account]) -> dict[str, Any]:
    users = dict.fromkeys(account.user_id for account in accounts)
    rows = [
        {"projectId": number, "projectName": name}
        for user in users
        for name, number in call.world.accounts[user].projects.items()
    ]
    return {"projectNameList": rows}


def add_task_label(call: Call) -> None:
    """Put a text on tasks, reserved ones included; a second time changes nothing."""
    label = call.body["label"]
    for task in [call.own(task_id) for task_id in call.body["taskIds"]]:
        if label not in task.labels:
            task.labels.append(label)


def delete_task_label(call: Call) -> None:
    """Take labels, by name or id, off tasks; ids alone take them off all tasks of the caller."""
    names, ids = set(call.body.get("labelNames", ())), set(call.body.get("labelIds", ()))
    if not names and not ids:
        raise Refusal(EMPTY, "labelNames: is missing; name labels, or give their labelIds")
    task_ids = call.body.get("taskIds")
    if names and not task_ids:
        raise Refusal(EMPTY, "taskIds: is missing; only labelIds can do without")
    tasks = [call.own(task_id) for task_id in task_ids] if task_ids else list(call.tasks())
    for task in tasks:
        # In place: a shell and its leaves have one list.
        task.labels[:] = [
            label for label in task.labels if label not in names and label_id(label) not in ids
        ]
