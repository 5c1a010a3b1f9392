"""jsonschema's validator with a short way past all that is surely right.

Values are first asked for a quick yes, see `predicate`; jsonschema explains those that fail. Of the
entries of one list it explains a thousand, and the others are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from renderbus_core.schema.library import followed
from renderbus_core.schema.predicate import Predicate, predicate

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

MOST_EXPLAINED = 1_000
"""How many wrong entries of one list are explained; the others are counted."""

UNTOLD = "untold"
"""The keyword of errors that count entries."""

_Errors: TypeAlias = "Iterator[ValidationError]"

# By keyword and identity of the rule it holds, or for a reference of the rule that holds it. Rules
# live in `load`'s cache, as long as the process, so no other value can get such an identity.
_PREDICATES: dict[tuple[str, int], Predicate] = {}
# Of entries that are judged by nothing but a reference inside the file: the rule it means, so that
# jsonschema need not look it up for every entry.
_MEANT: dict[int, Any] = {}


def register(value: Any, name: str) -> None:
    """Derive a quick function from every rule that is asked often, wherever in a schema it stands.

    Args:
        value: a schema as `load` gives it, or a part of it.
        name: of the schema.
    """
    if isinstance(value, dict):
        for keyword in ("items", "additionalProperties"):
            _derive(keyword, value.get(keyword), name)
        _follow(value.get("items"), name)
        for rule in _members(value.get("properties")):
            _derive("properties", rule, name)
        if isinstance(value.get("propertyNames"), dict):
            # Names are always texts, so their rule need not say it.
            names = value["propertyNames"]
            _derive("propertyNames", names, name, judged={"type": "string"} | names)
        if "$ref" in value:
            _derive("$ref", value, name, judged={"$ref": value["$ref"]})
    for member in _members(value):
        register(member, name)


@cache
def quick_kind() -> type[Draft202012Validator]:
    """Return the class of validators that take the short way."""
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 - see the package

    keywords = {
        "$ref": _reference,
        "additionalProperties": _additional,
        "items": _items,
        "properties": _properties,
        "propertyNames": _names,
    }
    kind: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, keywords
    )
    return kind


def _derive(keyword: str, rule: Any, name: str, judged: Any = None) -> None:
    good = predicate(judged or rule, name)
    if good is not None:
        _PREDICATES[keyword, id(rule)] = good


def _follow(rule: Any, name: str) -> None:
    if isinstance(rule, dict) and set(rule) == {"$ref"}:
        other, meant = followed(name, rule["$ref"])
        if other == name:
            _MEANT[id(rule)] = meant


def _members(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_good(keyword: str, rule: Any) -> Predicate:
    """Return what says quickly that a value matches; it says no of all where nobody knows."""
    return _PREDICATES.get((keyword, id(rule)), _nobody_knows)


def _nobody_knows(_value: Any) -> bool:
    return False


@cache
def _usual(keyword: str) -> Callable[[Any, Any, Any, Any], _Errors]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - see the package

    usual: Callable[[Any, Any, Any, Any], _Errors] = Draft202012Validator.VALIDATORS[keyword]
    return usual


# Each as jsonschema calls it: the validator, what the keyword says, the value, the whole rule.


def _reference(judge: Any, target: Any, value: Any, whole: Any) -> _Errors:
    if not _is_good("$ref", whole)(value):
        yield from _usual("$ref")(judge, target, value, whole)


def _additional(judge: Any, rule: Any, value: Any, whole: Any) -> _Errors:
    good = _is_good("additionalProperties", rule)
    if not isinstance(value, dict) or not all(map(good, value.values())):
        yield from _usual("additionalProperties")(judge, rule, value, whole)


def _names(judge: Any, rule: Any, value: Any, whole: Any) -> _Errors:
    good = _is_good("propertyNames", rule)
    if not isinstance(value, dict) or not all(map(good, value)):
        yield from _usual("propertyNames")(judge, rule, value, whole)


def _properties(judge: Any, rules: Any, value: Any, whole: Any) -> _Errors:
    if isinstance(value, dict):
        doubtful = {
            key: rule
            for key, rule in rules.items()
            if key in value and not _is_good("properties", rule)(value[key])
        }
        yield from _usual("properties")(judge, doubtful, value, whole)


def _items(judge: Any, rule: Any, value: Any, whole: Any) -> _Errors:
    if isinstance(value, list) and isinstance(rule, dict) and "prefixItems" not in whole:
        yield from _entries(judge, rule, value)
    else:
        yield from _usual("items")(judge, rule, value, whole)


def _entries(judge: Any, rule: Any, value: list[Any]) -> _Errors:
    """Explain the first wrong entries of a list, then say how many more there are."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415 - see the package

    good, rule = _is_good("items", rule), _MEANT.get(id(rule), rule)
    suspects = ((index, entry) for index, entry in enumerate(value) if not good(entry))
    told = 0
    for index, entry in suspects:
        found = list(judge.descend(entry, rule, path=index))
        yield from found
        told += bool(found)
        if told == MOST_EXPLAINED:
            break
    surely_wrong = good is not _nobody_knows
    untold = sum(surely_wrong or not _matches(judge, rule, entry) for _, entry in suspects)
    if untold:
        verb = "entry is" if untold == 1 else "entries are"
        yield ValidationError(f"{untold:,} more {verb} wrong", validator=UNTOLD)


def _matches(judge: Any, rule: Any, entry: object) -> bool:
    return next(iter(judge.descend(entry, rule)), None) is None
