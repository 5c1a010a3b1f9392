"""What `bench_burst.py` measures of the burst store, beside its driver with the same rows.

Run: python burst_writes.py ROUNDS [URL]. Without a URL it is an SQLite file of its own. Prints one
JSON object: for each write the median seconds of the store and of a bare `executemany`.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import psycopg
from sqlalchemy import make_url

from renderbus_core.burst import BurstStore
from renderbus_core.burst.leases import lease_name
from renderbus_core.burst.model import Remote, RemoteEntry, TaskState
from renderbus_core.burst.store import Adopted, RemoteLeaf
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, JobId, TaskRef

FRAMES = 1_000
_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_BURST, _BARE = BurstId("0" * 12), BurstId("1" * 12)
_MOVE = "UPDATE tasks SET state = ?, reason = ?, since = ?, live = ? WHERE burst = ? AND task = ?"
_LINE = (
    "INSERT INTO events (burst, at, who, subject, before, after, reason) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_FORGET = "DELETE FROM remote_frames WHERE burst = ? AND leaf = ? AND id = ?"
_FRAME = (
    "INSERT INTO remote_frames (burst, leaf, id, frames, situation, note, node) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)

Work = tuple[str, list[tuple[object, ...]]]


class Bare:
    """A connection of the driver, as the store sets its own up.

    Args:
        url: of the store.
    """

    def __init__(self, url: str) -> None:
        place = make_url(url)
        self._is_file = place.get_backend_name() == "sqlite"
        if self._is_file:
            self._raw: Any = sqlite3.connect(place.database or "", isolation_level=None)
            self._raw.execute("PRAGMA synchronous = FULL")
            self._raw.execute("PRAGMA foreign_keys = ON")
        else:
            self._raw = psycopg.connect(url)

    def write(self, *work: Work) -> None:
        """Write rows in one transaction."""
        with closing(self._raw.cursor()) as cursor:
            if self._is_file:
                cursor.execute("BEGIN IMMEDIATE")
            for statement, rows in work:
                text = statement if self._is_file else statement.replace("?", "%s")
                cursor.executemany(text, rows)
            self._raw.commit()

    def close(self) -> None:
        """Close it."""
        self._raw.close()


class Writes:
    """The same writes, by the store for one burst and by the driver for another.

    Args:
        store: the store.
        bare: the driver.
    """

    def __init__(self, store: BurstStore, bare: Bare) -> None:
        self._store, self._bare = store, bare
        frames = [FrameSet.span(n, n) for n in range(1, FRAMES + 1)]
        self._refs = tuple(TaskRef(str(n), one) for n, one in enumerate(frames))
        for number, burst in enumerate((_BURST, _BARE)):
            job = JobId(f"job-{number}")
            store.adopt(Adopted(burst, "local", job, self._refs, 7 + number, 1, ""), _NOW)
        self._lease, other = (
            store.lease(lease_name(burst), "bench", 3600, _NOW) for burst in (_BURST, _BARE)
        )
        self._states = cycle((TaskState.DONE_REMOTE, TaskState.SENT))
        self._bare_states = cycle((TaskState.DONE_REMOTE, TaskState.SENT))
        self._words, self._bare_words = (cycle((Remote.RENDERING, Remote.WAITING)) for _ in "12")
        entries = (
            RemoteEntry(7, n, one, Remote.WAITING, f"frame {one}: waiting")
            for n, one in enumerate(frames, start=1)
        )
        self._leaf = RemoteLeaf(7, 5, (FRAMES, 0), tuple(entries))
        store.note_remote(self._lease, _BURST, [self._leaf], _NOW)
        store.note_remote(other, _BARE, [self._leaf], _NOW)

    def cases(self) -> Iterator[tuple[str, Callable[[], object], Callable[[], object]]]:
        """Yield what is written, by the store, and by the driver alone."""
        yield f"move {FRAMES:,} tasks, each with its line of the log", self._move, self._move_bare
        yield f"note {FRAMES:,} frames that changed", self._note, self._note_bare
        few = FRAMES // 100
        yield (
            f"note {FRAMES:,} frames of which {few} changed",
            lambda: self._note(few),
            lambda: self._note_bare(few),
        )

    def _move(self) -> None:
        state = next(self._states)
        self._store.move_tasks(self._lease, _BURST, self._refs, state, reason="why", now=_NOW)

    def _move_bare(self) -> None:
        state = next(self._bare_states).value
        since = int(_NOW.timestamp()) * 10**6
        moves = [(state, "why", since, True, _BARE, ref.id) for ref in self._refs]
        lines = [
            (_BARE, since, "bench", f"task {ref.id}", "sent", state, "why") for ref in self._refs
        ]
        self._bare.write((_MOVE, moves), (_LINE, lines))

    def _note(self, changed: int = FRAMES) -> None:
        word = next(self._words)
        entries = [replace(entry, situation=word) for entry in self._leaf.entries[:changed]]
        self._leaf = replace(self._leaf, entries=(*entries, *self._leaf.entries[changed:]))
        self._store.note_remote(self._lease, _BURST, [self._leaf], _NOW)

    def _note_bare(self, changed: int = FRAMES) -> None:
        word = next(self._bare_words).value
        now = self._leaf.entries[:changed]
        rows = [(_BARE, one.leaf, one.id, str(one.id), word, one.note, one.node) for one in now]
        self._bare.write((_FORGET, [row[:3] for row in rows]), (_FRAME, rows))


@contextmanager
def place(url: str | None) -> Iterator[str]:
    """Return where the store is kept."""
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="bench-writes-") as folder:
        yield f"sqlite:///{folder}/bursts.db"


def measured(rounds: int, url: str | None) -> dict[str, list[float]]:
    """Measure all writes; store and driver take turns."""
    found = {}
    with place(url) as where, closing(BurstStore(where)) as store, closing(Bare(where)) as bare:
        for name, ours, theirs in Writes(store, bare).cases():
            taken: tuple[list[float], list[float]] = ([], [])
            for write in (ours, theirs):
                write()
            for _ in range(rounds):
                for write, seconds in zip((ours, theirs), taken, strict=True):
                    began = time.perf_counter()
                    write()
                    seconds.append(time.perf_counter() - began)
            found[name] = [statistics.median(seconds) for seconds in taken]
    return found


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]), *(sys.argv[2:] or [None]))))
