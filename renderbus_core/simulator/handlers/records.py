"""The logs of an account: what it did to tasks, and when it came in.

A main account's logs have the entries of its sub-accounts too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from renderbus_core.api import Operation
from renderbus_core.codes import cloud_codes
from renderbus_core.simulator.account_state import AccountState, Deed, Login
from renderbus_core.simulator.handlers.call import Call, number
from renderbus_core.simulator.protocol import CHINA, INVALID, SUCCESS, Refusal, milliseconds
from renderbus_core.simulator.replies import DATE_FORMAT, alias, page
from renderbus_core.simulator.settings import Account

__all__ = ["login_record", "task_record"]

_T = TypeVar("_T", Deed, Login)

_DAY_FORMAT = "%Y-%m-%d"
_CHANNEL = "4"
# No source tells which of 1 to 4 stands for callers of the API.
_OF_THE_API = 4
_ADDRESS = "127.0.0.1"
_BUTTONS: Mapping[str, str] = {
    "submit_task": "btn_submit",
    "stop_task": "btn_stop",
    "start_task": "btn_start",
    "abort_task": "btn_abandon",
    "delete_task": "btn_delete",
    "full_speed": "btn_full_speed",
    "restart_failed_frames": "btn_restart",
    "restart_frame": "btn_restart_frame",
    "stop_task_frames": "btn_stop_frame",
    "set_task_overtime_stop": "btn_over_time_stop",
    "update_task_user_level": "btn_level",
    "update_task_limit": "btn_limit",
    "edit_task_hardware_config": "btn_hardware",
    "add_task_label": "btn_add_label",
    "delete_task_label": "btn_delete_label",
}
"""What is written down, and its name in the log: only `btn_restart` is in a source."""


def note(call: Call, operation: Operation, path: str) -> None:
    """Write down what was done to tasks, when the operation does something to tasks.

    Args:
        call: that succeeded.
        operation: what it asked for.
        path: that was called.
    """
    if operation.name not in _BUTTONS:
        return
    body = call.body
    task_ids = body.get("taskIds") or ([body["taskId"]] if "taskId" in body else ())
    call.state.deeds.append(
        Deed(
            at=call.now,
            operation=operation.name,
            path=path,
            task_ids=tuple(number(task_id, "taskIds") for task_id in task_ids),
            parameters=json.dumps(dict(body), ensure_ascii=False),
        )
    )


def task_record(call: Call) -> dict[str, Any]:
    """Read one page of what was done to tasks, newest first."""
    deeds = [(user, deed) for user in _users(call) for deed in _state(call, user).deeds]
    return _page(call, deeds, _deed_row)


def _deed_row(call: Call, user: Account, deed: Deed) -> dict[str, Any]:
    return {
        "userName": user.user_name,
        "taskType": "",
        "buttonName": _BUTTONS[deed.operation],
        "taskIds": json.dumps([alias(task_id, call.settings) for task_id in deed.task_ids]),
        "channel": _CHANNEL,
        "createTime": deed.at.astimezone(CHINA).strftime(DATE_FORMAT),
        "details": "",
        "operateSource": _OF_THE_API,
        "userId": str(user.user_id),
        "requestIp": _ADDRESS,
        "requestURI": deed.path,
        "requestParam": deed.parameters,
    }


def login_record(call: Call) -> dict[str, Any]:
    """Read one page of who came in or was turned away, newest first."""
    logins = [
        (user, login) for user in _users(call) for login in _state(call, user).logins.values()
    ]
    return _page(call, logins, _login_row)


def _login_row(call: Call, user: Account, login: Login) -> dict[str, Any]:
    del call
    return {
        "id": login.id,
        "userId": user.user_id,
        "userName": user.user_name,
        "userUa": login.agent,
        "traceId": "",
        "loginType": "api",
        "loginStatus": str(login.code),
        "loginStaDesc": "success" if login.code == SUCCESS else cloud_codes()[login.code].name,
        "moduleType": "api",
        "ip": _ADDRESS,
        "loginTime": milliseconds(login.at),
    }


def _users(call: Call) -> tuple[Account, ...]:
    return (call.account, *call.settings.subs_of(call.account))


def _state(call: Call, user: Account) -> AccountState:
    return call.world.accounts[user.user_id]


def _page(
    call: Call,
    entries: list[tuple[Account, _T]],
    row: Callable[[Call, Account, _T], dict[str, Any]],
) -> dict[str, Any]:
    since = _moment(call, "startDate", timedelta())
    until = _moment(call, "endDate", timedelta(days=1))
    rows = [
        (user, entry)
        # Turned round, not sorted downwards: what came at one moment came in this order too.
        for user, entry in sorted(entries, key=lambda pair: pair[1].at)[::-1]
        if (since is None or since <= entry.at) and (until is None or entry.at < until)
    ]
    place, size = call.body["pageNum"], call.body["pageSize"]
    shown = rows[(place - 1) * size : place * size]
    return page(rows, place, size, (row(call, user, entry) for user, entry in shown))


def _moment(call: Call, name: str, whole_day: timedelta) -> datetime | None:
    """Read a date or a moment in China's time; a date is good for its whole day."""
    text = call.body.get(name)
    if not text:
        return None
    for form, lasts in ((_DAY_FORMAT, whole_day), (DATE_FORMAT, timedelta())):
        try:
            return datetime.strptime(text, form).replace(tzinfo=CHINA) + lasts
        except (ValueError, OverflowError):
            continue
    raise Refusal(INVALID, f"{name}: must be like 2026-01-31 or 2026-01-31 18:00:00")
