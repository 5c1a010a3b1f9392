"""The table `schemas/api.json` as values: what can be asked, where, and how to repeat it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from renderbus_core import schema
from renderbus_core.errors import DocumentError, InputError

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_CAMEL = re.compile(r"(?<=[a-z0-9])([A-Z])")


class Profile(StrEnum):
    """Generation of the protocol: which paths and which header version are spoken."""

    CURRENT = "current"
    SEED003 = "seed003"
    V1 = "v1"

    @property
    def version(self) -> str:
        """Value of the `version` header."""
        return str(schema.load("api.json")["profiles"][self.value]["version"])


class AfterUnknown(StrEnum):
    """What may be done when nobody knows whether a request was carried out."""

    REPEAT = "repeat"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the operations table.

    Args:
        name: ours, as the seeds spell it.
        summary: what it does, in a sentence.
        group: the part of the client that offers it.
        paths: by profile; a profile without the operation has no path.
        after_unknown: whether it may simply be sent again after a lost reply.
        request: JSON Schema of the body.
        method: name in the client's group.
        arguments: Python argument name to wire name.
        since: generations that have a field, for fields that not all have.
        former: what older callers name a field: its name now, and the factor to its unit now.
    """

    name: str
    group: str
    method: str
    summary: str
    paths: Mapping[Profile, str]
    after_unknown: AfterUnknown
    request: Mapping[str, Any]
    arguments: Mapping[str, str]
    since: Mapping[str, frozenset[Profile]]
    former: Mapping[str, tuple[str, int]]

    @property
    def validator(self) -> Draft202012Validator:
        """The judge of a body; it is made when it is first asked for."""
        return _validator(self.name)

    def path(self, profile: Profile) -> str:
        """Return the path in one profile; `InputError` when the profile lacks the operation."""
        try:
            return self.paths[profile]
        except KeyError:
            raise InputError(
                f"{self.name} does not exist in protocol profile {profile}; "
                f"use one of {', '.join(self.paths)}"
            ) from None

    def body(self, arguments: Mapping[str, object], profile: Profile) -> dict[str, Any]:
        """Build and judge a request body.

        Args:
            arguments: by Python name; None means left out, absent ones take the table's default.
            profile: generation that is spoken; a field that it lacks is refused.

        Raises:
            DocumentError: names every field that is wrong, before anything is sent.
        """
        body: dict[str, Any] = {}
        for name, wire in self.arguments.items():
            rule = self.request["properties"][wire]
            value = arguments.get(name)
            if value is not None:
                self._check_generation(wire, profile)
                body[wire] = value
            elif "default" in rule and wire in self.request["required"]:
                body[wire] = rule["default"]
        unknown = sorted(set(arguments) - set(self.arguments))
        if unknown:
            raise InputError(f"{self.name} takes no argument {', '.join(unknown)}")
        problems = schema.explain(self.validator, body)
        if problems:
            raise DocumentError(f"request {self.name}", problems)
        return body

    def modern(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a body with today's field names and units, for a server of older callers."""
        renamed = dict(body)
        for old, (now, factor) in self.former.items():
            if old in renamed and now not in renamed:
                value = renamed.pop(old)
                renamed[now] = value * factor if isinstance(value, int) else value
        return renamed

    def _check_generation(self, wire: str, profile: Profile) -> None:
        having = self.since.get(wire)
        if having is not None and profile not in having:
            raise InputError(
                f"{self.name}: {wire} does not exist in protocol profile {profile}; "
                f"leave it out or use {' or '.join(sorted(having))}"
            )


def snake_case(wire: str) -> str:
    """Turn a wire name into its Python name: `taskUserLevel` -> `task_user_level`."""
    return _CAMEL.sub(lambda match: "_" + match.group(1).lower(), wire)


@cache
def operations() -> Mapping[str, Operation]:
    """Return the whole table by operation name."""
    return MappingProxyType(
        {row["name"]: _operation(row) for row in schema.load("api.json")["operations"]}
    )


@cache
def _validator(name: str) -> Draft202012Validator:
    return schema.exact_validator(operations()[name].request)


@cache
def channel() -> str:
    """Return the value of the `channel` header: API and SDK callers."""
    return str(schema.load("api.json")["channel"])


@cache
def routes() -> Mapping[str, Operation]:
    """Return the operation of every path of every profile, for a server."""
    return MappingProxyType(
        {
            path: operation
            for operation in operations().values()
            for path in operation.paths.values()
        }
    )


def _operation(row: Mapping[str, Any]) -> Operation:
    request = row["request"]
    return Operation(
        name=row["name"],
        group=row["group"],
        method=row["method"],
        summary=row["summary"],
        paths=MappingProxyType({Profile(name): path for name, path in row["paths"].items()}),
        after_unknown=AfterUnknown(row["after_unknown_outcome"]),
        request=MappingProxyType(request),
        arguments=MappingProxyType({snake_case(wire): wire for wire in request["properties"]}),
        since=MappingProxyType(
            {
                wire: frozenset(map(Profile, rule["profiles"]))
                for wire, rule in request["properties"].items()
                if "profiles" in rule
            }
        ),
        former=MappingProxyType(
            {
                old: (today["now"], today.get("times", 1))
                for old, today in row.get("former_names", {}).items()
            }
        ),
    )
