"""One signed call over HTTP: headers, clock correction, and what may be sent again."""

from __future__ import annotations

import json
import os
import random
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.exceptions import LocationParseError

from renderbus_core import codes
from renderbus_core.api import envelope, signing
from renderbus_core.api.envelope import Envelope, NotAnEnvelopeError, Reply
from renderbus_core.api.operations import Operation, Profile, channel, operations
from renderbus_core.api.retry import retrying
from renderbus_core.clock import Clock, SystemClock
from renderbus_core.errors import (
    AuthError,
    CloudError,
    InputError,
    RenderbusError,
    UnknownOutcomeError,
)
from renderbus_core.http import new_session

if TYPE_CHECKING:
    from renderbus_core.api.limiter import Limiter
    from renderbus_core.api.wire_log import WireLog
    from renderbus_core.config import Credentials

CONNECTIONS = 16
"""How many connections to the service are kept, and so how many threads are served at once."""

LONGEST_TIMEOUT = 86_400
"""Most seconds that a connection or a reply is waited for; systems refuse what never ends."""

T = TypeVar("T")

_LANGUAGE_FLAG = MappingProxyType({"zh": "0", "en": "1"})


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
        proxy: URL of an http, https, socks5 or socks5h proxy, with user and password if it wants
            them; empty for that of the environment, if any.
        ca_bundle: file or folder of certificates to trust; empty for the usual ones.
        requests_per_second: most of them in the long run; 0 for no limit.
        burst: how many may follow each other at once where there is a limit.
        wire_log: whether requests and replies are logged, without what is secret.
    """

    domain: str
    scheme: str = "https"
    platform: int = 62
    profile: Profile = Profile.CURRENT
    language: str = "en"
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    attempts: int = 4
    proxy: str = field(default="", repr=False)
    ca_bundle: str = ""
    requests_per_second: float = 0.0
    burst: int = 5
    wire_log: bool = False

    def __post_init__(self) -> None:
        rules = {
            "domain is a host, for example task.renderbus.com or 127.0.0.1:8080, "
            "without scheme and path": _is_host(self.domain),
            "scheme is https or http": self.scheme in {"https", "http"},
            "platform is a whole number": isinstance(self.platform, int),
            "profile is a Profile, for example Profile.V1": isinstance(self.profile, Profile),
            "language is en or zh": self.language in _LANGUAGE_FLAG,
            f"time-outs are above 0 and at most {LONGEST_TIMEOUT:,} seconds": all(
                0 < seconds <= LONGEST_TIMEOUT
                for seconds in (self.connect_timeout, self.read_timeout)
            ),
            "attempts is at least 1": self.attempts >= 1,
            "requests_per_second is not negative": self.requests_per_second >= 0,
            "burst is at least 1": self.burst >= 1,
        }
        broken = [rule for rule, holds in rules.items() if not holds]
        if broken:
            raise InputError(f"endpoint: {'; '.join(broken)}")

    @property
    def base_url(self) -> str:
        """Address in front of every path."""
        return f"{self.scheme}://{self.domain}"


def _is_host(domain: str) -> bool:
    """Tell whether this, as it is, can stand for the host and port of an address."""
    try:
        parts = urlsplit(f"//{domain}")
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    plain = domain.isascii() and domain.isprintable() and not set(domain) & set(" \\@")
    return has_host and plain and parts.netloc == domain


def random_nonce() -> str:
    """Return a nonce of 15 digits: wide enough that replays are never accidental."""
    return str(secrets.randbelow(9 * 10**14) + 10**14)


def kept_connections() -> BaseAdapter:
    """Return the usual transport."""
    return HTTPAdapter(pool_connections=4, pool_maxsize=CONNECTIONS)


@dataclass(frozen=True, slots=True)
class Seams:
    """What a test replaces: time, sleep, chance and transport."""

    clock: Clock = field(default_factory=SystemClock)
    sleep: Callable[[float], None] = time.sleep
    nonce: Callable[[], str] = random_nonce
    chance: Callable[[float, float], float] = random.uniform
    adapter: Callable[[], BaseAdapter] = kept_connections


def _limiter(endpoint: Endpoint, seams: Seams) -> Limiter | None:
    if not endpoint.requests_per_second:
        return None
    from renderbus_core.api.limiter import Limiter, TokenBucket  # noqa: PLC0415 - few want a limit

    bucket = TokenBucket(endpoint.requests_per_second, endpoint.burst)
    return Limiter(bucket, seams.clock, seams.sleep)


def _wire_log(endpoint: Endpoint, credentials: Credentials) -> WireLog | None:
    if not endpoint.wire_log:
        return None
    from renderbus_core.api.wire_log import WireLog  # noqa: PLC0415 - few want a log

    return WireLog(credentials.access_id)


@dataclass(slots=True)
class _Call:
    """One request on its way; `attempt` counts how often it was sent."""

    operation: Operation
    path: str
    body: Mapping[str, Any]
    attempt: int = 0


class Session:
    """Signed calls to one account; sends nothing until it is asked to. Threads may share it.

    Args:
        endpoint: where the service is and how it is spoken to.
        credentials: of the account.
        seams: what a test replaces.

    Raises:
        ConfigError: credentials, proxy or certificates cannot be used.
        MissingDependencyError: the proxy speaks SOCKS, which is not installed.
    """

    def __init__(
        self, endpoint: Endpoint, credentials: Credentials, seams: Seams | None = None
    ) -> None:
        self.endpoint = endpoint
        self._credentials = credentials
        self._seams = seams or Seams()
        self._http = new_session(
            endpoint.base_url, proxy=endpoint.proxy, ca_bundle=endpoint.ca_bundle, follows=False
        )
        self._connect()
        self._limiter = _limiter(endpoint, self._seams)
        self._log = _wire_log(endpoint, credentials)
        # How far the server's clock is ahead, in seconds. Threads may set it at the same time:
        # each sets what it was told, and the last one is as good as any.
        self._clock_offset = 0

    def close(self) -> None:
        """Close pooled connections."""
        self._http.close()

    def call(self, name: str, arguments: Mapping[str, object]) -> Any:
        """Carry out one operation and return the `data` of its reply, decoded and as it came.

        Args:
            name: of the operation in `schemas/api.json`.
            arguments: by Python name; None means left out.

        Raises:
            InputError: the operation or an argument is wrong; nothing was sent.
            CloudError: one of its branches, by what the caller does next.
        """
        return self.read(name, arguments, lambda data: data)

    def read(self, name: str, arguments: Mapping[str, object], value_of: Callable[[Any], T]) -> T:
        """Carry out one operation and return what its reply says, as a value.

        Args:
            name: as for `call`.
            arguments: as for `call`.
            value_of: makes the value of the data; an `UnknownOutcomeError` of it is raised again
                with what is known about the request.

        Raises:
            InputError: as for `call`.
            CloudError: as for `call`.
        """
        operation = operations().get(name)
        if operation is None:
            raise InputError(f"there is no operation {name!r}; schemas/api.json lists them")
        profile = self.endpoint.profile
        call = _Call(operation, operation.path(profile), operation.body(arguments, profile))
        loop = retrying(
            operation,
            attempts=self.endpoint.attempts,
            sleep=self._seams.sleep,
            chance=self._seams.chance,
        )
        answer = loop(self._once_with_clock, call)
        try:
            return value_of(answer.data)
        except UnknownOutcomeError as why:
            error = envelope.unreadable(answer, why, operation=name)
            error.attempt = call.attempt
            raise error from why

    def _once_with_clock(self, call: _Call) -> Envelope:
        """Send once; when the signature is found too old, set our clock by the server's, once."""
        offset = self._clock_offset
        try:
            return self._once(call)
        except AuthError as error:
            if error.code != envelope.SIGNATURE_EXPIRED or self._clock_offset == offset:
                raise
        return self._once(call)

    def _once(self, call: _Call) -> Envelope:
        if self._limiter is not None:
            self._limiter.wait()
        call.attempt += 1
        try:
            return self._judged(call, self._exchange(call))
        except CloudError as error:
            error.attempt = call.attempt
            raise

    def _exchange(self, call: _Call) -> Reply:
        """Send a request and read its reply to the end; what happened is logged if asked for."""
        content, headers = json.dumps(call.body).encode(), self._headers(call)
        began = self._seams.clock.monotonic()
        outcome: Reply | str = "interrupted"
        try:
            outcome = self._send(call, headers, content)
        except RenderbusError as error:
            outcome = type(error.__cause__ or error).__name__
            raise
        finally:
            if self._log is not None:
                self._log.note(
                    f"{call.operation.name} attempt {call.attempt}",
                    url=self.endpoint.base_url + call.path,
                    headers=headers,
                    body=content,
                    outcome=outcome,
                    seconds=self._seams.clock.monotonic() - began,
                )
        return outcome

    def _connect(self) -> None:
        """Begin without connections."""
        self._http.mount(self.endpoint.base_url, self._seams.adapter())
        self._process = os.getpid()

    def _send(self, call: _Call, headers: Mapping[str, str], content: bytes) -> Reply:
        if self._process != os.getpid():
            # Requests of two processes must not mix in the connections from before a fork.
            self._connect()
        try:
            reply = self._http.post(
                self.endpoint.base_url + call.path,
                data=content,
                headers=headers,
                timeout=(self.endpoint.connect_timeout, self.endpoint.read_timeout),
                stream=True,
            )
            return Reply.of(reply, operation=call.operation.name)
        # What urllib3 cannot look up (`a..b`) comes through `requests` as it is.
        except (requests.RequestException, LocationParseError) as error:
            raise codes.from_requests(
                error, operation=call.operation.name, host=self.endpoint.domain
            ) from error

    def _headers(self, call: _Call) -> dict[str, str]:
        now = int(self._seams.clock.now().timestamp()) + self._clock_offset
        headers = {
            "accessId": self._credentials.access_id,
            "channel": channel(),
            "platform": str(self.endpoint.platform),
            "UTCTimestamp": str(now),
            "nonce": self._seams.nonce(),
            "version": self.endpoint.profile.version,
        }
        text = signing.canonical_text(self.endpoint.domain, call.path, headers, call.body)
        try:
            headers["signature"] = signing.sign(self._credentials.access_key.reveal(), text)
        except UnicodeEncodeError as error:
            # Not the parts in front of it: the access id is one of them.
            part = text[: error.end].rpartition("&")[2]
            raise InputError(
                f"{call.operation.name}: {part[-60:]!a} ends with what is not valid Unicode; "
                "write it anew"
            ) from error
        headers["Content-Type"] = "application/json"
        headers["languageFlag"] = _LANGUAGE_FLAG[self.endpoint.language]
        return headers

    def _judged(self, call: _Call, reply: Reply) -> Envelope:
        """Judge a reply: its envelope when it has one, else its HTTP status."""
        name, domain = call.operation.name, self.endpoint.domain
        try:
            answer = Envelope.of(reply.content)
        except NotAnEnvelopeError as why:
            error = envelope.without_envelope(reply, why, operation=name, domain=domain)
            error.retry_after = self._asked_wait(reply)
            raise error from why
        if answer.code == envelope.SUCCESS and reply.is_success:
            return answer
        if answer.code == envelope.SIGNATURE_EXPIRED:
            self._correct_clock(answer)
        error = envelope.failure(answer, operation=name, domain=domain)
        error.retry_after = self._asked_wait(reply)
        raise error

    def _asked_wait(self, reply: Reply) -> float | None:
        return envelope.retry_after(reply.headers, self._seams.clock.now())

    def _correct_clock(self, answer: Envelope) -> None:
        if answer.server_time is not None:
            ours = self._seams.clock.now().timestamp()
            self._clock_offset = round(answer.server_time - ours)
