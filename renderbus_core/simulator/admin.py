"""The simulated cloud's admin endpoint: JSON below /simulator, apart from the API.

Reading the state is free, as nothing secret is in it. Everything else wants the token of this run,
because any page or program on this host can reach the loopback address.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from renderbus_core.clock import Clock
from renderbus_core.config import Secret
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.simulator.cloud import SimulatedCloud
from renderbus_core.simulator.scenario import decoded, judge, rules

_LARGEST = 1 << 20
_NO_TOKEN = 401
_USER = re.compile(r"[0-9]{1,16}", re.ASCII)


class _Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came with an order: values in its path, the judged body, and when it came."""

    path: Mapping[str, Any]
    body: Any
    now: datetime


@dataclass(frozen=True, slots=True)
class _Order:
    """One thing that can be asked for.

    Args:
        part: of `schemas/simulator.json` that judges the body; "" when there is none.
        act: does it, and returns what is answered, None for the new state.
    """

    method: str
    path: str
    part: str
    act: Callable[[SimulatedCloud, _Asked], object]


def _pay(cloud: SimulatedCloud, asked: _Asked) -> None:
    user = asked.path["user_id"]
    if not _USER.fullmatch(user):
        raise InputError(f"there is no account {user!r:.40}; an account is named by its number")
    cloud.pay(int(user), Decimal(str(asked.body["amount"])), asked.now)


_ORDERS = (
    _Order("GET", "/faults", "", lambda cloud, _: cloud.faults()),
    _Order("PUT", "/faults", "faults", lambda cloud, new: cloud.set_faults(rules(new.body))),
    _Order("DELETE", "/faults", "", lambda cloud, _: cloud.set_faults(())),
    _Order("POST", "/accounts/{user_id}/pay", "payment", _pay),
    _Order(
        "POST",
        "/frames/stuck",
        "stuck",
        lambda cloud, new: cloud.stick(FrameSet.parse(new.body["frames"]), new.now),
    ),
    _Order("DELETE", "/frames/stuck", "", lambda cloud, new: cloud.stick((), new.now)),
    _Order("POST", "/nodes", "nodes", lambda cloud, new: cloud.set_nodes(**new.body, now=new.now)),
    _Order("POST", "/time", "time", lambda cloud, new: cloud.set_speed(**new.body, now=new.now)),
)


@dataclass(frozen=True, slots=True)
class Admin:
    """Who may look at the cloud, and who may change it.

    Args:
        cloud: is looked at and changed.
        clock: the server's time.
        wake: called when something in the cloud may have changed.
        token: has to be shown for all but the state.
    """

    cloud: SimulatedCloud
    clock: Clock
    wake: Callable[[], None]
    token: Secret

    def routes(self) -> list[Route]:
        """Return the pages, with paths below `/simulator`."""
        state = Route("/state", self._state, methods=["GET"])
        return [state, *(Route(o.path, self._page(o), methods=[o.method]) for o in _ORDERS)]

    async def _state(self, request: Request) -> Response:
        del request
        return JSONResponse(self.cloud.describe())

    def _page(self, order: _Order) -> Callable[[Request], Any]:
        async def page(request: Request) -> Response:
            try:
                self._check_token(request)
                body = await _body(request, order.part) if order.part else None
                asked = _Asked(request.path_params, body, self.clock.now())
                answer = order.act(self.cloud, asked)
            except _Refused as refused:
                return _sentence(refused.status, str(refused))
            except InputError as error:
                return _sentence(400, str(error))
            except ClientDisconnect:
                return Response(status_code=400)
            self.wake()
            return JSONResponse(self.cloud.describe() if answer is None else answer)

        return page

    def _check_token(self, request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        # Headers are Latin-1 by definition; encoded, any of their signs can be compared.
        known = hmac.compare_digest(given.encode(), self.token.reveal().encode())
        if scheme.lower() != "bearer" or not known:
            raise _Refused(_NO_TOKEN, "send the token of this run: Authorization: Bearer <token>")


async def _body(request: Request, part: str) -> Any:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _Refused(415, "send JSON: Content-Type: application/json")
    raw = bytearray()
    async for block in request.stream():
        raw += block
        if len(raw) > _LARGEST:
            raise _Refused(413, f"the body is longer than {_LARGEST} bytes")
    body = decoded(bytes(raw), title="the body")
    judge(part, body, title=part)
    return body


def _sentence(status: int, text: str) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == _NO_TOKEN else None
    return JSONResponse({"error": text}, status, headers)
