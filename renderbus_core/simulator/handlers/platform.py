"""What the platform offers: machines, programs, plug-ins, explanations, servers."""

from __future__ import annotations

from typing import Any

from renderbus_core.simulator import catalogue
from renderbus_core.simulator.handlers.call import Call, number
from renderbus_core.simulator.protocol import INVALID, Refusal
from renderbus_core.simulator.settings import FeeKind
from renderbus_core.simulator.state import Task

__all__ = [
    "error_detail",
    "get_hardware_config",
    "get_pack_node_info",
    "get_transfer_server_msg",
    "query_platforms",
    "query_supported_plugin",
    "query_supported_software",
]


def query_platforms(call: Call) -> list[dict[str, Any]]:
    """List the platforms of a zone."""
    return catalogue.platforms(call.body["zone"])


def query_supported_software(call: Call) -> dict[str, Any]:
    """List the programs that are rendered."""
    del call
    rows = catalogue.software()
    return {"isAutoCommit": 2, "renderInfoList": rows, "defaultCgId": rows[0]["cgId"]}


def query_supported_plugin(call: Call) -> dict[str, Any]:
    """List versions and plug-ins of one program."""
    cg_id = number(call.body["cgId"], "cgId")
    detail = catalogue.software_detail(cg_id, call.body["osName"])
    if detail is None:
        raise Refusal(INVALID, f"cgId: {cg_id} is not rendered here")
    return detail


def get_hardware_config(call: Call) -> list[dict[str, Any]]:
    """List the machines that can be asked for; those of the named tasks are marked."""
    task_ids = [number(text, "taskIds") for text in call.body.get("taskIds", ())]
    current = {id_ for task in map(call.submitted, task_ids) for id_ in _machines(task)}
    rows = catalogue.hardware(call.settings.platform)
    return [row | {"current": str(row["id"]) in current} for row in rows]


def _machines(task: Task) -> tuple[str, ...]:
    """Return the ids of the machines that a task renders on."""
    if task.hardware is not None:
        return task.hardware.config_ids
    info = task.plan.document["task_info"] if task.plan else {}
    return tuple(map(str, info.get("hardwareConfigIds", ())))


def error_detail(call: Call) -> list[dict[str, Any]]:
    """Explain codes of the scene analysis; one that is not known has no entry."""
    one = [call.body["code"]] if "code" in call.body else []
    codes = dict.fromkeys(map(str, [*one, *call.body.get("codes", ())]))
    return catalogue.explanations(codes, number(call.body.get("language", 0), "language"))


def get_transfer_server_msg(call: Call) -> dict[str, Any]:
    """Name the Raysync servers of a zone; they are addresses that nobody has."""
    return catalogue.raysync(call.body["zone"])


def get_pack_node_info(call: Call) -> list[dict[str, Any]]:
    """List the machine packages of the account."""
    if call.settings.payer(call.account).fee_kind is FeeKind.MACHINE_PACKAGE:
        return catalogue.packages()
    return []
