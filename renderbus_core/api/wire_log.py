"""The opt-in log of what goes over the wire, without what is secret or personal.

It goes to the logger `renderbus_core.api.wire` at level DEBUG; who wants to see it gives that
logger a handler. No other logger is touched.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from renderbus_core.api.envelope import Reply

LOGGER = logging.getLogger("renderbus_core.api.wire")

HIDDEN = "***"

# Fields of the protocol and of configuration files whose values stay out of a log: any field whose
# name holds one of these words, in any case and with or without underscores.
_SECRET_WORDS = (
    "accessid",
    "accesskey",
    "apikey",
    "authorization",
    "communicationnumber",
    "cookie",
    "credential",
    "mail",
    "mobile",
    "passphrase",
    "passw",
    "phone",
    "privatekey",
    "pwd",
    "secret",
    "signature",
    "token",
    "userkey",
)
_SECRET_NAMES = frozenset({"account", "address", "key", "pass", "sign"})
_IN_TEXT = (
    *("_?".join(word) for word in _SECRET_WORDS),
    *(rf"\b{name}\b" for name in sorted(_SECRET_NAMES)),
)
_SECRET_IN_TEXT = re.compile(
    # Bounded, for a text without an end to its words would be read again from each of them.
    rf"(?:{'|'.join(_IN_TEXT)})\w{{0,40}}\\{{0,40}}[\"']?\s{{0,40}}[:=]",
    re.IGNORECASE,
)
_LONGEST_TEXT = 2000
_LONGEST_READ = 1 << 20
_DEEPEST = 50


class WireLog:
    """Writes one record for each request and what became of it.

    Args:
        access_id: of the account; hidden wherever it appears.
    """

    def __init__(self, access_id: str) -> None:
        self._access_id = access_id

    def note(
        self,
        what: str,
        *,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        outcome: Reply | str,
        seconds: float,
    ) -> None:
        """Write a record.

        Args:
            what: operation and attempt.
            url: where it was sent.
            headers: as sent.
            body: as sent.
            outcome: the reply, or the kind of failure when there was none.
            seconds: that it took.
        """
        if not LOGGER.isEnabledFor(logging.DEBUG):
            return
        came = (
            f"HTTP {outcome.status} {_shown(outcome.content)}"
            if isinstance(outcome, Reply)
            else f"no reply ({outcome})"
        )
        text = (
            f"{what}: POST {url} headers {json.dumps(redacted(dict(headers)))} "
            f"body {_shown(body)} -> {came} in {seconds:.3f} s"
        )
        LOGGER.debug("%s", text.replace(self._access_id, HIDDEN))


def redacted(value: Any, depth: int = _DEEPEST) -> Any:
    """Return a decoded JSON value with everything secret hidden.

    Args:
        value: from outside.
        depth: how deep to look; what lies deeper is left out.
    """
    if depth == 0:
        return "..."
    match value:
        case dict():
            return {
                name: HIDDEN if _is_secret(name) else redacted(member, depth - 1)
                for name, member in value.items()
            }
        case list():
            return [redacted(member, depth - 1) for member in value]
        case str():
            return _text(value, depth)
        case _:
            return value


def _is_secret(name: str) -> bool:
    plain = name.replace("_", "").replace("-", "").lower()
    return plain in _SECRET_NAMES or any(word in plain for word in _SECRET_WORDS)


def _text(text: str, depth: int) -> str:
    """Hide what is secret in a text, which may be a JSON document (`content`)."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.dumps(redacted(json.loads(text), depth - 1))
        except (ValueError, RecursionError):
            pass  # Cut short, or no JSON after all.
    return HIDDEN if _SECRET_IN_TEXT.search(text) else text


def _shown(content: bytes) -> str:
    """Return a body as it may be logged."""
    if len(content) > _LONGEST_READ:
        return f"({len(content):,} bytes, too many to show)"
    text = content.decode(errors="replace")
    try:
        shown = json.dumps(redacted(json.loads(text)))
    except (ValueError, RecursionError):
        shown = json.dumps(_text(text, _DEEPEST))
    more = len(shown) - _LONGEST_TEXT
    return shown if more <= 0 else f"{shown[:_LONGEST_TEXT]}... ({more:,} more characters)"
