"""The cloud's codes, and how its failures and those of HTTP become errors of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from renderbus_core import schema
from renderbus_core.errors import (
    AuthError,
    BillingError,
    CloudError,
    RequestRefusedError,
    TransientError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    import requests


@dataclass(frozen=True, slots=True)
class CloudCode:
    """One row of `schemas/codes.json`.

    Args:
        code: number on the wire.
        name: the vendor's constant.
        meaning: what it says, in English.
        remedy: what a person can do about it.
        kind: which branch of the tree it becomes (`refused`, `auth`, `billing`, `transient`,
            `unknown`, `benign`, `success`).
        retryable: whether the same request may succeed when it is sent again.
    """

    code: int
    name: str
    meaning: str
    remedy: str
    kind: str
    retryable: bool


_KINDS: Mapping[str, type[CloudError]] = MappingProxyType(
    {
        "refused": RequestRefusedError,
        "auth": AuthError,
        "billing": BillingError,
        "transient": TransientError,
        "unknown": UnknownOutcomeError,
        "benign": RequestRefusedError,
        # A success that is treated as a failure comes from a reply that contradicts itself.
        "success": UnknownOutcomeError,
    }
)


@cache
def cloud_codes() -> Mapping[int, CloudCode]:
    """Return every code the cloud is known to answer, by number."""
    rows = schema.load("codes.json")["codes"]
    return MappingProxyType({row["code"]: CloudCode(**row) for row in rows})


def from_cloud_code(
    code: int, message: str, *, operation: str, request_id: str | None = None
) -> CloudError:
    """Turn a code of the cloud into the error whose branch says what to do next.

    Args:
        code: `code` of the reply envelope; one that no source lists is an unknown outcome.
        message: `message` of the reply envelope, shown behind our own words.
        operation: name in the operations table.
        request_id: `requestId` of the reply envelope.
    """
    known = cloud_codes().get(code)
    if known is None:
        return UnknownOutcomeError(
            f"{operation}: Renderbus answered with the unlisted code {code} ({message})",
            code=code,
            operation=operation,
            request_id=request_id,
        )
    text = f"{operation}: {known.meaning} (code {code}, {message}); {known.remedy}"
    return _KINDS[known.kind](text, code=code, operation=operation, request_id=request_id)


def from_requests(error: requests.RequestException, *, operation: str, host: str) -> CloudError:
    """Turn a failure below HTTP into one of ours.

    Only a failure to connect proves that the request was never carried out; every other one
    (time-out while reading, reset, broken reply) leaves the outcome unknown.

    Args:
        error: what `requests` raised.
        operation: name in the operations table.
        host: the address that was called, for the message.
    """
    from requests import ConnectTimeout  # noqa: PLC0415 - the table alone needs no HTTP

    if isinstance(error, ConnectTimeout) or _never_connected(error):
        return TransientError(
            f"{operation}: {host} cannot be reached; check the domain and the network",
            operation=operation,
        )
    return UnknownOutcomeError(
        f"{operation}: no usable reply from {host} ({type(error).__name__}); "
        "the request may have been carried out",
        operation=operation,
    )


def _never_connected(error: BaseException) -> bool:
    """Tell whether a chain of urllib3 errors begins with a connection that was never made."""
    seen: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        item = todo.pop()
        if not isinstance(item, BaseException) or item in seen:
            continue
        seen.append(item)
        if type(item).__name__ in {"NewConnectionError", "NameResolutionError"}:
            return True
        # Not `__context__`: that may be an earlier attempt, which proves nothing about this one.
        todo += [*item.args, item.__cause__, getattr(item, "reason", None)]
    return False
