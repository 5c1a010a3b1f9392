"""Judging documents with jsonschema; a validator is built once per schema."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from renderbus_core.errors import DocumentError, Problem
from renderbus_core.schema.library import BASE, with_references
from renderbus_core.schema.quick import UNTOLD, quick_kind, register
from renderbus_core.schema.sentences import Violation, violation

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

MOST_PROBLEMS = 5_000
"""How many problems of one document are told; there may be more."""


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
        register(rules, each)
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
    return quick_kind()(addressed[BASE + name], registry=registry.crawl())


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
        with _no_collections():
            found = list(islice(judge.iter_errors(document), MOST_PROBLEMS + 1))
    except RecursionError:  # jsonschema prints values, however deep they are
        return (Violation((), (), "a value in it is nested too deeply to be judged"),)
    more = len(found) > MOST_PROBLEMS
    told = sorted(found[:MOST_PROBLEMS], key=_place)
    end = [Violation((), (), f"more than {MOST_PROBLEMS:,} problems, no more are told")]
    return tuple(dict.fromkeys([*map(violation, told), *(end if more else [])]))


@contextmanager
def _no_collections() -> Iterator[None]:
    """Keep the collector from looking through a large document again and again meanwhile.

    Errors are made by the thousand and all of them are kept, so it would find nothing.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _place(error: ValidationError) -> list[tuple[int, str]]:
    place = [(part, "") if isinstance(part, int) else (-1, part) for part in error.path]
    # What counts entries comes after those that are told.
    return [*place, (sys.maxsize, "")] if error.validator == UNTOLD else place


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
