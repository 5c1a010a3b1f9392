"""A quick yes or no for the members of long lists, derived from the schema they are judged by.

A schema of the simple kind that entries of our lists have becomes one function, which says of every
decoded JSON value what jsonschema would say. It has no words: those are jsonschema's, for the few
values that fail. What is not covered here has no function and is left to jsonschema altogether.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from renderbus_core.schema.library import followed

Predicate = Callable[[Any], bool]

_SILENT = frozenset({"$comment", "default", "description", "examples", "title"})


class _NotCoveredError(Exception):
    """A schema says something that only jsonschema understands."""


def predicate(rule: Any, name: str) -> Predicate | None:
    """Return a function that tells whether a value matches a schema.

    Args:
        rule: the schema.
        name: of the file it stands in, from which its references are counted.

    Returns:
        None when the schema says more than is covered here.
    """
    try:
        return _compiled(rule, name)
    except (_NotCoveredError, RecursionError):
        return None


def _compiled(rule: Any, name: str) -> Predicate:
    if not isinstance(rule, dict):
        raise _NotCoveredError
    words = {word: value for word, value in rule.items() if word not in _SILENT}
    if set(words) == {"$ref"}:
        other, meant = followed(name, words["$ref"])
        return _compiled(meant, other)
    if set(words) == {"enum"}:
        return _listed(words["enum"])
    if set(words) == {"const"}:
        return _listed([words["const"]])
    if set(words) == {"anyOf"}:
        return _either([_compiled(one, name) for one in words["anyOf"]])
    make = _MAKERS.get(str(words.pop("type", None)))
    if make is None:
        raise _NotCoveredError
    return make(words, name)


def _listed(allowed: list[Any]) -> Predicate:
    if not all(isinstance(value, str) for value in allowed):
        raise _NotCoveredError  # 1, 1.0 and true are a matter of their own
    texts = frozenset(allowed)
    return lambda value: type(value) is str and value in texts


def _text(words: dict[str, Any], _name: str) -> Predicate:
    shortest, pattern = words.pop("minLength", 0), words.pop("pattern", None)
    _nothing_left(words)
    if pattern is not None:
        search = re.compile(pattern).search
        return lambda value: (
            type(value) is str and len(value) >= shortest and search(value) is not None
        )
    return lambda value: type(value) is str and len(value) >= shortest


def _number(words: dict[str, Any], _name: str) -> Predicate:
    least = words.pop("minimum", -math.inf)
    _nothing_left(words)
    # NaN, which is no JSON, is below no minimum.
    return lambda value: type(value) in {int, float} and not value < least


def _integer(words: dict[str, Any], name: str) -> Predicate:
    fits = _number(words, name)
    # 1.0 is one too.
    return lambda value: fits(value) and (type(value) is int or value.is_integer())


def _truth(words: dict[str, Any], _name: str) -> Predicate:
    _nothing_left(words)
    return lambda value: type(value) is bool


def _null(words: dict[str, Any], _name: str) -> Predicate:
    _nothing_left(words)
    return lambda value: value is None


def _either(some: list[Predicate]) -> Predicate:
    return lambda value: any(holds(value) for holds in some)


def _array(words: dict[str, Any], name: str) -> Predicate:
    holds = _compiled(words.pop("items"), name) if "items" in words else _anything
    _nothing_left(words)
    return lambda value: type(value) is list and all(map(holds, value))


def _object(words: dict[str, Any], name: str) -> Predicate:
    members = {key: _compiled(rule, name) for key, rule in words.pop("properties", {}).items()}
    others = _others(words.pop("additionalProperties", True), name)
    needed = tuple((key, members.get(key, others)) for key in set(words.pop("required", ())))
    _nothing_left(words)
    known, count = members.get, len(needed)

    def holds(value: Any) -> bool:
        # Loops instead of all(): this runs for every one of hundreds of thousands of files.
        if type(value) is not dict:
            return False
        for key, good in needed:
            if key not in value or not good(value[key]):
                return False
        if len(value) == count:
            return True
        for key, member in value.items():  # noqa: SIM110 - see above
            if not known(key, others)(member):
                return False
        return True

    return holds


_MAKERS: Mapping[str, Callable[[dict[str, Any], str], Predicate]] = MappingProxyType(
    {
        "array": _array,
        "boolean": _truth,
        "integer": _integer,
        "null": _null,
        "number": _number,
        "object": _object,
        "string": _text,
    }
)
"""How a function is made of a rule of each type."""


def _others(rule: Any, name: str) -> Predicate:
    if rule is True:
        return _anything
    return _nothing if rule is False else _compiled(rule, name)


def _anything(_value: Any) -> bool:
    return True


def _nothing(_value: Any) -> bool:
    return False


def _nothing_left(words: Mapping[str, Any]) -> None:
    if words:
        raise _NotCoveredError
