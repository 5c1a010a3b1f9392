"""The files of the package `schemas`, each read once, and what they refer to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urljoin

BASE = "https://renderbus-bridge.invalid/schemas/"
"""What stands before a name to make it an address that references are counted from."""


@cache
def load(name: str) -> dict[str, Any]:
    """Read one file of the package `schemas`.

    Args:
        name: path below the package with forward slashes, for example `task/maya.json`.
    """
    text = resources.files("schemas").joinpath(*name.split("/")).read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def names() -> tuple[str, ...]:
    """Return the names of all schemas and tables, sorted."""
    root = resources.files("schemas")
    return tuple(sorted(_json_files(root, "")))


def with_references(name: str) -> Mapping[str, dict[str, Any]]:
    """Return a schema and all that it refers to, near or far, by name.

    Args:
        name: as for `load`.
    """
    found: dict[str, dict[str, Any]] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = load(one)
            waiting += {target(one, reference)[0] for reference in _references(found[one])}
    return found


def target(name: str, reference: str) -> tuple[str, str]:
    """Return which file a reference means, and where in it as a JSON pointer.

    Args:
        name: of the file it stands in.
        reference: value of `$ref`.
    """
    address, _, pointer = urljoin(BASE + name, reference).partition("#")
    return address.removeprefix(BASE), pointer


def followed(name: str, reference: str) -> tuple[str, Any]:
    """Return the rule that a reference means, after the name of the file it stands in.

    Args:
        name: of the file that the reference stands in.
        reference: value of `$ref`.
    """
    other, pointer = target(name, reference)
    rule: Any = load(other)
    for step in pointer.split("/")[1:]:
        rule = rule[step]
    return other, rule


def _json_files(folder: Any, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.name.startswith("__"):
            yield from _json_files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".json"):
            yield prefix + entry.name


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from _references(member)
