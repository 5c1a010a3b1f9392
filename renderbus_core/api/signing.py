"""Signing: the canonical text of a request and its HMAC (API document of 2018-10, signing)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

UNSIGNED = frozenset({"signature", "Content-Type", "languageFlag"})


def canonical_text(
    domain: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any]
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
    """
    merged: dict[str, Any] = {k: v for k, v in headers.items() if k not in UNSIGNED}
    merged.update(body)
    flat = [f"{name}={_text(value)}" for name, value in sorted(_flatten(merged))]
    return "&".join([f"[POST]{domain}:{path}", *flat])


def sign(access_key: str, text: str) -> str:
    """Return the signature of a canonical text.

    Args:
        access_key: the secret of the account.
        text: from `canonical_text`.
    """
    digest = hmac.new(access_key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def matches(access_key: str, text: str, signature: str) -> bool:
    """Tell in constant time whether a signature belongs to a canonical text."""
    return hmac.compare_digest(sign(access_key, text).encode(), signature.encode())


def _flatten(merged: Mapping[str, Any]) -> list[tuple[str, Any]]:
    # A dictionary, not a list: two members may flatten to one name, and the later one wins
    # as it does in the vendor's client. A stack, not recursion: bodies come from outside.
    flat: dict[str, Any] = {}
    stack: list[tuple[str, Any]] = list(merged.items())[::-1]
    while stack:
        name, value = stack.pop()
        if isinstance(value, Mapping):
            stack += [(f"{name}.{key}", child) for key, child in list(value.items())[::-1]]
        elif isinstance(value, (list, tuple)):
            stack += [(f"{name}{i}", value[i]) for i in range(len(value) - 1, -1, -1)]
        else:
            flat[name] = value
    return list(flat.items())


def _text(value: object) -> str:
    # The vendor's client writes Python's own words (True, None, 1.0); what the service expects
    # for these is not known, so our requests avoid them (docs/assumptions.md).
    return value if isinstance(value, str) else str(value)
