"""Named render environments: a program, its version and plug-ins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from renderbus_core.simulator import catalogue
from renderbus_core.simulator.account_state import Environment
from renderbus_core.simulator.handlers.call import Call, number
from renderbus_core.simulator.protocol import INVALID, NOT_FOUND, Refusal
from renderbus_core.simulator.settings import Account

__all__ = [
    "add_render_env",
    "delete_render_env",
    "get_render_env",
    "set_default_render_env",
    "update_render_env",
]


def add_render_env(call: Call) -> dict[str, str]:
    """Store an environment under a new name."""
    environment = _asked(call)
    if environment.name in call.state.environments:
        raise Refusal(INVALID, f"editName: {environment.name} exists already")
    call.state.environments[environment.name] = environment
    return {"editName": environment.name}


def update_render_env(call: Call) -> None:
    """Replace the environment that has this name."""
    old, new = _known(call), _asked(call)
    call.state.environments[new.name] = new
    if new.cg_id != old.cg_id:
        _forget_default(call, old)


def delete_render_env(call: Call) -> None:
    """Delete an environment; when it was its program's default, there is none."""
    environment = _known(call)
    del call.state.environments[environment.name]
    _forget_default(call, environment)


def set_default_render_env(call: Call) -> None:
    """Make an environment the one of its program that is offered first."""
    environment = _known(call)
    call.state.default_environments[environment.cg_id] = environment.name


def get_render_env(call: Call) -> list[dict[str, Any]]:
    """List the environments of programs, those of the main account behind the caller's own."""
    one = [call.body["cgId"]] if "cgId" in call.body else []
    wanted = {number(cg_id, "cgIds") for cg_id in [*one, *call.body.get("cgIds", ())]}
    systems = {0, 1} if (system := call.body.get("osName")) is None else {system}
    rows = [row for account in _owners(call) for row in _rows(call, account)]
    return [row for row in rows if row["cgId"] in wanted and row["osName"] in systems]


def _known(call: Call) -> Environment:
    name = call.body["editName"]
    environment = call.state.environments.get(name)
    if environment is None:
        raise Refusal(NOT_FOUND, f"editName: there is no environment {name}")
    return environment


def _forget_default(call: Call, environment: Environment) -> None:
    defaults = call.state.default_environments
    if defaults.get(environment.cg_id) == environment.name:
        del defaults[environment.cg_id]


def _asked(call: Call) -> Environment:
    """Return the environment of a request, or refuse what the platform does not have."""
    body = call.body
    cg_id = number(body["cgId"], "cgId")
    is_windows = bool(number(body["renderSystem"], "renderSystem"))
    detail = catalogue.software_detail(cg_id, "windows" if is_windows else "linux")
    if detail is None:
        raise Refusal(INVALID, f"cgId: {cg_id} is not rendered here")
    if body["cgVersion"] not in [version["cgVersion"] for version in detail["cgVersion"]]:
        raise Refusal(INVALID, f"cgVersion: {body['cgVersion']} of {cg_id} is not rendered here")
    plugin_ids = tuple(dict.fromkeys(body["pluginIds"]))
    for plugin_id in plugin_ids:
        if plugin_id not in catalogue.plugins_of(cg_id):
            raise Refusal(INVALID, f"pluginIds: {cg_id} has no plug-in {plugin_id}")
    return Environment(
        name=body["editName"],
        cg_id=cg_id,
        version=body["cgVersion"],
        is_windows=is_windows,
        layer_type=body.get("renderLayerType", 0),
        project_path=body.get("projectPath", ""),
        plugin_ids=plugin_ids,
    )


def _owners(call: Call) -> list[Account]:
    main = call.settings.main_of(call.account)
    return [call.account, *([main] if main else [])]


def _rows(call: Call, owner: Account) -> Iterator[dict[str, Any]]:
    state = call.world.accounts[owner.user_id]
    for environment in state.environments.values():
        cg_id, name = environment.cg_id, environment.name
        plugins = catalogue.plugins_of(cg_id)
        yield {
            "cgId": cg_id,
            "editName": name,
            "cgName": catalogue.software_name(cg_id),
            "cgVersion": environment.version,
            "osName": int(environment.is_windows),
            "renderLayerType": environment.layer_type,
            "isDefault": int(state.default_environments.get(cg_id) == name),
            "projectPath": environment.project_path,
            "isMainUserId": int(owner is not call.account),
            "respUserPluginInfoVos": [plugins[id_] for id_ in environment.plugin_ids],
        }
