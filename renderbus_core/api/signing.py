"""Signing: the canonical text of a request and its HMAC (API document of 2018-10, signing)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any

UNSIGNED = frozenset({"signature", "Content-Type", "languageFlag"})

_CONTAINERS = (dict, list, tuple)
_PLAIN = frozenset({str, int, float, bool, type(None)})
# Lists up to this length have indices of one digit, none of which begins with another.
_ONE_DIGIT = 10
_LONGEST_KEPT = 16_384


class Words(StrEnum):
    """How booleans and null are written in the signed text.

    The vendor's client writes Python's words; what the service expects is not known, so our
    requests hold neither (docs/assumptions.md).
    """

    PYTHON = "python"
    JSON = "json"


def canonical_text(
    domain: str,
    path: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any],
    words: Words = Words.PYTHON,
) -> str:
    """Return the text that is signed.

    Headers and body members form one dictionary in which the body wins; nested values are
    flattened (`parent.child`, `list0`), empty lists and objects vanish, names are sorted by code
    point. Nothing is escaped, so the text cannot be parsed back: a verifier rebuilds it.

    Args:
        domain: host of the service as the caller wrote it, with its port if any.
        path: path of the request without a query.
        headers: all headers to be signed; those in `UNSIGNED` are skipped.
        body: the decoded request body.
        words: how booleans and null are written.
    """
    merged: dict[str, Any] = {k: v for k, v in headers.items() if k not in UNSIGNED}
    merged.update(body)
    write = _WRITERS[words]
    try:
        parts = _in_order(merged, write)
    except _TangledError:
        parts = [f"{name}={write(value)}" for name, value in sorted(_flatten(merged).items())]
    return "&".join([f"[POST]{domain}:{path}", *parts])


def sign(access_key: str, text: str) -> str:
    """Return the signature of a canonical text.

    Args:
        access_key: the secret of the account.
        text: from `canonical_text`.
    """
    digest = hmac.digest(access_key.encode(), text.encode(), hashlib.sha256)
    return base64.b64encode(digest).decode("ascii")


def matches(access_key: str, text: str, signature: str) -> bool:
    """Tell in constant time whether a signature belongs to a canonical text."""
    return hmac.compare_digest(sign(access_key, text).encode(), signature.encode())


def _json_word(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


_WRITERS: Mapping[Words, Callable[[object], str]] = MappingProxyType(
    {Words.PYTHON: str, Words.JSON: _json_word}
)


class _TangledError(Exception):
    """The names below two members mix, so that only sorting all of them puts them in order."""


def _in_order(merged: dict[str, Any], write: Callable[[object], str]) -> list[str]:
    """Write every `name=value` in the order of the names, without sorting them all.

    Every name below a member begins with the member's own, so it is enough to sort members among
    their siblings - as long as no name that has others below it begins a sibling's.

    Raises:
        _TangledError: one does.
    """
    parts: list[str] = []
    # A stack, not recursion: bodies come from outside.
    stack: list[tuple[str, Any]] = [("", merged)]
    while stack:
        name, value = stack.pop()
        if isinstance(value, dict):
            keys = sorted(value)
            start = f"{name}." if name else ""
            if _is_flat(value.values()):
                parts += [f"{start}{key}={write(value[key])}" for key in keys]
            else:
                _check_keys(keys, value)
                stack += [(start + key, value[key]) for key in reversed(keys)]
        elif isinstance(value, (list, tuple)):
            order = _kept_order(len(value)) if len(value) <= _LONGEST_KEPT else _order(len(value))
            if _is_flat(value):
                parts += [f"{name}{index}={write(value[index])}" for index in order]
            else:
                _check_lists(value)
                stack += [(f"{name}{index}", value[index]) for index in reversed(order)]
        else:
            parts.append(f"{name}={write(value)}")
    return parts


def _order(length: int) -> list[int]:
    """Return the indices of a list in the order of their texts: 0, 1, 10, 11, ..., 2, 20."""
    return sorted(range(length), key=str)


# Lists of one length come again and again (pages, batches); only short ones are worth the memory.
_kept_order = lru_cache(maxsize=8)(_order)


def _is_flat(values: Iterable[object]) -> bool:
    """Tell whether nothing holds other values; unusual types are looked at one by one."""
    return _PLAIN.issuperset(map(type, values))


def _check_keys(keys: Sequence[str], members: Mapping[str, object]) -> None:
    for key, following in pairwise(keys):
        if following.startswith(key) and isinstance(members[key], _CONTAINERS):
            raise _TangledError


def _check_lists(values: Sequence[object]) -> None:
    # `a[1][0]` and `a[10]` are both written a10.
    if len(values) > _ONE_DIGIT and any(isinstance(value, (list, tuple)) for value in values):
        raise _TangledError


def _flatten(merged: Mapping[str, Any]) -> dict[str, Any]:
    """Return every value by its full name; of two with one name the later one stays."""
    # As in the vendor's client, whose text a verifier rebuilds.
    flat: dict[str, Any] = {}
    stack: list[tuple[str, Any]] = list(merged.items())[::-1]
    while stack:
        name, value = stack.pop()
        if isinstance(value, dict):
            start = f"{name}." if name else ""
            stack += [(start + key, child) for key, child in list(value.items())[::-1]]
        elif isinstance(value, (list, tuple)):
            stack += [(f"{name}{i}", value[i]) for i in range(len(value) - 1, -1, -1)]
        else:
            flat[name] = value
    return flat
