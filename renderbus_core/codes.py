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
    BenignError,
    BillingError,
    CloudError,
    InputError,
    RenderbusError,
    RequestRefusedError,
    TransientError,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    import requests
    from urllib3.exceptions import LocationParseError


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
        "benign": BenignError,
        # A success that is treated as a failure comes from a reply that contradicts itself.
        "success": UnknownOutcomeError,
    }
)

_WRONG_REGION = 608
# Whom a domain serves, by its end; the zones are those of queryPlatforms.
_REGIONS: Mapping[str, str] = MappingProxyType(
    {
        "renderbus.com": "China (zone 1)",
        "foxrenderfarm.com": "the world outside China (zone 2)",
    }
)


@cache
def cloud_codes() -> Mapping[int, CloudCode]:
    """Return every code the cloud is known to answer, by number."""
    rows = schema.load("codes.json")["codes"]
    return MappingProxyType({row["code"]: CloudCode(**row) for row in rows})


def from_cloud_code(
    code: int,
    message: str,
    *,
    operation: str,
    request_id: str | None = None,
    domain: str | None = None,
) -> CloudError:
    """Turn a code of the cloud into the error whose branch says what to do next.

    Args:
        code: `code` of the reply envelope; one that no source lists is an unknown outcome.
        message: `message` of the reply envelope, shown behind our own words.
        operation: name in the operations table.
        request_id: `requestId` of the reply envelope.
        domain: that was called; named where it is what is wrong.
    """
    known = cloud_codes().get(code)
    if known is None:
        return UnknownOutcomeError(
            f"{operation}: Renderbus answered with the unlisted code {code} ({message})",
            code=code,
            operation=operation,
            request_id=request_id,
        )
    meaning = known.meaning
    if code == _WRONG_REGION and domain:
        meaning += f" than {domain}{_served_by(domain)}"
    text = f"{operation}: {meaning} (code {code}, {message}); {known.remedy}"
    return _KINDS[known.kind](text, code=code, operation=operation, request_id=request_id)


def _served_by(domain: str) -> str:
    host = domain.partition(":")[0].lower()
    return next(
        (f", which serves {who}" for end, who in _REGIONS.items() if host.endswith(end)), ""
    )


def from_requests(
    error: requests.RequestException | LocationParseError, *, operation: str, host: str
) -> RenderbusError:
    """Turn a failure below HTTP into one of ours.

    Only a failure to connect proves that the request was never carried out; every other one
    (time-out while reading, reset, broken reply) leaves the outcome unknown.

    Args:
        error: what `requests` raised, or let through from urllib3.
        operation: name in the operations table.
        host: the address that was called, for the message.
    """
    from requests import exceptions  # noqa: PLC0415 - the table alone needs no HTTP
    from urllib3.exceptions import LocationParseError  # noqa: PLC0415 - as above

    from renderbus_core import http  # noqa: PLC0415 - as above

    if isinstance(
        error,
        exceptions.InvalidURL
        | exceptions.InvalidSchema
        | exceptions.MissingSchema
        | LocationParseError,
    ):
        return InputError(
            f"{operation}: nothing was sent, for the address {host} or that of the proxy cannot be "
            f"used ({type(error).__name__}); check cloud.domain and cloud.proxy"
        )
    if http.is_untrusted(error):
        return RequestRefusedError(
            f"{operation}: the certificate of {host} is not trusted, so nothing was sent; "
            "check cloud.domain, or name the certificates that you trust in cloud.ca_bundle",
            operation=operation,
        )
    if http.is_asked_by_proxy(error):
        return RequestRefusedError(
            f"{operation}: the proxy on the way to {host} wants a user and a password; "
            "put them into cloud.proxy",
            operation=operation,
        )
    if http.never_connected(error):
        return TransientError(
            f"{operation}: {host} cannot be reached; check the domain, the network and the proxy",
            operation=operation,
        )
    hint = ", or check cloud.scheme" if isinstance(error, exceptions.SSLError) else ""
    return UnknownOutcomeError(
        f"{operation}: no usable reply from {host} ({type(error).__name__}); "
        f"the request may have been carried out{hint}",
        operation=operation,
    )
