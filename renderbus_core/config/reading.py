"""Putting the configuration together from file, environment and defaults, and judging it."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from renderbus_core import schema
from renderbus_core.config import secret
from renderbus_core.config.files import (
    Folders,
    decode_toml,
    line_of,
    read_file,
)
from renderbus_core.config.known_names import unknown_options, unknown_waivers
from renderbus_core.config.money import missing_currency, prices
from renderbus_core.config.passwords import without_passwords
from renderbus_core.config.software import twice_mapped
from renderbus_core.config.values import (
    Burst,
    Cloud,
    Collect,
    Config,
    Farm,
    GatewayProcess,
    MappingRow,
    OverflowPolicy,
    Parity,
    Paths,
    Preflight,
    SoftwareRow,
    Store,
    Transfer,
)
from renderbus_core.config.zones import unknown_zones
from renderbus_core.errors import ConfigError, InputError
from renderbus_core.paths import PathMapping, PathRule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from renderbus_core.errors import Problem

_PREFIX = "RENDERBUS_"
_PLAIN_TYPES: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "boolean": bool,
        "decimal": lambda amount: Decimal(str(amount)),
        "integer": int,
        "number": float,
        "string": str,
    }
)
# What a variable of the environment cannot hold, as people call it.
_ONLY_IN_FILES: Mapping[str, str] = MappingProxyType({"array": "list", "object": "table"})
_CLOSE_ENOUGH = 0.8
# What a schema cannot say, looked for where it is obeyed.
_LOOKS = (unknown_waivers, unknown_options, unknown_zones, missing_currency, twice_mapped)
_UNKNOWN = re.compile(r"'([^']+)' is not known")


def load(
    file: Path | None = None,
    *,
    env: Mapping[str, str] = os.environ,
    folders: Folders | None = None,
) -> Config:
    """Read the configuration.

    The file is `file`, else the one that RENDERBUS_CONFIG names, else `renderbus.toml` in the
    user's, else in the site's configuration folder; only a file asked for by name must exist.
    Empty variables count as not set. Relative paths start at the file's folder, those from the
    environment at the current one.

    Args:
        file: asked for by name.
        env: the environment.
        folders: of this host when None.

    Raises:
        ConfigError: something cannot be used; the text names everything that is wrong.
    """
    folders = folders or Folders.of_this_host()
    path, content = read_file(file, env, folders)
    text, tables = decode_toml(content, path)
    _refuse_credentials(tables, path, folders)
    given = _Given(path, text, tables, _from_environment(env))
    faults = [*_unusable_variables(env), *given.faults()]
    if faults:
        raise ConfigError("; ".join(faults))
    places = folders.places()
    return _built({key: given.value(key, places.get(key, "")) for key in _rules()}, given)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a person wrote, before it is judged.

    Args:
        path: the file; None when there is none.
        text: its content.
        tables: the same, decoded.
        variables: values from the environment by dotted key.
    """

    path: Path | None
    text: str
    tables: Mapping[str, Any]
    variables: Mapping[str, Any]

    def faults(self) -> list[str]:
        """Say in one clause each what is wrong."""
        document = {
            name: dict(table) if isinstance(table, dict) else table
            for name, table in self.tables.items()
        }
        for key, value in self.variables.items():
            section, _, name = key.partition(".")
            table = document.setdefault(section, {})
            if isinstance(table, dict):
                table[name] = value
        # Messages quote what they refuse, so passwords go first.
        problems = schema.problems("config.json", without_passwords(document))
        if not problems:
            problems = tuple(fault for look in _LOOKS for fault in look(document))
        return [self._located(p) for p in problems]

    def _located(self, problem: Problem) -> str:
        unknown = _UNKNOWN.match(problem.message)
        where = ".".join(filter(None, [problem.where, unknown[1] if unknown else ""]))
        key = where.partition("[")[0]
        if key in self.variables:
            return f"{_variable(key)} in the environment: {problem.message}"
        line = line_of(self.text, key)
        return f"{self.path or 'configuration'}{f' line {line}' if line else ''}: {problem}"

    def source(self, key: str) -> str:
        """Name where a value comes from."""
        section, _, name = key.partition(".")
        if key in self.variables:
            return f"environment {_variable(key)}"
        return str(self.path) if name in self.tables.get(section, {}) else "default"

    def value(self, key: str, place: str) -> Any:
        """Return a value in the type that the program uses.

        Args:
            key: dotted.
            place: what stands for an empty text.
        """
        section, _, name = key.partition(".")
        rule = _rules()[key]
        in_file = self.tables.get(section, {}).get(name, rule.get("default"))
        raw = self.variables.get(key, in_file)
        base = self.path.parent if self.path and key not in self.variables else Path()
        return None if raw is None else _typed(rule, place if raw == "" else raw, base)


def _built(values: Mapping[str, Any], given: _Given) -> Config:
    def section(name: str) -> dict[str, Any]:
        start = f"{name}."
        return {key.removeprefix(start): values[key] for key in values if key.startswith(start)}

    rules = (PathRule(rule["stored"], str(rule["local"])) for rule in values["paths.mapping"])
    try:
        mapping = PathMapping(tuple(rules))
    except InputError as error:
        raise ConfigError(f"{given.source('paths.mapping')}: {error}") from error
    return Config(
        cloud=Cloud(**section("cloud")),
        transfer=Transfer(**section("transfer")),
        collect=Collect(**section("collect")),
        farm=Farm(**section("farm")),
        store=Store(**section("store")),
        paths=Paths(mapping, values["paths.roots"]),
        burst=_burst(section("burst")),
        gateway=GatewayProcess(**section("gateway")),
        preflight=Preflight(**section("preflight")),
        money=prices(section("money")),
        parity=_parity(section("parity")),
        overflow=OverflowPolicy(**section("overflow")),
        file=given.path,
        sources={key: given.source(key) for key in values},
    )


def _burst(values: Mapping[str, Any]) -> Burst:
    rows = (SoftwareRow(**{"renderer": "", "plugins": {}, **row}) for row in values["software"])
    return Burst(**{**values, "software": tuple(rows)})


def _parity(values: Mapping[str, Any]) -> Parity:
    rows = (MappingRow(**{"plugins": {}, **row}) for row in values["mapping"])
    return Parity(**{**values, "mapping": tuple(rows)})


@cache
def _rules() -> Mapping[str, Mapping[str, Any]]:
    """Return the rule of every key by its dotted name."""
    rules: dict[str, Mapping[str, Any]] = {}
    for name, section in schema.load("config.json")["properties"].items():
        keys = (schema.load(section["$ref"]) if "$ref" in section else section)["properties"]
        rules |= {f"{name}.{key}": rule for key, rule in keys.items()}
    return rules


def _variable(key: str) -> str:
    return _PREFIX + key.replace(".", "_").upper()


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of the variables that are set, by dotted key."""
    return {
        key: schema.scalar(rule, env[_variable(key)])
        for key, rule in _rules().items()
        if env.get(_variable(key)) and _only_in_files(rule) is None
    }


def _unusable_variables(env: Mapping[str, str]) -> Iterator[str]:
    """Name variables that are meant for us but say nothing to us.

    Other programs may use our prefix: a name counts as meant when it begins with a section of
    ours, or is nearly one of ours.
    """
    keys = {_variable(key).removeprefix(_PREFIX): key for key in _rules()}
    sections = tuple({f"{key.partition('_')[0]}_" for key in keys})
    for variable in sorted(name for name in env if name.startswith(_PREFIX) and env[name]):
        name = variable.removeprefix(_PREFIX)
        close = difflib.get_close_matches(name, keys, n=1, cutoff=_CLOSE_ENOUGH)
        kind = _only_in_files(_rules()[keys[name]]) if name in keys else None
        if kind is not None:
            place = f"set {keys[name]} in the file"
            yield f"{variable} in the environment cannot hold a {kind}; {place}"
        elif name not in keys and (close or name.startswith(sections)):
            hint = f"; did you mean {_PREFIX}{close[0]}?" if close else ""
            yield f"{variable} in the environment is not known{hint}"


def _only_in_files(rule: Mapping[str, Any]) -> str | None:
    """Return what people call a kind of value that no variable can hold; None for the others."""
    kind = rule["type"]
    return _ONLY_IN_FILES.get(kind) if isinstance(kind, str) else None


def _typed(rule: Mapping[str, Any], raw: Any, base: Path) -> Any:
    """Turn a judged value into the type that the program uses."""
    kind = rule.get("format", rule["type"])
    if kind == "path":
        if not raw:
            return None  # Nothing stands for it: it is not used.
        # Path.expanduser would raise where there is no home folder.
        return (base / os.path.expanduser(raw)).absolute()  # noqa: PTH111 - as said above
    if kind == "array":
        return tuple(_typed(rule["items"], item, base) for item in raw)
    if kind == "object":
        known, others = rule.get("properties", {}), rule.get("additionalProperties")
        return {key: _typed(known.get(key, others), item, base) for key, item in raw.items()}
    return _PLAIN_TYPES[kind](raw)


def _refuse_credentials(tables: Mapping[str, Any], path: Path | None, folders: Folders) -> None:
    """Stop at once when the shared file holds credentials, so that no message can quote them."""
    for table in (tables, *tables.values()):
        for key in secret.FILE_KEYS:
            if isinstance(table, dict) and key in table:
                place = folders.places()["cloud.credentials_file"]
                raise ConfigError(
                    f"{path}: {key} does not belong in this file; move it to the owner-only file "
                    f"{place}, or set {secret.ID_VARIABLE} and {secret.KEY_VARIABLE}"
                )
        if isinstance(table, dict) and "password" in table:
            raise ConfigError(
                f"{path}: password does not belong in this file; move it to an owner-only file "
                "with user and password, and name that in farm.credentials_file"
            )
