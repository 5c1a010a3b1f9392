"""Judging documents with jsonschema, in time that does not depend on how long their lists are.

A validator is built once per schema, with everything it refers to at hand. Entries of a list and
members of a map are first asked for a quick yes or no, see `predicate`; jsonschema explains those
that fail. Of one list it explains a thousand and counts the others.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from renderbus_core.errors import DocumentError, Problem
from renderbus_core.schema.library import BASE, with_references
from renderbus_core.schema.predicate import Predicate, predicate
from renderbus_core.schema.sentences import Violation, violation

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

MOST_EXPLAINED = 1_000
"""How many wrong entries of one list are explained; the others are counted."""

MOST_PROBLEMS = 5_000
"""How many problems of one document are told; there may be more."""

_UNTOLD = "untold"
_MEMBERS = ("items", "additionalProperties", "propertyNames")
# By keyword and identity of the rule it holds, or for a reference of the rule that holds it. Rules
# live in `load`'s cache, as long as the process, so no other value can get such an identity.
_PREDICATES: dict[tuple[str, int], Predicate | None] = {}


@cache
def validator(name: str) -> Draft202012Validator:
    """Return the validator of one schema; references between schemas are file names.

    Args:
        name: as for `load`.
    """
    from referencing import Registry  # noqa: PLC0415 - loaded with the first validator
    from referencing.jsonschema import DRAFT202012  # noqa: PLC0415 - likewise

    documents = with_references(name)
    for each, rules in documents.items():
        _PREDICATES.update(_predicates(rules, each))
    # Without $schema: with it, jsonschema would go on with its own class behind a reference.
    addressed = {
        BASE + each: {key: value for key, value in rules.items() if key != "$schema"}
        | {"$id": BASE + each}
        for each, rules in documents.items()
    }
    # Crawled now and whole: left to itself, jsonschema does it again at every reference.
    registry = Registry().with_resources(
        (address, DRAFT202012.create_resource(rules)) for address, rules in addressed.items()
    )
    return _quick_kind()(addressed[BASE + name], registry=registry.crawl())


def exact_validator(rules: Mapping[str, Any]) -> Draft202012Validator:
    """Return a validator for what is signed, where 1.0 is not the same as 1.

    Args:
        rules: a schema without references.
    """
    return _exact_kind()(dict(rules))


def problems(name: str, document: object) -> tuple[Problem, ...]:
    """Judge a document and return everything that is wrong with it, sorted by place.

    Args:
        name: the schema.
        document: a decoded JSON value.
    """
    return explain(validator(name), document)


def violations(name: str, document: object) -> tuple[Violation, ...]:
    """Do as `problems`, and tell more of each.

    Args:
        name: the schema.
        document: a decoded JSON value.
    """
    return _violations(validator(name), document)


def explain(judge: Draft202012Validator, document: object) -> tuple[Problem, ...]:
    """Return everything one validator finds, sorted by place.

    Args:
        judge: a validator, for example one built on a part of a table.
        document: a decoded JSON value.
    """
    # jsonschema reports each missing key apart; our sentence names them all, once.
    return tuple(dict.fromkeys(each.problem for each in _violations(judge, document)))


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


def _violations(judge: Draft202012Validator, document: object) -> tuple[Violation, ...]:
    try:
        found = list(islice(judge.iter_errors(document), MOST_PROBLEMS + 1))
    except RecursionError:  # jsonschema prints values, however deep they are
        return (Violation((), (), "a value in it is nested too deeply to be judged"),)
    more = len(found) > MOST_PROBLEMS
    told = sorted(found[:MOST_PROBLEMS], key=_place)
    end = [Violation((), (), f"more than {MOST_PROBLEMS:,} problems, no more are told")]
    return tuple(dict.fromkeys([*map(violation, told), *(end if more else [])]))


def _place(error: ValidationError) -> list[tuple[int, str]]:
    place = [(part, "") if isinstance(part, int) else (-1, part) for part in error.path]
    # What counts entries comes after those that are told.
    return [*place, (sys.maxsize, "")] if error.validator == _UNTOLD else place


def _predicates(value: Any, name: str) -> Iterator[tuple[tuple[str, int], Predicate | None]]:
    """Yield a function for every rule that is asked often, wherever in a schema it stands."""
    if isinstance(value, dict):
        for keyword in _MEMBERS:
            rule = value.get(keyword)
            if isinstance(rule, dict):
                # Names are always texts, so their rule need not say it.
                judged = {"type": "string"} | rule if keyword == "propertyNames" else rule
                yield (keyword, id(rule)), predicate(judged, name)
        properties = value.get("properties")
        for rule in properties.values() if isinstance(properties, dict) else ():
            yield ("properties", id(rule)), predicate(rule, name)
        if "$ref" in value:
            yield ("$ref", id(value)), predicate({"$ref": value["$ref"]}, name)
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from _predicates(member, name)


@cache
def _quick_kind() -> type[Draft202012Validator]:
    """Return jsonschema's validator with a short way through long lists and maps."""
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 - see above

    usual = Draft202012Validator.VALIDATORS

    def items(judge: Any, rule: Any, value: Any, whole: Any) -> Iterator[ValidationError]:
        if isinstance(value, list) and isinstance(rule, dict) and "prefixItems" not in whole:
            yield from _entries(judge, rule, value)
        else:
            yield from usual["items"](judge, rule, value, whole)

    def additional(judge: Any, rule: Any, value: Any, whole: Any) -> Iterator[ValidationError]:
        good = _PREDICATES.get(("additionalProperties", id(rule)))
        if good is None or not isinstance(value, dict) or not all(map(good, value.values())):
            yield from usual["additionalProperties"](judge, rule, value, whole)

    def key_names(judge: Any, rule: Any, value: Any, whole: Any) -> Iterator[ValidationError]:
        good = _PREDICATES.get(("propertyNames", id(rule)))
        if good is None or not isinstance(value, dict) or not all(map(good, value)):
            yield from usual["propertyNames"](judge, rule, value, whole)

    def properties(judge: Any, rules: Any, value: Any, whole: Any) -> Iterator[ValidationError]:
        if isinstance(value, dict):
            doubtful = {
                key: rule
                for key, rule in rules.items()
                if key in value
                and (
                    (good := _PREDICATES.get(("properties", id(rule)))) is None
                    or not good(value[key])
                )
            }
            yield from usual["properties"](judge, doubtful, value, whole)

    def reference(judge: Any, target: Any, value: Any, whole: Any) -> Iterator[ValidationError]:
        good = _PREDICATES.get(("$ref", id(whole)))
        if good is None or not good(value):
            yield from usual["$ref"](judge, target, value, whole)

    kind: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        {
            "$ref": reference,
            "additionalProperties": additional,
            "items": items,
            "properties": properties,
            "propertyNames": key_names,
        },
    )
    return kind


def _entries(judge: Any, rule: Any, value: list[Any]) -> Iterator[ValidationError]:
    """Explain the first wrong entries of a list, then say how many more there are."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415 - see above

    good = _PREDICATES.get(("items", id(rule)))
    suspects = (each for each in enumerate(value) if good is None or not good(each[1]))
    told = 0
    for index, entry in suspects:
        found = list(judge.descend(entry, rule, path=index))
        yield from found
        told += bool(found)
        if told == MOST_EXPLAINED:
            break
    untold = sum(good is not None or not _matches(judge, rule, entry) for _, entry in suspects)
    if untold:
        verb = "entry is" if untold == 1 else "entries are"
        yield ValidationError(f"{untold:,} more {verb} wrong", validator=_UNTOLD)


def _matches(judge: Any, rule: Any, entry: object) -> bool:
    return next(iter(judge.descend(entry, rule)), None) is None


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
