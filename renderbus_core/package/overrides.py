"""What a person wants otherwise in task.json, except for what must agree with the rest."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from renderbus_core.errors import DocumentError, Problem
from renderbus_core.package.documents import Documents
from renderbus_core.package.edit import append_to_task, update_task_info
from renderbus_core.package.request import OS_CODES, BurstRequest, render_system

D = TypeVar("D", bound=Documents)

_SETTINGS, _AGREED = "task_info", "additional_info"
_LONGEST = 100
_LIMITS = ("job_stop_time", "task_stop_time")

_OWNED: Mapping[str, str] = MappingProxyType(
    {
        "cg_id": "it follows from the scene",
        "enable_layered": "it follows from the layers that are rendered",
        "input_cg_file": "the job names the scene",
        "is_layer_rendering": "it follows from the layers that are rendered",
        "platform": "set cloud.platform",
        "project_id": "set cloud.project_name",
        "project_name": "set cloud.project_name",
        "task_id": "the cloud gives it",
        "tiles": "ask for the tiles of the burst",
        "tiles_type": "ask for the tiles of the burst",
        "user_id": "it is the account's",
    }
)
"""Keys of task_info that other things rest on, and where they come from."""


def overridden(documents: D, request: BurstRequest) -> D:
    """Return the documents with the overrides of a burst, made last.

    Args:
        documents: as they were built.
        request: the burst; see `BurstRequest.overrides`.

    Raises:
        DocumentError: an override has no place in task.json, is of an unknown key, or of one that
            is not a person's to change; it names all of them.
    """
    sections = _sections(request.overrides)
    problems = tuple(_problems(sections[_SETTINGS], request))
    if problems:
        raise DocumentError("task.json", problems)
    fresh = update_task_info(documents, sections[_SETTINGS])
    return append_to_task(fresh, sections[_AGREED]) if sections[_AGREED] else fresh


def _sections(overrides: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Sort by section what comes as whole sections and by dotted path."""
    sections: dict[str, dict[str, Any]] = {_SETTINGS: {}, _AGREED: {}}
    problems = []
    for path, value in overrides.items():
        name, _, key = path.partition(".")
        if name not in sections:
            problems.append(Problem(path[:_LONGEST], _no_section(path)))
        elif key:
            sections[name][key] = value
        elif isinstance(value, Mapping):
            sections[name] |= value
        else:
            problems.append(Problem(path[:_LONGEST], "it must be an object of keys and values"))
    if problems:
        raise DocumentError("task.json", problems)
    return sections


def _no_section(path: str) -> str:
    name, _, key = path.partition(".")
    close = difflib.get_close_matches(name, (_SETTINGS, _AGREED), n=1)
    hint = f"{close[0]}.{key}" if close and key else f"{_SETTINGS}.{path}"[:_LONGEST]
    return (
        f"only {_SETTINGS} and {_AGREED} can be overridden, the rest comes from the scene; "
        f"did you mean {hint}?"
    )


def _problems(settings: Mapping[str, Any], request: BurstRequest) -> Iterator[Problem]:
    for key, value in settings.items():
        if reason := _reason_against(key, value, request):
            yield Problem(f"{_SETTINGS}.{key}"[:_LONGEST], f"it cannot be overridden; {reason}")


def _reason_against(key: str, value: object, request: BurstRequest) -> str:
    if key in _LIMITS and not request.vendor_time_limits:
        return "it ends what everybody forgot; set burst.vendor_time_limits to set it yourself"
    if key == "os_name":
        wanted = render_system("auto", request.job.scene)
        if str(value) != OS_CODES[wanted]:
            return f"the scene has paths of {wanted.title()}, so it must be {OS_CODES[wanted]}"
    return _OWNED.get(key, "")
