"""Schemas of the package `schemas`: loading them, and judging documents with jsonschema.

A validator is built once per schema. What jsonschema finds is turned into `Problem`s here and
nowhere else: the place as a path, and a sentence that names what is expected. jsonschema itself is
loaded with the first validator: whoever judges nothing starts faster.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from renderbus_core.errors import DocumentError, Problem

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from referencing import Resource

_LONGEST_MESSAGE = 300
_LONGEST_VALUE = 80
_BASE = "https://renderbus-bridge.invalid/schemas/"


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


def _json_files(folder: Any, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.name.startswith("__"):
            yield from _json_files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".json"):
            yield prefix + entry.name


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the validator of one schema; references between schemas are file names.

    Args:
        name: as for `load`.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - see above
    from referencing import Registry  # noqa: PLC0415 - see above

    return Draft202012Validator(
        load(name) | {"$id": _BASE + name},
        # The type checker does not see what attrs generates for Registry.
        registry=Registry(retrieve=_retrieve),  # type: ignore[call-arg]
    )


def _retrieve(uri: str) -> Resource[Any]:
    from referencing.jsonschema import DRAFT202012  # noqa: PLC0415 - see above

    return DRAFT202012.create_resource(load(uri.removeprefix(_BASE)))


def exact_validator(rules: Mapping[str, Any]) -> Draft202012Validator:
    """Return a validator for what is signed, where 1.0 is not the same as 1.

    Args:
        rules: a schema without references.
    """
    return _exact_kind()(dict(rules))


@cache
def _exact_kind() -> type[Draft202012Validator]:
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 - see above
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415 - see above

    def enum(_judge: Any, allowed: list[Any], value: object, _rule: Any) -> Iterator[Any]:
        if isinstance(value, bool | float) or value not in allowed:
            yield ValidationError("is not listed")

    def is_whole(_checker: Any, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", is_whole)
    kind: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"enum": enum}, type_checker=types
    )
    return kind


def problems(name: str, document: object) -> tuple[Problem, ...]:
    """Judge a document and return everything that is wrong with it, sorted by place.

    Args:
        name: the schema.
        document: a decoded JSON value.
    """
    return explain(validator(name), document)


def explain(judge: Draft202012Validator, document: object) -> tuple[Problem, ...]:
    """Return everything one validator finds, sorted by place.

    Args:
        judge: a validator, for example one built on a part of a table.
        document: a decoded JSON value.
    """
    found = sorted(judge.iter_errors(document), key=_place)
    # jsonschema reports each missing key apart; our sentence names them all, once.
    return tuple(dict.fromkeys(map(_problem, found)))


def _place(error: ValidationError) -> list[tuple[int, str]]:
    return [(part, "") if isinstance(part, int) else (-1, part) for part in error.path]


def check(name: str, document: object, *, title: str) -> None:
    """Raise `DocumentError` when a document does not match its schema.

    Args:
        name: the schema.
        document: a decoded JSON value.
        title: how to name the document to a person, for example its path.
    """
    found = problems(name, document)
    if found:
        raise DocumentError(title, found)


def _problem(error: ValidationError) -> Problem:
    from jsonschema.exceptions import best_match  # noqa: PLC0415 - see above

    # Inside anyOf/oneOf the deepest relevant error is the one a person can act on.
    error = best_match([error]) or error
    return Problem(where=dotted(error.absolute_path), message=_sentence(error))


def dotted(path: Iterable[str | int]) -> str:
    """Print a JSON path the way people write it: `asset[3].local`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _sentence(error: Any) -> str:
    say = _SENTENCES.get(str(error.validator))
    if say is not None:
        return say(error)
    # jsonschema's own words quote the whole value, which may be a whole document.
    short = len(error.message) < _LONGEST_MESSAGE
    return error.message if short else f"fails the rule {error.validator}"


def _missing(error: Any) -> str:
    missing = [key for key in error.validator_value if key not in error.instance]
    return f"{', '.join(map(repr, missing))} {'is' if len(missing) == 1 else 'are'} missing"


def _missing_company(error: Any) -> str:
    lacking = [
        f"{key!r} is missing, which {present!r} needs"
        for present, keys in error.validator_value.items()
        for key in keys
        if present in error.instance and key not in error.instance
    ]
    return ", ".join(lacking)


def _unlisted(error: Any) -> str:
    return f"{_short(error.instance)} is not one of {', '.join(map(_short, error.validator_value))}"


def _mistyped(error: Any) -> str:
    rule = error.validator_value
    wanted = " or ".join([rule] if isinstance(rule, str) else rule)
    return f"{_short(error.instance)} must be of type {wanted}"


def _malformed(error: Any) -> str:
    example = error.schema.get("examples", [None])[0]
    form = f", for example {_short(example)}" if example else f" ({error.validator_value})"
    return f"{_short(error.instance)} does not have the expected form{form}"


_SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "required": _missing,
    "dependentRequired": _missing_company,
    "additionalProperties": lambda error: _unknown_keys(error.instance, error.schema),
    "enum": _unlisted,
    "const": lambda error: f"{_short(error.instance)} must be {_short(error.validator_value)}",
    "type": _mistyped,
    "pattern": _malformed,
}


def _unknown_keys(found: Mapping[str, object], rule: Mapping[str, Any]) -> str:
    import difflib  # noqa: PLC0415 - only a mistyped name needs it

    known = list(rule.get("properties", {}))
    patterns = list(rule.get("patternProperties", {}))
    parts = []
    for key in found:
        if key not in known and not any(re.search(pattern, key) for pattern in patterns):
            close = difflib.get_close_matches(key, known, n=1)
            parts.append(
                f"{key!r} is not known" + (f"; did you mean {close[0]!r}?" if close else "")
            )
    return ", ".join(parts)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "..."
