"""What comes back: reading it within bounds, the envelope around the data, and what is no reply."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from renderbus_core import codes
from renderbus_core.errors import (
    CloudError,
    RequestRefusedError,
    TransientError,
    UnknownOutcomeError,
)

SUCCESS = 200
SIGNATURE_EXPIRED = 610
NO_MORE_RECORDS = 700

LARGEST_REPLY = 256 << 20
"""Most bytes of a reply, unpacked; the largest known one, a full log, is a hundredth of that."""

_BLOCK = 1 << 16
_REDIRECTS = range(300, 400)
_CLIENT_ERRORS = range(400, 500)
_TOO_MANY_REQUESTS = 429
_PROXY_SIGN_IN = 407
_LONGEST_TEXT = 300
# Milliseconds of the years 2001 to 2286: anything else is no time of a server.
_PLAUSIBLE_TIMES = range(10**12, 10**13)
_HOST = re.compile(r"https?://([A-Za-z0-9.:-]{1,100})(?=[/?#]|$)")
_SECONDS = re.compile(r"[0-9]{1,9}")


class ReplyTooLargeError(UnknownOutcomeError):
    """A reply was longer than anything the service sends; reading it again would not help."""


class NotAnEnvelopeError(ValueError):
    """A body is no reply of Renderbus; the text says why, for use in a sentence."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The reply around the data.

    Args:
        code: 200 for success.
        message: the service's words, shortened.
        data: what was asked for.
        request_id: the service's own id of the request.
        server_time: seconds since 1970; None when it says none.
    """

    code: int
    message: str
    data: Any
    request_id: str | None
    server_time: int | None

    @classmethod
    def of(cls, content: bytes) -> Envelope:
        """Read a body.

        Raises:
            NotAnEnvelopeError: it is none.
        """
        document = _decoded(content)
        if not isinstance(document, dict):
            raise NotAnEnvelopeError("the JSON is no object")
        if "code" not in document:
            raise NotAnEnvelopeError("the key 'code' is missing")
        code, time = document["code"], document.get("serverTime")
        if not isinstance(code, int) or isinstance(code, bool):
            raise NotAnEnvelopeError("'code' is no number")
        request_id = document.get("requestId")
        return cls(
            code=code,
            message=_short(str(document.get("message"))),
            data=document.get("data"),
            request_id=_short(request_id) if isinstance(request_id, str) else None,
            server_time=time // 1000
            if isinstance(time, int) and time in _PLAUSIBLE_TIMES
            else None,
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of HTTP, read to its end."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        """Whether HTTP reports no failure."""
        return self.status < _REDIRECTS.start

    @classmethod
    def of(cls, reply: requests.Response, *, operation: str) -> Reply:
        """Read the whole body and give the connection back.

        Args:
            reply: opened as a stream.
            operation: for the message.

        Raises:
            requests.RequestException: it broke off.
            ReplyTooLargeError: it does not end, or a small one unpacks into a huge one.
        """
        # An adapter without a connection hands the body over as a whole.
        content = reply.content if reply.raw is None else _read(reply, operation)
        return cls(reply.status_code, reply.headers, content)


def _read(reply: requests.Response, operation: str) -> bytes:
    blocks, size = [], 0
    with reply:
        for block in reply.iter_content(_BLOCK):
            size += len(block)
            if size > LARGEST_REPLY:
                raise ReplyTooLargeError(
                    f"{operation}: the reply is longer than {LARGEST_REPLY >> 20} MiB and was not "
                    "read to its end; ask for less, or check cloud.domain",
                    operation=operation,
                )
            blocks.append(block)
    return b"".join(blocks)


def unreadable(
    answer: Envelope, why: UnknownOutcomeError, *, operation: str
) -> UnknownOutcomeError:
    """Return the error of a success whose data is not what it should be.

    Args:
        answer: the reply.
        why: what is wrong with the data.
        operation: name in the operations table.
    """
    return UnknownOutcomeError(
        f"{operation}: {why.sentence}",
        code=answer.code,
        operation=operation,
        request_id=answer.request_id,
    )


def failure(answer: Envelope, *, operation: str, domain: str) -> CloudError:
    """Return what the code of an envelope means.

    Args:
        answer: what came.
        operation: that was asked for.
        domain: that was called.
    """
    return codes.from_cloud_code(
        answer.code,
        answer.message,
        operation=operation,
        request_id=answer.request_id,
        domain=domain,
    )


def without_envelope(
    reply: Reply, why: NotAnEnvelopeError, *, operation: str, domain: str
) -> CloudError:
    """Return what a reply means that is none of Renderbus: mostly of a server on the way to it.

    Args:
        reply: what came.
        why: what is wrong with its body.
        operation: that was asked for.
        domain: that was called.
    """
    where = f"{operation}: {domain} answered HTTP {reply.status}"
    kind: type[CloudError] = RequestRefusedError
    if reply.status in _REDIRECTS:
        text = f"and points elsewhere{_target(reply)}; check cloud.domain and cloud.scheme"
    elif reply.status == _TOO_MANY_REQUESTS:
        text = "for too many requests; set cloud.requests_per_second"
        kind = TransientError
    elif reply.status == _PROXY_SIGN_IN:
        text = "of a proxy that wants a user and a password; put them into cloud.proxy"
    elif reply.status in _CLIENT_ERRORS:
        text = f"without a Renderbus reply ({why}); check cloud.domain"
    else:
        text = f"without a Renderbus reply ({why}); the request may have been carried out"
        kind = UnknownOutcomeError
    return kind(f"{where} {text}", operation=operation)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return for how many seconds the service wants to be left alone; None when it does not say.

    Args:
        headers: of the reply.
        now: aware.
    """
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date of HTTP is always in UTC, whether it says so or not.
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def _decoded(content: bytes) -> object:
    if not content.strip():
        raise NotAnEnvelopeError("the body is empty")
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
        begun = content.lstrip()[:1] in b"{["
        why = "the JSON breaks off" if cut and begun else "the body is no JSON"
        raise NotAnEnvelopeError(why) from error
    except (ValueError, RecursionError) as error:
        raise NotAnEnvelopeError("the body is no usable JSON") from error


def _target(reply: Reply) -> str:
    """Name the host that a redirection points to, for it often tells what is wrong."""
    host = _HOST.match(reply.headers.get("Location", ""))
    return f", to {host[1]}" if host else ""


def _short(text: str) -> str:
    """Return words of the service so that they fit a line and steer no terminal."""
    start = "".join(c if c.isprintable() else " " for c in text[:_LONGEST_TEXT])
    return start + "..." if len(text) > _LONGEST_TEXT else start
