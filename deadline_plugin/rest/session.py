"""The Web Service over HTTP: who asks, for how long, what is asked again, and what went wrong.

Paths, commands and status codes are those of the manual's pages on the REST API; replies to
commands are the text `Success`. What failed comes as text with a status, sometimes as text alone.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import LocationParseError

from renderbus_core.config import Login
from renderbus_core.errors import FarmError
from renderbus_core.http import is_untrusted, never_connected, new_session

CONNECT_SECONDS = 10.0
"""Longest wait for a connection."""

READ_SECONDS = 120.0
"""Longest wait for a reply to go on; a whole queue may take its time."""

DENIED_SECONDS = 60.0
"""How long a user whom the service refused is not tried again: accounts may be locked."""

LARGEST_REPLY = 512 << 20
"""Most bytes of a reply: ten thousand jobs are a tenth of that."""

# Enough for a connection that broke; who comes again later finds a service that was started anew.
_ATTEMPTS = 3
_FIRST_PAUSE = 0.25
_BLOCK = 1 << 16
_LONGEST_TEXT = 200
_REDIRECTS = range(300, 400)
_UNAUTHORIZED, _FORBIDDEN = 401, 403
# What a proxy, or a service that is about to start, says of itself.
_NOT_NOW = frozenset({502, 503, 504})
_HOST = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,100}(?=[/?#]|$)")
_ACCEPTED = "success"


class OutOfReachError(FarmError):
    """The Web Service cannot be talked to now, so that the rest of a call is not tried."""


class LostError(OutOfReachError):
    """Something got lost on the way; what is only read may be asked for again."""


class NotHeardError(LostError):
    """The Web Service certainly heard nothing: anything may be sent again."""


class AnswerError(FarmError):
    """The Web Service refused something, or answered what cannot be read."""


@dataclass(frozen=True, slots=True)
class Seams:
    """What a test replaces: time, sleep, chance."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[float, float], float] = random.uniform


class WebService:
    """The REST API of one Web Service; for one thread at a time.

    Redirections are never followed, so that user and password go to this address alone.

    Args:
        url: of the service, without `/api`.
        login: who asks; None where it asks for no password.
        ca_bundle: file or folder of certificates to trust; "" for the usual ones.
        seams: what a test replaces.

    Raises:
        ConfigError: the certificates cannot be used.
    """

    def __init__(
        self, url: str, login: Login | None = None, ca_bundle: str = "", seams: Seams | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self._host = urlsplit(url).netloc
        self._has_login = login is not None
        self._seams = seams or Seams()
        self._http = new_session(url, ca_bundle=ca_bundle, follows=False, section="farm")
        if login is not None:
            # As bytes: `requests` would write text in Latin-1, which not every password is.
            secret = login.password.reveal()
            self._http.auth = HTTPBasicAuth(login.user.encode(), secret.encode())
        self._until = 0.0
        self._failure: OutOfReachError | None = None
        self._denied: OutOfReachError | None = None
        self._denied_until = 0.0

    def __repr__(self) -> str:
        return f"WebService({self.url!r})"

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Bound what is asked inside: nothing is begun later, and nothing after an outage.

        Args:
            seconds: how long it may take in all.

        Raises:
            OutOfReachError: the service was out of reach inside, even if nobody minded there.
        """
        self._until = self._seams.monotonic() + seconds
        self._failure = None
        yield
        if self._failure is not None:
            raise self._failure

    def get(self, what: str, **query: str) -> Any:
        """Read something; asked again where it gets lost on the way.

        Args:
            what: path behind `/api/`.
            query: parameters.

        Returns:
            The decoded JSON; a text where that is what comes.

        Raises:
            OutOfReachError: the service cannot be talked to now.
            AnswerError: it refuses, or its answer cannot be read.
        """
        return self._repeated(LostError, "GET", what, query, None)

    def put(self, what: str, body: Mapping[str, Any]) -> None:
        """Have something done; sent again only where certainly nothing was heard of it.

        Args:
            what: path behind `/api/`.
            body: with `Command`.

        Raises:
            OutOfReachError: whether it was done nobody knows.
            AnswerError: it was refused.
        """
        answer = self._repeated(NotHeardError, "PUT", what, {}, body)
        if not (isinstance(answer, str) and answer.strip().casefold().startswith(_ACCEPTED)):
            raise AnswerError(
                f"{self._name} answered {_short(answer)} to {body.get('Command')} of {what}"
            )

    @property
    def _name(self) -> str:
        return f"the Web Service {self._host}"

    def _pause(self, state: tenacity.RetryCallState) -> float:
        left = max(self._until - self._seams.monotonic(), 0.0)
        longest = _FIRST_PAUSE * 2.0 ** (state.attempt_number - 1)
        return min(self._seams.chance(0.0, longest), left)

    def _repeated(
        self,
        after: type[OutOfReachError],
        method: str,
        what: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None,
    ) -> Any:
        """Ask, and again after some errors; not at all when it was out of reach a moment ago."""
        if self._denied is not None and self._seams.monotonic() < self._denied_until:
            self._failure = self._denied
        if self._failure is not None:
            raise self._failure
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(after),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=self._pause,
            sleep=self._seams.sleep,
            reraise=True,
        )
        try:
            return attempts(self._ask, method, what, query, body)
        except OutOfReachError as error:
            self._failure = error
            raise

    def _ask(
        self, method: str, what: str, query: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> Any:
        left = self._until - self._seams.monotonic()
        if left <= 0:
            raise OutOfReachError(f"{self._name} took so long that {what} was not asked for")
        try:
            with self._http.request(
                method,
                f"{self.url}/api/{what}",
                params=query,
                data=None if body is None else json.dumps(body).encode("ascii"),
                headers={"Content-Type": "application/json; charset=utf-8"},
                timeout=(min(CONNECT_SECONDS, left), min(READ_SECONDS, left)),
                stream=True,
            ) as reply:
                return self._judged(reply, self._read(reply, what), what)
        except (requests.RequestException, LocationParseError) as error:
            raise self._failed(error) from error

    def _read(self, reply: requests.Response, what: str) -> bytes:
        blocks, size = [], 0
        for block in reply.iter_content(_BLOCK):
            size += len(block)
            if size > LARGEST_REPLY or self._seams.monotonic() > self._until:
                raise OutOfReachError(f"the reply of {self._name} to {what} does not end")
            blocks.append(block)
        return b"".join(blocks)

    def _judged(self, reply: requests.Response, content: bytes, what: str) -> Any:
        status = reply.status_code
        said = content.decode("utf-8-sig", "replace").strip()
        if status in _REDIRECTS:
            place = _HOST.match(reply.headers.get("Location", ""))
            hint = f"; name {place[0]} in farm.url if that is meant" if place else ""
            raise AnswerError(f"{self._name} points elsewhere (HTTP {status}){hint}")
        if status in {_UNAUTHORIZED, _FORBIDDEN}:
            self._denied = OutOfReachError(self._refusal(status))
            self._denied_until = self._seams.monotonic() + DENIED_SECONDS
            raise self._denied
        if status in _NOT_NOW:
            raise LostError(f"{self._name} does not answer now (HTTP {status})")
        if not reply.ok:
            raise AnswerError(f"{self._name} refused {what} (HTTP {status}): {_short(said)}")
        try:
            return json.loads(said)
        except (ValueError, RecursionError):
            return said

    def _refusal(self, status: int) -> str:
        if self._has_login:
            return (
                f"{self._name} refuses user and password (HTTP {status}); check the file that "
                "farm.credentials_file names, and what the user may do"
            )
        return (
            f"{self._name} wants a user and a password (HTTP {status}); write them to an "
            "owner-only file, and name that in farm.credentials_file"
        )

    def _failed(self, error: requests.RequestException | LocationParseError) -> OutOfReachError:
        if is_untrusted(error):
            return OutOfReachError(
                f"the certificate of {self._host} is not trusted; check farm.url, or name the "
                "certificates that you trust in farm.ca_bundle"
            )
        if never_connected(error) or not isinstance(error, requests.RequestException):
            return NotHeardError(
                f"{self._name} cannot be reached; check farm.url, and whether it runs"
            )
        hint = "; is it https that it speaks?" if self.url.startswith("http:") else ""
        return LostError(f"no usable reply from {self._name} ({type(error).__name__}){hint}")


def _short(said: object) -> str:
    text = said if isinstance(said, str) else json.dumps(said)
    plain = "".join(c if c.isprintable() else " " for c in text[:_LONGEST_TEXT])
    return repr(plain) if plain.strip() else "nothing"
