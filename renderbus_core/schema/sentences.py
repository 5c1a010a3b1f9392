"""What jsonschema finds, in words for people: what is there, what is expected, what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from renderbus_core.errors import Problem

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_LONGEST_MESSAGE = 300
_LONGEST_VALUE = 80
_MOST_KEYS = 10
_AWKWARD = re.compile(r'[.\[\]"]')


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing in a document that its schema does not allow.

    Args:
        path: keys and indexes from the root of the document.
        rule: the same of the schema; the same for the same mistake elsewhere.
        message: what is wrong and what would be right.
        found: what is there, as short JSON; "" where something is missing.
        expected: what should be there.
        fix: what to do about it.
        unknown: keys at the path that nobody knows, the first few.
        hint: which known key the first of them may have been meant to be.
    """

    path: tuple[str | int, ...]
    rule: tuple[str | int, ...]
    message: str
    found: str = ""
    expected: str = ""
    fix: str = "correct it"
    unknown: tuple[str, ...] = ()
    hint: str = ""

    @property
    def problem(self) -> Problem:
        """The same in short."""
        sentence = f"{self.message}; did you mean {self.hint!r}?" if self.hint else self.message
        return Problem(dotted(self.path), sentence)


# Made once: there may be thousands of values to show.
_as_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


@dataclass(frozen=True, slots=True)
class _Words:
    """How to speak of one keyword of a schema: each from the error that jsonschema raises."""

    message: Callable[[Any], str]
    expected: Callable[[Any], str]
    fix: str


def violation(error: ValidationError) -> Violation:
    """Return what an error of jsonschema says, in our words."""
    if error.context:
        from jsonschema.exceptions import best_match  # noqa: PLC0415 - loaded with validators

        # Inside anyOf/oneOf the deepest relevant error is the one a person can act on.
        error = best_match([error]) or error
    words = _WORDS.get(str(error.validator), _OTHERWISE)
    unknown = _unknown(error) if error.validator == "additionalProperties" else ()
    hint = _meant(unknown[0][:_LONGEST_VALUE], _known(error)) if unknown else ""
    return Violation(
        path=tuple(error.absolute_path),
        rule=tuple(error.absolute_schema_path),
        message=words.message(error),
        found=_found(error),
        expected=words.expected(error),
        fix=f"did you mean {hint!r}?" if hint else words.fix,
        unknown=unknown[:_MOST_KEYS],
        hint=hint,
    )


def dotted(path: Iterable[str | int]) -> str:
    """Print a JSON path the way people write it: `asset[3].local`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not part.isprintable() or _AWKWARD.search(part) or not 0 < len(part) <= _LONGEST_VALUE:
            text += f"[{shown(part)}]"
        else:
            text += f".{part}"
    return text.removeprefix(".")


def printable(text: str) -> str:
    """Return a text of one line without anything that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def shown(value: object) -> str:
    """Print a value as JSON in one line, shortened."""
    if isinstance(value, str):
        value = value[: _LONGEST_VALUE + 1]
        # Most texts are plain, and there may be thousands of them.
        if value.isprintable() and '"' not in value and "\\" not in value:
            return _shortened(f'"{value}"')
    elif isinstance(value, list | dict) and value:
        size = f"{len(value):,}"
        return (
            f"a list of length {size}" if isinstance(value, list) else f"an object of size {size}"
        )
    return _shortened(printable(_as_json(value)))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "..."


def _found(error: Any) -> str:
    return "" if error.validator in _ABSENT else shown(error.instance)


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


def _kinds(error: Any) -> str:
    rule = error.validator_value
    return " or ".join([rule] if isinstance(rule, str) else rule)


def _form(error: Any) -> str:
    example = error.schema.get("examples", [None])[0]
    return f", for example {shown(example)}" if example else f" ({error.validator_value})"


def _list(error: Any) -> str:
    return ", ".join(map(shown, error.validator_value))


def _known(error: Any) -> tuple[str, ...]:
    return tuple(error.schema.get("properties", ()))


def _unknown(error: Any) -> tuple[str, ...]:
    known = error.schema.get("properties", {})
    patterns = list(error.schema.get("patternProperties", {}))
    return tuple(
        key
        for key in error.instance
        if key not in known and not any(re.search(pattern, key) for pattern in patterns)
    )


def _not_known(error: Any) -> str:
    keys = _unknown(error)
    told = [f"{key[:_LONGEST_VALUE]!r} is not known" for key in keys[:_MOST_KEYS]]
    more = [f"{len(keys) - _MOST_KEYS:,} more are not"] if len(keys) > _MOST_KEYS else []
    return ", ".join(told + more)


# The same slip is often made a thousand times.
@lru_cache
def _meant(key: str, known: tuple[str, ...]) -> str:
    """Return the known key that is most like another; "" when none is."""
    import difflib  # noqa: PLC0415 - only a document that is wrong needs it

    return next(iter(difflib.get_close_matches(key, known, n=1)), "")


def _in_own_words(error: Any) -> str:
    # jsonschema's own words quote the whole value, which may be a whole document.
    short = len(error.message) < _LONGEST_MESSAGE
    return error.message if short else f"fails the rule {error.validator}"


def _rule(error: Any) -> str:
    return f"{error.validator} {shown(error.validator_value)}"


_OTHERWISE = _Words(_in_own_words, _rule, "correct it")
# Where they speak, there is nothing to show: the object without a key, the list as a whole.
_ABSENT = {"required", "dependentRequired", "untold"}
_WORDS: Mapping[str, _Words] = {
    "required": _Words(_missing, lambda e: f"the keys {_list(e)}", "add what is missing"),
    "dependentRequired": _Words(_missing_company, _rule, "add what is missing"),
    "additionalProperties": _Words(
        _not_known,
        lambda e: f"the keys {', '.join(map(shown, _known(e)))}",
        "take it out",
    ),
    "enum": _Words(
        lambda e: f"{shown(e.instance)} is not one of {_list(e)}",
        lambda e: f"one of {_list(e)}",
        "choose one of them",
    ),
    "const": _Words(
        lambda e: f"{shown(e.instance)} must be {shown(e.validator_value)}",
        lambda e: shown(e.validator_value),
        "write that",
    ),
    "type": _Words(
        lambda e: f"{shown(e.instance)} must be of type {_kinds(e)}",
        _kinds,
        "write a value of that type",
    ),
    "pattern": _Words(
        lambda e: f"{shown(e.instance)} does not have the expected form{_form(e)}",
        lambda e: f"the form {e.validator_value}",
        "write it in that form",
    ),
    "minimum": _Words(_in_own_words, lambda e: f"at least {e.validator_value}", "raise it"),
    "maximum": _Words(_in_own_words, lambda e: f"at most {e.validator_value}", "lower it"),
    "minLength": _Words(
        _in_own_words, lambda e: f"at least {e.validator_value} characters", "fill it in"
    ),
    "maxLength": _Words(
        _in_own_words, lambda e: f"at most {e.validator_value} characters", "shorten it"
    ),
    "untold": _Words(
        _in_own_words, lambda _: "entries like the others", "correct those that are told first"
    ),
}
