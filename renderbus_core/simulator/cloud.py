"""The simulated cloud: a state machine without clock, network or disk.

Whoever runs it hands in requests and the time, carries out the events that come back, and reports
what became of them. Equal settings, requests and reports give equal histories.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from renderbus_core.simulator import life
from renderbus_core.simulator.handlers import HANDLERS, Call
from renderbus_core.simulator.life import Event, Storage
from renderbus_core.simulator.protocol import (
    SUCCESS,
    Gate,
    Refusal,
    Reply,
    Request,
    envelope,
    milliseconds,
)
from renderbus_core.simulator.replies import cost, frame_index
from renderbus_core.simulator.settings import Settings
from renderbus_core.simulator.state import Task, World
from renderbus_core.simulator.transfer_line import TransferLine
from renderbus_core.statuses import FrameCode

_HOST = base64.b64encode(b"simulator").decode()
_REQUEST_CHARACTERS = string.ascii_uppercase + string.digits


class SimulatedCloud:
    """A Renderbus service in memory.

    Args:
        settings: how it behaves.
        storage: tells which files were uploaded.
        line: where files are moved; None when only the API is wanted.
    """

    def __init__(
        self, settings: Settings, storage: Storage, line: TransferLine | None = None
    ) -> None:
        self.settings = settings
        self._storage = storage
        self._line = line
        self._gate = Gate(settings)
        self._world = World.new(settings)
        self._events: list[Event] = []
        # Apart from the world's chance, so that asking more often does not change render times.
        self._marks = random.Random(settings.seed)  # noqa: S311 - request ids are no secrets

    def handle(self, request: Request, now: datetime) -> Reply:
        """Answer a request.

        Args:
            request: as it came; nothing in it is trusted.
            now: the server's time, UTC.
        """
        self._pass_time(now)
        try:
            operation, account, body = self._gate.admit(request, now)
            call = Call(self._world, account, body, now, self._events, self._line)
            data = HANDLERS[operation.name](call)
        except Refusal as refusal:
            return self.refuse(refusal, now)
        self._events.extend(life.start_waiting(self._world, now))
        return Reply(200, self._envelope(SUCCESS, "success", data, now))

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
        return self._events[0].at if self._events else life.next_moment(self._world)

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

    def describe(self) -> dict[str, Any]:
        """Return the state for people; no secret is in it."""
        world = self._world
        return {
            "currency": self.settings.currency,
            "nodes": {"all": self.settings.nodes, "free": len(world.nodes)},
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
            "status": task.status.name if task.submitted_at else "reserved",
            "remark": task.remark,
            "frames": {code.name: n for code, n in sorted(task.counts.items()) if n},
            "failed": {frame_index(f): f.why for f in task.frames.values() if f.why},
            "cost": cost(sum(leaf.seconds for leaf in task.leaves), self.settings),
            "children": [self._described(child) for child in task.children],
        }

    def _pass_time(self, now: datetime) -> None:
        self._events.extend(life.pass_time(self._world, self._storage, now))

    def _envelope(self, code: int, message: str, data: object, now: datetime) -> dict[str, Any]:
        mark = "".join(self._marks.choices(_REQUEST_CHARACTERS, k=6))
        request_id = f"{mark}-{_HOST}-{milliseconds(now)}"
        return envelope(code, message, data, now=now, request_id=request_id)
