"""A whole scenario as a document: settings, accounts and faults (`schemas/simulator.json`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from jsonschema import Draft202012Validator

from renderbus_core import schema
from renderbus_core.config import Secret
from renderbus_core.errors import DocumentError, InputError
from renderbus_core.simulator.faults import Fault
from renderbus_core.simulator.settings import Account, Settings

_SCHEMA = "simulator.json"
_LARGEST = 1 << 20
_KEY = "access_key"
# What a key may consist of; what it may not stays, and is named.
_HIDDEN = re.compile("[!-~]")


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a simulated cloud is like, and what goes wrong with it."""

    settings: Settings
    faults: tuple[Fault, ...] = ()


def read_scenario(path: Path) -> Scenario:
    """Read a scenario from a file.

    Args:
        path: of JSON in UTF-8.

    Raises:
        InputError: it cannot be read, or says which value is wrong and why.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); name another file") from error
    if len(raw) > _LARGEST:
        raise InputError(f"{path} is larger than {_LARGEST} bytes; no scenario needs as much")
    return scenario_of(decoded(raw, title=str(path)), title=str(path))


def scenario_of(document: Any, *, title: str = "scenario") -> Scenario:
    """Return what a document describes; what it leaves out has its default.

    Args:
        document: as `schemas/simulator.json` wants it.
        title: how to name it to a person.

    Raises:
        InputError: says which value is wrong and why.
    """
    schema.check(_SCHEMA, _masked(document), title=title)
    accounts = tuple(_account(row) for row in document.get("accounts", ()))
    values = _typed(Settings, document.get("settings", {}))
    if "fail_frames" in values:
        # Names in JSON are text.
        values["fail_frames"] = {int(frame): n for frame, n in values["fail_frames"].items()}
    return Scenario(Settings(**values, accounts=accounts), rules(document.get("faults", ())))


def rules(document: Any) -> tuple[Fault, ...]:
    """Return the faults that a list describes which `judge` has passed.

    Raises:
        InputError: an operation in it does not exist.
    """
    return tuple(map(Fault.of, document))


def fault_of(text: str) -> Fault:
    """Return a rule from its short form `OPERATION:KIND[:TIMES][,NAME=VALUE...]`.

    Args:
        text: for example `submit_task:reset_after:1` or `*:latency,seconds=2,chance=0.1`.

    Raises:
        InputError: says what is wrong with it.
    """
    rule, *more = text.split(",")
    operation, _, kind = rule.partition(":")
    kind, _, times = kind.partition(":")
    document: dict[str, Any] = {"kind": kind}
    if operation != "*":
        document["operations"] = [operation]
    pairs = [f"times={times}"] if times else []
    for pair in pairs + more:
        name, _, value = pair.partition("=")
        document[name] = _number_or_text(value)
    judge("fault", document, title=f"fault {text!r:.80}")
    return Fault.of(document)


def decoded(raw: bytes, *, title: str) -> Any:
    """Return JSON that somebody wrote.

    Raises:
        InputError: it is none.
    """
    try:
        # Editors on Windows begin a file with a mark of the encoding.
        return _loaded(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{title} is not JSON in UTF-8 ({error})") from error


def judge(part: str, document: object, *, title: str) -> None:
    """Judge a document by one part of `schemas/simulator.json`.

    Args:
        part: a name below `$defs`.
        document: a decoded JSON value.
        title: how to name it to a person.

    Raises:
        DocumentError: it does not match.
    """
    found = schema.explain(_judge_of(part), document)
    if found:
        raise DocumentError(title, found)


@cache
def _judge_of(part: str) -> Draft202012Validator:
    definitions = schema.load(_SCHEMA)["$defs"]
    return Draft202012Validator({"$ref": f"#/$defs/{part}", "$defs": definitions})


def _masked(value: Any) -> Any:
    """Return a document to be judged in which no key can be read, as findings quote values."""
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _HIDDEN.sub("*", member)
        if name == _KEY and isinstance(member, str)
        else _masked(member)
        for name, member in value.items()
    }


def _account(row: Mapping[str, Any]) -> Account:
    return Account(**_typed(Account, row) | {_KEY: Secret(row[_KEY])})


def _typed(kind: type[Settings | Account], document: Mapping[str, Any]) -> dict[str, Any]:
    """Give values from JSON the type of the field's default, where JSON has no such type."""
    defaults = {f.name: f.default for f in fields(kind)}
    return {name: _like(defaults[name], value) for name, value in document.items()}


def _like(default: Any, value: Any) -> Any:
    match default:
        case Enum():
            return type(default)(value)
        case Decimal():
            # Through text: 0.8 shall be 0.8, not the binary number next to it.
            return Decimal(str(value))
        case _:
            return value


def _loaded(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse, parse_float=_number)


def _number(text: str) -> float:
    """Read `3.0` as 3, which JSON Schema takes for the same."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


def _number_or_text(text: str) -> Any:
    try:
        return _loaded(text)
    except ValueError:
        return text
