"""What goes over the wire: requests, replies with their envelope, and the gate in front of all.

A request is judged in this order, and the first rule it breaks is answered: known path, headers
(601, 603), time window (610), JSON (600), signature (611), nonce (611), account, body (600, 601).
Window and order are assumptions; the codes are those of the vendor's table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

from renderbus_core import schema
from renderbus_core.api import Operation, Profile, routes, signing
from renderbus_core.codes import cloud_codes
from renderbus_core.simulator.account_state import AccountState, Login
from renderbus_core.simulator.settings import Account, NonceScope, Settings

CHINA = timezone(timedelta(hours=8))
"""The zone of the days and dates in the vendor's documents."""

NOT_FOUND = 404
INVALID, EMPTY, ILLEGAL = 600, 601, 603
EXPIRED, UNSIGNED = 610, 611
SUCCESS = 200

SIGNED_HEADERS = ("accessId", "channel", "platform", "UTCTimestamp", "nonce", "version")
_ENVELOPE_VERSION = "1.0.0"
_SECONDS = re.compile(r"[0-9]{1,12}")
_DEEPEST = 16
_LONGEST_AGENT = 200
# The headers that make a nonce another one.
_WITHIN: Mapping[NonceScope, tuple[str, ...]] = MappingProxyType(
    {
        NonceScope.ACCOUNT: ("nonce",),
        NonceScope.TIMESTAMP: ("UTCTimestamp", "nonce"),
        NonceScope.NONE: (),
    }
)


class Refusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """The cloud says no; never leaves the simulator.

    Args:
        code: of the envelope.
        message: what is wrong, beginning with the field's name.
        status: of the HTTP reply.
    """

    def __init__(self, code: int, message: str, status: int = 200) -> None:
        self.code = code
        self.message = message
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Request:
    """A POST to the cloud.

    Args:
        domain: host and port as the caller wrote them; they are signed.
        path: without a query.
        headers: by name in any case.
        body: as it came.
    """

    domain: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTTP status and the envelope that is its body."""

    status: int
    envelope: Mapping[str, Any]

    @property
    def body(self) -> bytes:
        """The envelope as it is sent."""
        return json.dumps(self.envelope).encode()


def envelope(
    code: int, message: str, data: object, *, now: datetime, request_id: str
) -> dict[str, Any]:
    """Wrap a reply.

    Args:
        code: 200 for success.
        message: `success`, or what is wrong.
        data: what was asked for; None for none.
        now: the server's time.
        request_id: by which the vendor's support would find the request.
    """
    return {
        "version": _ENVELOPE_VERSION,
        "result": code == SUCCESS,
        "message": message,
        "code": code,
        "data": data,
        "serverTime": milliseconds(now),
        "requestId": request_id,
    }


def milliseconds(moment: datetime | None) -> int:
    """Return a moment as the protocol writes it; 0 for one that has not come."""
    return int(moment.timestamp() * 1000) if moment else 0


class Gate:
    """Lets in what is signed, fresh, new, allowed and well-formed.

    Args:
        settings: who may come in, and how strictly they are judged.
        states: of the accounts by user id; who came in is noted there.
    """

    def __init__(self, settings: Settings, states: Mapping[int, AccountState]) -> None:
        self._settings = settings
        self._accounts = {account.access_id: account for account in settings.accounts}
        self._states = states
        # When each may be forgotten, in the order they came.
        self._nonces: dict[tuple[str, ...], float] = {}

    def admit(self, request: Request, now: datetime) -> tuple[Operation, Account, dict[str, Any]]:
        """Judge a request.

        Returns:
            What is asked, by whom, and the body in today's field names, with whole numbers as
            integers.

        Raises:
            Refusal: with the code of the first rule that is broken.
        """
        operation = routes().get(request.path)
        if operation is None:
            raise Refusal(NOT_FOUND, "path: there is no such operation", status=NOT_FOUND)
        headers = _headers(request)
        self._check_time(headers["UTCTimestamp"], now)
        body = _body(request.body)
        account = self._signer(request, headers, body)
        self._check_nonce(account, headers, now)
        self._note_login(account, headers["User-Agent"], now)
        if account.refusal is not None:
            raise Refusal(account.refusal, cloud_codes()[account.refusal].name)
        return operation, account, _judged(operation, body)

    def _check_time(self, stamp: str, now: datetime) -> None:
        if not _SECONDS.fullmatch(stamp):
            raise Refusal(
                INVALID, "UTCTimestamp: must be seconds since 1970, for example 1535957371"
            )
        if abs(now.timestamp() - int(stamp)) > self._settings.clock_window:
            raise Refusal(EXPIRED, "UTCTimestamp")

    def _signer(
        self, request: Request, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> Account:
        account = self._accounts.get(headers["accessId"])
        signed = {name: headers[name] for name in SIGNED_HEADERS}
        words = self._settings.signed_words
        text = signing.canonical_text(request.domain, request.path, signed, body, words)
        key = account.access_key.reveal() if account else ""
        try:
            is_signed = signing.matches(key, text, headers["signature"])
        except UnicodeEncodeError as error:
            raise Refusal(INVALID, "body: holds half of a character") from error
        # An unknown caller is refused like a wrong key, so that ids cannot be guessed.
        if account is None or not is_signed:
            raise Refusal(UNSIGNED, "signature")
        return account

    def _check_nonce(self, account: Account, headers: Mapping[str, str], now: datetime) -> None:
        instant = now.timestamp()
        while self._nonces and next(iter(self._nonces.values())) < instant:
            del self._nonces[next(iter(self._nonces))]
        scope = [headers[name] for name in _WITHIN[self._settings.nonce_scope]]
        if not scope:
            return
        used = (account.access_id, *scope)
        if used in self._nonces:
            raise Refusal(UNSIGNED, "nonce")
        # A stamp may lie one window ahead, and is good until one window after that.
        self._nonces[used] = instant + 2 * self._settings.clock_window

    def _note_login(self, account: Account, agent: str, now: datetime) -> None:
        """Note the first call of a day, and the first that is refused with a code."""
        code = SUCCESS if account.refusal is None else account.refusal
        number = 1 + sum(len(state.logins) for state in self._states.values())
        day = now.astimezone(CHINA).date()
        state = self._states[account.user_id]
        state.logins.setdefault((day, code), Login(number, now, code, agent[:_LONGEST_AGENT]))


def _headers(request: Request) -> dict[str, str]:
    given = {name.lower(): value for name, value in request.headers.items()}
    headers = {
        name: given.get(name.lower(), "") for name in (*SIGNED_HEADERS, "signature", "User-Agent")
    }
    missing = [name for name in (*SIGNED_HEADERS, "signature") if not headers[name]]
    if missing:
        raise Refusal(EMPTY, f"{missing[0]}: the header is missing")
    # Either on every path: documents and clients of one generation disagree.
    versions = sorted({profile.version for profile in Profile})
    if headers["version"] not in versions:
        raise Refusal(ILLEGAL, f"version: must be {' or '.join(versions)}")
    return headers


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        raise Refusal(INVALID, "body: is not JSON in UTF-8") from error
    if not isinstance(body, dict):
        raise Refusal(INVALID, "body: must be a JSON object")
    return body


def _judged(operation: Operation, body: dict[str, Any]) -> dict[str, Any]:
    plain = operation.modern(_plain(body, _DEEPEST))
    empty = [name for name in operation.request["required"] if _is_empty(operation, plain, name)]
    if empty:
        raise Refusal(EMPTY, f"{empty[0]}: is missing")
    either = [rule["required"][0] for rule in operation.request.get("anyOf", ())]
    if either and all(_is_empty(operation, plain, name) for name in either):
        raise Refusal(EMPTY, f"{' or '.join(either)}: is missing")
    problems = schema.explain(operation.validator, plain)
    if problems:
        raise Refusal(INVALID, str(problems[0]))
    return plain


def _is_empty(operation: Operation, body: Mapping[str, Any], name: str) -> bool:
    """Tell whether a field is missing, null, or an empty text where the table wants a longer."""
    value = body.get(name)
    return value is None or (
        value == ""
        and not operation.validator.evolve(schema=operation.request["properties"][name]).is_valid(
            ""
        )
    )


def _plain(value: Any, depth: int) -> Any:
    """Write `3.0` as 3, which JSON Schema takes for the same, and refuse bottomless nesting."""
    if depth == 0:
        raise Refusal(INVALID, "body: is nested too deeply")
    if isinstance(value, dict):
        return {name: _plain(member, depth - 1) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(member, depth - 1) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
