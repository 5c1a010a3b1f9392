"""What fields of a job and keys of its package say, by the tables in `packages.json`; pure.

A key that no table has keeps the job on the farm, by name. What stands in them says
`schemas/qube_packages.json`, and a test holds that it does: nothing is asked twice here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from qube_jobtype.command_words import read_command, without_conversion
from qube_jobtype.programs import Program, is_argument, program_of, programs, read_arguments
from qube_jobtype.said import UNKNOWN, Said, says_nothing
from renderbus_core.errors import InputError
from renderbus_core.farm import same_value


@dataclass(frozen=True, slots=True)
class Native:
    """A job in Qube's own words; see `schemas/qube_job.json`.

    Args:
        job: its fields, as texts.
        package: parameters of its job type, as texts.
        env: variables that it sets.
        agenda: names of its items in order; None where they are not known.
        id: of the job; "" before it is submitted.
    """

    job: Mapping[str, str]
    package: Mapping[str, str]
    env: Mapping[str, str]
    agenda: tuple[str, ...] | None = None
    id: str = ""


@cache
def tables() -> Any:
    """Return the tables of `packages.json`; see `schemas/qube_packages.json`."""
    return json.loads((files("qube_jobtype") / "packages.json").read_text("utf-8"))


def read_job_fields(native: Native) -> Said:
    """Return what speaks against the cloud in the fields of a job, whatever its type.

    Args:
        native: the job.
    """
    said, table = Said(), tables()["job"]
    known = {*table["mapped"], *table["harmless"]}
    for key, value in native.job.items():
        if key in table["traits"]:
            if not says_nothing(value):
                said.traits.append(table["traits"][key])
        elif key not in known and not says_nothing(value):
            # A newer Qube has more fields, and most say nothing.
            said.refuse(key, value, UNKNOWN)
    flags = {name.strip() for name in native.job.get("flagsstring", "").split(",")}
    said.traits += [trait for flag, trait in table["flags"].items() if flag in flags]
    if native.env:
        said.traits.append("environment")
    return said


def read_package(native: Native) -> Said:
    """Return what a job's package says of what is rendered.

    Args:
        native: the job.

    Raises:
        InputError: jobs of its type cannot be sent, or its command line cannot be read.
    """
    prototype = native.job.get("prototype", "")
    wanted = _dialog(native.package)
    if prototype in tables()["prototypes"]:
        raise InputError(f"prototype={prototype}: {tables()['prototypes'][prototype]}")
    if prototype in tables()["commands"]["prototypes"]:
        return _command(native.package, wanted)
    table = tables()["packages"].get(prototype)
    if table is None:
        able = ", ".join([*tables()["commands"]["prototypes"], *tables()["packages"]])
        raise InputError(
            f"prototype={prototype}: jobs of this type cannot be sent; of {able} they can"
        )
    said = Said(table.get("dcc", ""))
    for key, value in _foreign(native.package):
        if not _read(said, table, key, value):
            said.refuse(key, value, UNKNOWN)
    return said


def _command(package: Mapping[str, str], wanted: str) -> Said:
    table = tables()["commands"]
    line = package.get("cmdline", "")
    if not line:
        raise InputError("the package has no cmdline, so nobody knows what it runs")
    command = read_command(line, package.get("shell", ""))
    program = program_of(command)
    if wanted and wanted != program.key:
        raise InputError(
            f"it was submitted for {programs()[wanted].label}, and its command line runs "
            f"{program.label}"
        )
    said = read_arguments(program, command)
    for key, value in _foreign(package):
        if not _read(said, table, key, value) and not _stands_in(line, program, key, value):
            said.refuse(key, value, UNKNOWN)
    return said


def _read(said: Said, table: Mapping[str, Any], key: str, value: str) -> bool:
    """Read one key of a package; returns whether the table has it."""
    if key in table["traits"]:
        if not says_nothing(value):
            said.traits.append(table["traits"][key])
    elif key in table["defaults"]:
        plain = "" if value.casefold() == "none" else value
        if not any(same_value(plain, usual) for usual in table["defaults"][key]):
            said.must_be(key, value, table["defaults"][key][-1])
    elif key not in table["harmless"]:
        names = [name for name, keys in table["mapped"].items() if key in keys]
        for name in names:
            if not says_nothing(value):
                said.say(name, key, without_conversion(value))
        return bool(names)
    return True


def _stands_in(line: str, program: Program, key: str, value: str) -> bool:
    """Tell whether a key only says again what the command line says; it is filled in there."""
    return (
        is_argument(program, key)
        or says_nothing(value)
        or without_conversion(value).strip("\"' ") in line
    )


def _dialog(package: Mapping[str, str]) -> str:
    """Return the program whose dialog a job was submitted with; "" where no table has it.

    Raises:
        InputError: nothing that the dialog submits can be sent.
    """
    for key in ("simpleCmdType", "submitType"):
        name = package.get(key, "")
        for row in tables()["dialogs"]:
            if name.casefold().startswith(row["begins"].casefold()):
                if "why" in row:
                    raise InputError(f"{key}={name}: {row['why']}")
                return str(row["program"])
    return ""


def _foreign(package: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give what stands in a package beside the keys by which people speak to the bridge."""
    own = tables()["own"]
    return ((key, value) for key, value in package.items() if key not in own)
