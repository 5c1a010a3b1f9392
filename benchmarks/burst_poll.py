"""What `bench_burst.py` measures of polling many bursts; run in a process of either interpreter.

Run: python burst_poll.py ours PORT TASKS FRAMES, or vendor PORT TASKS. Prints one JSON object for
each line of input, which tells what had changed, and one before the first. Both clients are
imported inside functions, for the other one is not there.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from api_cases import our_client, vendor_client
from burst_server import FIRST_TASK

_PAGE_BYTES = 4096
_POLL = 60


def resident() -> int:
    """Return the bytes of memory this process has now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


class Statements:
    """Counts what is sent to the database, by its first word."""

    def __init__(self) -> None:
        from sqlalchemy import Engine, event  # noqa: PLC0415 - as said above

        self.counts: Counter[str] = Counter()
        event.listen(Engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.counts[statement.split(maxsplit=1)[0].upper()] += 1


class Farm:
    """A farm that shows every task as held by the burst it was made for.

    Args:
        bursts: by job.
        frames: of each job, a task each.
    """

    def __init__(self, bursts: Mapping[str, str], frames: int) -> None:
        from renderbus_core.frames import FrameSet  # noqa: PLC0415 - as said above

        self.seconds = 0.0
        self._bursts = bursts
        self._frames = [FrameSet.span(n, n) for n in range(1, frames + 1)]

    def refs(self) -> tuple[Any, ...]:
        """Return the tasks of any job."""
        from renderbus_core.jobs import TaskRef  # noqa: PLC0415 - as said above

        return tuple(TaskRef(str(number), one) for number, one in enumerate(self._frames))

    def tasks(self, ids: Collection[str]) -> Mapping[str, tuple[Any, ...]]:
        """Read all tasks of some jobs; how long making them takes is not ours."""
        from renderbus_core.jobs import ClaimStamp, LocalState, LocalTask  # noqa: PLC0415

        began = time.process_time()
        found = {}
        for job in ids:
            stamp = ClaimStamp(self._bursts[job], 1)
            held = LocalState.SUSPENDED
            found[job] = tuple(LocalTask(ref, held, stamp) for ref in self.refs())
        self.seconds += time.process_time() - began
        return found

    def annotate(self, _claim: Any, _facts: Any) -> None:
        """Show nothing."""


def ours(port: str, tasks: str, frames: str) -> None:
    """Follow bursts that run; each round is a look at all of them."""
    with tempfile.TemporaryDirectory(prefix="bench-burst-") as folder:
        _ours(Path(folder), port, int(tasks), int(frames))


def _ours(folder: Path, port: str, tasks: int, frames: int) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - as said above

    from renderbus_core import config  # noqa: PLC0415 - as said above
    from renderbus_core.burst import BurstStore, Crew, Gateway  # noqa: PLC0415 - as said above
    from renderbus_core.burst.store import Adopted  # noqa: PLC0415 - as said above
    from renderbus_core.clock import ManualClock  # noqa: PLC0415 - as said above

    settings = folder / "renderbus.toml"
    settings.write_text(
        f"[burst]\nwork_folder = 'packages'\npoll_seconds = {_POLL}\nlease_seconds = 3600\n"
        f"poll_seconds_idle = {_POLL}\nsweep_seconds = 86400\n[farm]\ndatabase = 'farm.db'\n"
    )
    store = BurstStore(f"sqlite:///{folder}/bursts.db")
    clock = ManualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
    bursts = {f"job-{n}": f"{n:012x}" for n in range(tasks)}
    farm = Farm(bursts, frames)
    for number, (job, burst) in enumerate(bursts.items()):
        found = Adopted(burst, "local", job, farm.refs(), FIRST_TASK + number, 1, "a benchmark")
        store.adopt(found, clock.now())
        _write_package(folder / "packages" / burst)
    gateway = Gateway(farm, our_client(port), store, config.load(settings, env={}), clock, "bench")
    crew, statements, before = Crew(gateway), Statements(), resident()
    _rounds(lambda: (crew.step(), clock.advance(_POLL)), statements, farm, before)
    crew.detach()
    store.close()


def _rounds(step: Any, statements: Statements | None, farm: Farm | None, before: int) -> None:
    while True:
        if statements is not None:
            statements.counts.clear()
        made = farm.seconds if farm else 0.0
        began, cpu = time.perf_counter(), time.process_time()
        step()
        made = farm.seconds - made if farm else 0.0
        told = {
            "wall": time.perf_counter() - began - made,
            "processor": time.process_time() - cpu - made,
            "memory": resident() - before,
            "statements": dict(statements.counts) if statements else {},
        }
        print(json.dumps(told), flush=True)
        if not sys.stdin.readline():
            return


def _write_package(folder: Path) -> None:
    """Write what the engine reads of a burst's task package."""
    folder.mkdir(parents=True)
    documents = {
        "task.json": {"task_info": {"job_stop_time": "86400"}},
        "upload.json": {"asset": []},
        "asset.json": {},
        "tips.json": {},
        "outputs.json": {
            "declared": ["/renders/shot.####.exr"],
            "pairs": [
                {
                    "template": "shot.####.exr",
                    "tokens": {},
                    "layer": "",
                    "element": "",
                    "local": "/renders/shot.####.exr",
                }
            ],
        },
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document))


def vendor(port: str, tasks: str) -> None:
    """Learn the same with the vendor's client: each task by itself, and all of its frames."""
    api = vendor_client(port)

    def look() -> None:
        for number in range(int(tasks)):
            api.query.task_info([FIRST_TASK + number])
            api.query.get_all_frames(FIRST_TASK + number)

    _rounds(look, None, None, resident())


if __name__ == "__main__":
    {"ours": ours, "vendor": vendor}[sys.argv[1]](*sys.argv[2:])
