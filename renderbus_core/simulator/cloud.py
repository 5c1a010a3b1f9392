"""The simulated cloud: a state machine without clock, network or disk.

Whoever runs it hands in requests and the time, carries out the events that come back, and reports
what became of them. Equal settings, faults, requests and reports give equal histories.
"""

from __future__ import annotations

import base64
import functools
import heapq
import itertools
import logging
import random
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from renderbus_core.api import Operation, routes
from renderbus_core.codes import cloud_codes
from renderbus_core.simulator import fees, interventions, life
from renderbus_core.simulator.faults import Answer, Fault, FaultKind, Faults, plain, spoiled
from renderbus_core.simulator.handlers import HANDLERS, Call, note
from renderbus_core.simulator.life import Event, Storage
from renderbus_core.simulator.protocol import (
    EXPIRED,
    SUCCESS,
    Gate,
    Refusal,
    Reply,
    Request,
    envelope,
    milliseconds,
)
from renderbus_core.simulator.replies import amount, frame_index
from renderbus_core.simulator.settings import Account, Settings
from renderbus_core.simulator.state import Task, World
from renderbus_core.simulator.transfer_line import TransferLine
from renderbus_core.statuses import FrameCode

_LOG = logging.getLogger(__name__)

_BROKEN = 500
_HOST = base64.b64encode(b"simulator").decode()
_REQUEST_CHARACTERS = string.ascii_uppercase + string.digits


@dataclass(frozen=True, slots=True)
class _Admitted:
    """What the gate let in."""

    path: str
    operation: Operation
    account: Account
    body: Mapping[str, Any]


class SimulatedCloud:
    """A Renderbus service in memory.

    Args:
        settings: how it behaves.
        storage: tells which files were uploaded.
        line: where files are moved; None when only the API is wanted.
        faults: what goes wrong between it and its callers.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        line: TransferLine | None = None,
        faults: Iterable[Fault] = (),
    ) -> None:
        self._storage = storage
        self._line = line
        self._world = World.new(settings)
        self._gate = Gate(settings, self._world.accounts)
        self._events: list[Event] = []
        self._faults = Faults(faults, settings.seed)
        # Requests that arrive later: when, in which order, and what the gate let in.
        self._underway: list[tuple[datetime, int, _Admitted]] = []
        self._order = itertools.count()
        # Apart from the world's chance, so that asking more often does not change render times.
        self._marks = random.Random(settings.seed)  # noqa: S311 - request ids are no secrets

    @property
    def settings(self) -> Settings:
        """How it behaves now."""
        return self._world.settings

    def receive(self, request: Request, now: datetime) -> Answer:
        """Answer a request with whatever the faults make of it.

        Args:
            request: as for `handle`.
            now: as for `handle`.
        """
        operation = routes().get(request.path)
        strike = self._faults.strike(operation.name) if operation else None
        if strike is None or strike.fault is None:
            answer = plain(self.handle(request, now))
        else:
            answer = spoiled(strike.fault, self._handle_badly(strike.fault, request, now))
        return replace(answer, wait=strike.wait if strike else 0.0)

    def handle(self, request: Request, now: datetime) -> Reply:
        """Answer a request; no fault strikes it.

        Args:
            request: as it came; nothing in it is trusted.
            now: the server's time, UTC.
        """
        return self._reply(lambda: self._carry_out(self._admit(request, now), now), now)

    def refuse(self, refusal: Refusal, now: datetime) -> Reply:
        """Answer a request that was refused, perhaps before it came here."""
        return Reply(refusal.status, self._envelope(refusal.code, refusal.message, None, now))

    def advance(self, now: datetime) -> tuple[Event, ...]:
        """Let time pass and return what the nodes have to do since the last call.

        Args:
            now: the server's time, UTC; one before the last call's changes nothing.
        """
        self._pass_time(now)
        events, self._events = tuple(self._events), []
        return events

    def next_change(self) -> datetime | None:
        """Return when `advance` is to be called next; None when only a request changes anything.

        A moment that has passed already says that events wait to be carried out.
        """
        moments = [event.at for event in self._events[:1]]
        moments += [at for at, _, _ in self._underway[:1]]
        if not self._events and (own := life.next_moment(self._world)):
            moments.append(own)
        return min(moments, default=None)

    def rendered(self, frame_id: int, files: Mapping[str, int], now: datetime) -> None:
        """Report the pictures of a frame entry; a report nobody waits for is ignored.

        Args:
            frame_id: from the event.
            files: sizes in bytes by name below the task's folder.
            now: the server's time, UTC.
        """
        self._pass_time(now)
        life.deliver(self._world, frame_id, files, now)
        self._pass_time(now)

    def render_failed(self, frame_id: int, why: str, now: datetime) -> None:
        """Report that a frame entry could not be rendered; ignored when nobody waits for it.

        Args:
            frame_id: from the event.
            why: one sentence for people.
            now: the server's time, UTC.
        """
        self._pass_time(now)
        if run := self._world.runs.get(frame_id):
            run.frame.why = why
            # What is over for its renderer needs no cancelling.
            list(life.end_run(self._world, run, FrameCode.ERROR, now))
            self._events.extend(life.start_waiting(self._world, now))

    def faults(self) -> list[dict[str, Any]]:
        """Return the fault rules, and how often each has seen a request and struck."""
        return self._faults.describe()

    def set_faults(self, rules: Iterable[Fault]) -> None:
        """Replace all fault rules; chances and counts begin anew."""
        self._faults = Faults(rules, self.settings.seed)

    def pay(self, user_id: int, amount: Decimal, now: datetime) -> None:
        """Pay money into an account, or take it away.

        Args:
            user_id: of the account.
            amount: in the currency of the zone; below nothing takes away.
            now: the server's time, UTC.

        Raises:
            InputError: there is no such account.
        """
        self._pass_time(now)
        interventions.pay(self._world, user_id, amount)
        self._pass_time(now)
        self._events.extend(life.start_waiting(self._world, now))

    def stick(self, frames: Iterable[int], now: datetime) -> None:
        """Let frames render without end.

        Args:
            frames: numbers, of whatever task; those that are not among them any more finish.
            now: the server's time, UTC.
        """
        self._pass_time(now)
        life.stick(self._world, frames)
        self._pass_time(now)

    def set_nodes(self, nodes: int, now: datetime) -> None:
        """Change the number of machines; those that render finish their frame first.

        Args:
            nodes: 1 to 1000.
            now: the server's time, UTC.
        """
        self._pass_time(now)
        interventions.set_nodes(self._world, nodes)
        self._events.extend(life.start_waiting(self._world, now))

    def set_speed(self, speed: float, now: datetime) -> None:
        """Change how fast simulated time runs; what has begun keeps what it has done so far.

        Args:
            speed: times the clock.
            now: the server's time, UTC.
        """
        self._pass_time(now)
        interventions.set_speed(self._world, speed, now)

    def describe(self) -> dict[str, Any]:
        """Return the state for people; no secret is in it."""
        world = self._world
        return {
            "currency": self.settings.currency,
            "speed": self.settings.speed,
            "nodes": {"all": self.settings.nodes, "free": len(world.nodes)},
            "accounts": [
                {
                    "id": account.user_id,
                    "user": account.user_name,
                    "balance": amount(fees.balance(world, account)),
                }
                for account in self.settings.accounts
            ],
            "faults": self.faults(),
            "stuck": sorted(world.stuck),
            "tasks": [
                self._described(task)
                for account in self.settings.accounts
                for task in world.tasks_of(account)
            ],
        }

    def _described(self, task: Task) -> dict[str, Any]:
        return {
            "id": task.id,
            "user": task.owner.user_name,
            "scene": task.plan.scene_name if task.plan else "",
            "layer": task.layer.name if task.layer else "",
            "labels": list(task.labels),
            "status": task.status.name if task.submitted_at else "reserved",
            "remark": task.remark,
            "frames": {code.name: n for code, n in sorted(task.counts.items()) if n},
            "failed": {frame_index(f): f.why for f in task.frames.values() if f.why},
            "cost": amount(fees.sum_of(leaf.fee for leaf in task.leaves).total),
            "children": [self._described(child) for child in task.children],
        }

    def _handle_badly(self, fault: Fault, request: Request, now: datetime) -> Reply:
        """Carry a request out as often as a fault lets it, and return what the cloud says."""
        match fault.kind:
            case FaultKind.LATE:
                later = now + timedelta(seconds=fault.seconds)
                return self._reply(lambda: self._put_off(request, now, later), now)
            case FaultKind.DUPLICATE:
                return self._reply(lambda: self._carry_out_twice(request, now), now)
            case FaultKind.EXPIRED:
                skewed = now + timedelta(seconds=fault.seconds)
                return self.refuse(Refusal(EXPIRED, "UTCTimestamp"), skewed)
            case _ if fault.passes_on:
                return self.handle(request, now)
            case _:
                known = cloud_codes().get(fault.code)
                return self.refuse(Refusal(fault.code, known.name if known else "fault"), now)

    def _put_off(self, request: Request, now: datetime, later: datetime) -> None:
        """Judge a request as it was sent, and carry it out later."""
        admitted = self._admit(request, now)
        heapq.heappush(self._underway, (later, next(self._order), admitted))

    def _carry_out_twice(self, request: Request, now: datetime) -> object:
        admitted = self._admit(request, now)
        self._reply(lambda: self._carry_out(admitted, now), now)
        return self._carry_out(admitted, now)

    def _admit(self, request: Request, now: datetime) -> _Admitted:
        self._pass_time(now)
        return _Admitted(request.path, *self._gate.admit(request, now))

    def _carry_out(self, admitted: _Admitted, now: datetime) -> object:
        call = Call(self._world, admitted.account, admitted.body, now, self._events, self._line)
        data = HANDLERS[admitted.operation.name](call)
        note(call, admitted.operation, admitted.path)
        self._events.extend(life.start_waiting(self._world, now))
        return data

    def _reply(self, work: Callable[[], object], now: datetime) -> Reply:
        """Wrap what some work returns, or why it was refused."""
        try:
            data = work()
        except Refusal as refusal:
            return self.refuse(refusal, now)
        except Exception:  # noqa: BLE001 - the last door of the service, as the comment says
            # A mistake of ours: a caller sees what a broken service would say, we see where.
            _LOG.exception("the simulated cloud failed at a request")
            return self.refuse(Refusal(_BROKEN, "the simulator failed", status=_BROKEN), now)
        return Reply(200, self._envelope(SUCCESS, "success", data, now))

    def _pass_time(self, now: datetime) -> None:
        while self._underway and self._underway[0][0] <= now:
            at, _, admitted = heapq.heappop(self._underway)
            self._events.extend(life.pass_time(self._world, self._storage, at))
            # Whoever sent it has given up; nobody hears the reply.
            self._reply(functools.partial(self._carry_out, admitted, at), at)
        self._events.extend(life.pass_time(self._world, self._storage, now))

    def _envelope(self, code: int, message: str, data: object, now: datetime) -> dict[str, Any]:
        mark = "".join(self._marks.choices(_REQUEST_CHARACTERS, k=6))
        request_id = f"{mark}-{_HOST}-{milliseconds(now)}"
        return envelope(code, message, data, now=now, request_id=request_id)
