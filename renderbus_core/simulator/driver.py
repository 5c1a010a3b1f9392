"""The loop that lets the simulated cloud's time pass and keeps its nodes at work."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from renderbus_core.clock import Clock
from renderbus_core.errors import RenderbusError
from renderbus_core.simulator.cloud import SimulatedCloud
from renderbus_core.simulator.life import CancelFrame, Event, RenderFrame
from renderbus_core.simulator.studio import Studio

_LOG = logging.getLogger(__name__)


class Driver:
    """Carries out the cloud's events; the cloud is touched by the event loop's thread alone.

    Once `run` has ended nothing new is rendered; leaving the context waits for the renderers to
    give up.
    """

    def __init__(self, cloud: SimulatedCloud, studio: Studio, clock: Clock) -> None:
        self._cloud = cloud
        self._studio = studio
        self._clock = clock
        self._woken = asyncio.Event()
        self._unwanted: dict[int, threading.Event] = {}
        workers = min(cloud.settings.nodes, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="node")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def wake(self) -> None:
        """Look at the cloud again: something has changed."""
        self._woken.set()

    async def run(self) -> None:
        """Sleep from one change to the next, until cancelled."""
        async with asyncio.TaskGroup() as renders:
            while True:
                self._woken.clear()
                self._catch_up(renders)
                # Not wait_for, which before Python 3.12 may swallow the cancellation that ends us.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause()):
                        await self._woken.wait()

    def _pause(self) -> float | None:
        now = self._clock.now()
        due = self._cloud.next_change()
        return None if due is None else max(0.0, (due - now).total_seconds())

    def _catch_up(self, renders: asyncio.TaskGroup) -> None:
        for event in self._cloud.advance(self._clock.now()):
            self._follow(event, renders)

    def _follow(self, event: Event, renders: asyncio.TaskGroup) -> None:
        match event:
            case RenderFrame():
                unwanted = self._unwanted[event.frame_id] = threading.Event()
                renders.create_task(self._render(event, unwanted, renders))
            case CancelFrame():
                # Let go at once: the entry may be sent again before its renderer gives up.
                if stop := self._unwanted.pop(event.frame_id, None):
                    stop.set()

    async def _render(
        self, event: RenderFrame, unwanted: threading.Event, renders: asyncio.TaskGroup
    ) -> None:
        paint = functools.partial(self._studio.paint, event, unwanted.is_set)
        try:
            outcome: Mapping[str, int] | str = await asyncio.get_running_loop().run_in_executor(
                self._pool, paint
            )
        except (RenderbusError, OSError) as why:
            outcome = str(why)
        except Exception as why:  # noqa: BLE001 - one picture's mishap must not end the cloud
            _LOG.exception("frame entry %s of task %s", event.frame_id, event.task_id)
            outcome = repr(why)
        except asyncio.CancelledError:
            # The server ends while the thread still renders.
            unwanted.set()
            raise
        self._catch_up(renders)
        # An entry is known by its id: what was cancelled must not speak for a later render of it.
        if not unwanted.is_set():
            del self._unwanted[event.frame_id]
            self._report(event.frame_id, outcome)
            self.wake()

    def _report(self, frame_id: int, outcome: Mapping[str, int] | str) -> None:
        """Tell the cloud what became of a frame entry: its files, or why there are none."""
        now = self._clock.now()
        if isinstance(outcome, str):
            self._cloud.render_failed(frame_id, outcome, now)
        else:
            self._cloud.rendered(frame_id, outcome, now)
