"""One signed call over HTTP: headers, clock correction, envelope, and what each failure means."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from renderbus_core import codes
from renderbus_core.api import signing
from renderbus_core.api.operations import Operation, Profile, channel, operations
from renderbus_core.api.retry import retrying
from renderbus_core.clock import Clock, SystemClock
from renderbus_core.config import Credentials
from renderbus_core.errors import AuthError, RequestRefusedError, UnknownOutcomeError
from renderbus_core.http import new_session

SUCCESS = 200
SIGNATURE_EXPIRED = 610
_LANGUAGE_FLAG = {"zh": "0", "en": "1"}
_REDIRECTS = range(300, 400)
_CLIENT_ERRORS = range(400, 500)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how the service is spoken to.

    Args:
        domain: host, with a port if it has one; it is part of the signature.
        scheme: `https`, or `http` for the simulator.
        platform: id of the render platform.
        profile: generation of the protocol.
        language: of the cloud's texts, `en` or `zh`.
        connect_timeout: seconds.
        read_timeout: seconds.
        attempts: tries per call, where repeating is safe.
    """

    domain: str
    scheme: str = "https"
    platform: int = 62
    profile: Profile = Profile.CURRENT
    language: str = "en"
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    attempts: int = 4

    @property
    def base_url(self) -> str:
        """Address in front of every path."""
        return f"{self.scheme}://{self.domain}"


def random_nonce() -> str:
    """Return a nonce of 15 digits: wide enough that replays are never accidental."""
    return str(secrets.randbelow(9 * 10**14) + 10**14)


@dataclass(frozen=True, slots=True)
class Seams:
    """What a test replaces: time, sleep, chance and transport."""

    clock: Clock = field(default_factory=SystemClock)
    sleep: Callable[[float], None] = time.sleep
    nonce: Callable[[], str] = random_nonce
    adapter: Callable[[], BaseAdapter] = lambda: HTTPAdapter(pool_connections=4, pool_maxsize=16)


class Session:
    """Signed calls to one account; sends nothing until it is asked to."""

    def __init__(
        self, endpoint: Endpoint, credentials: Credentials, seams: Seams | None = None
    ) -> None:
        self.endpoint = endpoint
        self._credentials = credentials
        self._seams = seams or Seams()
        self._http = new_session(endpoint.base_url)
        self._http.mount(endpoint.base_url, self._seams.adapter())
        self._clock_offset = 0

    def close(self) -> None:
        """Close pooled connections."""
        self._http.close()

    def call(self, name: str, arguments: Mapping[str, object]) -> Any:
        """Carry out one operation and return the `data` of its reply.

        Args:
            name: of the operation in `schemas/api.json`.
            arguments: by Python name; None means left out.

        Raises:
            DocumentError: an argument is wrong; nothing was sent.
            CloudError: one of its branches, by what the caller does next.
        """
        operation = operations()[name]
        body = operation.body(arguments)
        loop = retrying(
            operation,
            attempts=self.endpoint.attempts,
            longest_wait=20.0,
            sleep=self._seams.sleep,
        )
        return loop(self._once_with_clock, operation, body)

    def _once_with_clock(self, operation: Operation, body: dict[str, Any]) -> Any:
        """Send once; when the signature is found too old, set our clock by the server's, once."""
        offset = self._clock_offset
        try:
            return self._once(operation, body)
        except AuthError as error:
            if error.code != SIGNATURE_EXPIRED or self._clock_offset == offset:
                raise
        return self._once(operation, body)

    def _once(self, operation: Operation, body: dict[str, Any]) -> Any:
        path = operation.path(self.endpoint.profile)
        try:
            reply = self._http.post(
                self.endpoint.base_url + path,
                data=json.dumps(body).encode(),
                headers=self._headers(path, body),
                timeout=(self.endpoint.connect_timeout, self.endpoint.read_timeout),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise codes.from_requests(
                error, operation=operation.name, host=self.endpoint.domain
            ) from error
        return self._data(operation, reply)

    def _headers(self, path: str, body: Mapping[str, Any]) -> dict[str, str]:
        now = int(self._seams.clock.now().timestamp()) + self._clock_offset
        headers = {
            "accessId": self._credentials.access_id,
            "channel": channel(),
            "platform": str(self.endpoint.platform),
            "UTCTimestamp": str(now),
            "nonce": self._seams.nonce(),
            "version": self.endpoint.profile.version,
        }
        text = signing.canonical_text(self.endpoint.domain, path, headers, body)
        headers["signature"] = signing.sign(self._credentials.access_key.reveal(), text)
        headers["Content-Type"] = "application/json"
        headers["languageFlag"] = _LANGUAGE_FLAG[self.endpoint.language]
        return headers

    def _data(self, operation: Operation, reply: requests.Response) -> Any:
        """Judge a reply: its envelope when it has one, else its HTTP status."""
        envelope = _envelope(reply)
        if envelope is None:
            raise self._without_envelope(operation, reply)
        code, request_id = envelope["code"], envelope.get("requestId")
        if code == SUCCESS:
            return envelope.get("data")
        if code == SIGNATURE_EXPIRED:
            self._correct_clock(envelope)
        raise codes.from_cloud_code(
            code, str(envelope.get("message")), operation=operation.name, request_id=request_id
        )

    def _without_envelope(
        self, operation: Operation, reply: requests.Response
    ) -> RequestRefusedError | UnknownOutcomeError:
        where = f"{operation.name}: {self.endpoint.domain} answered HTTP {reply.status_code}"
        if reply.status_code in _REDIRECTS:
            return RequestRefusedError(
                f"{where} and points elsewhere; check cloud.domain and cloud.scheme",
                operation=operation.name,
            )
        if reply.status_code in _CLIENT_ERRORS:
            return RequestRefusedError(
                f"{where} without a Renderbus reply; check cloud.domain", operation=operation.name
            )
        return UnknownOutcomeError(
            f"{where} without a Renderbus reply; the request may have been carried out",
            operation=operation.name,
        )

    def _correct_clock(self, envelope: Mapping[str, Any]) -> None:
        server_ms = envelope.get("serverTime")
        if isinstance(server_ms, int):
            ours = self._seams.clock.now().timestamp()
            self._clock_offset = round(server_ms // 1000 - ours)


def _envelope(reply: requests.Response) -> Mapping[str, Any] | None:
    """Return the reply envelope, or None when the body is not one."""
    try:
        document = reply.json()
    except (requests.JSONDecodeError, RecursionError):
        return None
    if isinstance(document, dict) and isinstance(document.get("code"), int):
        return document
    return None
