"""How fast the API client is, side by side with the vendor's client in one run.

Run: python benchmarks/bench_api.py [--vendor PYTHON] [--rounds N] [--json] [--check]

The vendor's client lives in an environment of its own (`make vendor`). Rounds of the two take turns
and medians are compared, so that a busy machine slows both; both talk to one server process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
LATENCY = 50
_WIDTH = 110
SIGNED = [f"{shape}-{count}" for count in (1_000, 10_000) for shape in ("list", "object", "nested")]
BARE = "import requests"
OURS = "from renderbus_core.api import Client"
OURS_READY = (
    f"{OURS}, Endpoint; from renderbus_core.config import Credentials, Secret; "
    "Client(Endpoint('a.b'), Credentials('id', Secret('key')))"
)
VENDORS = "from rayvision_api import RayvisionAPI"


@dataclass(frozen=True)
class Row:
    """One comparison.

    Args:
        what: is measured.
        ours: median, in the unit.
        other: the same of what ours is compared with.
        unit: of both.
        ratio: how much better ours is, or for imports how much longer it takes.
        goal: in words; empty when there is none.
        reached: whether the goal is; None when there is none.
    """

    what: str
    ours: float
    other: float
    unit: str
    ratio: float
    goal: str = ""
    reached: bool | None = None


def faster(what: str, ours: float, other: float, goal: float) -> Row:
    """Return a row of seconds, of which fewer are better."""
    ratio = other / ours
    return Row(what, ours * 1000, other * 1000, "ms", ratio, f">= {goal:g}x", ratio >= goal)


class Bench:
    """Runs cases in processes of either interpreter.

    Args:
        vendor: interpreter that has the vendor's client.
        port: of the server.
        rounds: of each measurement.
        environment: of all processes.
    """

    def __init__(
        self, vendor: Path, port: str, rounds: int, environment: Mapping[str, str]
    ) -> None:
        self._vendor = vendor
        self._port = port
        self._rounds = rounds
        self._environment = environment
        self._open = build_opener(ProxyHandler({})).open

    def signing(self) -> Iterator[Row]:
        """Compare signatures of large bodies."""
        for name in SIGNED:
            ours, vendors = self._pair("sign", name)
            shape, count = name.split("-")
            yield faster(f"sign {shape} of {int(count):,}", ours, vendors, 3)

    def imports(self) -> Iterator[Row]:
        """Compare imports with that of requests alone: wall time of whole processes."""
        python, vendor = Path(sys.executable), self._vendor
        cases = {
            "bare": (python, "pass"),
            "requests": (python, BARE),
            "import": (python, OURS),
            "ready": (python, OURS_READY),
            "vendor": (vendor, VENDORS),
        }
        for who, code in cases.values():  # Byte code is written before anything is measured.
            self._run(who, "-c", code)
        seconds: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(3 * self._rounds):
            for name, (who, code) in cases.items():
                began = time.perf_counter()
                self._run(who, "-c", code)
                seconds[name].append(time.perf_counter() - began)
        median = {name: 1000 * statistics.median(found) for name, found in seconds.items()}
        ratio = median["import"] / median["requests"]
        goal = ("<= 1.25 x import requests", ratio <= 1.25)  # noqa: PLR2004 - the goal
        yield Row("import client", median["import"], median["requests"], "ms", ratio, *goal)
        ratio = median["ready"] / median["requests"]
        yield Row("import and make client", median["ready"], median["requests"], "ms", ratio)
        yield Row("interpreter alone", median["bare"], median["bare"], "ms", 1.0)
        ratio = median["vendor"] / median["import"]
        yield Row("import, vendor's client", median["import"], median["vendor"], "ms", ratio)

    def construction(self) -> Iterator[Row]:
        """Count requests that making a client sends."""
        counts = []
        for client in ("ours", "vendor"):
            before = self._tell("count")
            self._case(client, "construct", self._port)
            counts.append(self._tell("count") - before)
        ours, vendors = counts
        yield Row("requests at construction", ours, vendors, "", 0.0, "0", ours == 0)

    def calls(self) -> Iterator[Row]:
        """Compare calls per second on loopback, with validation."""
        ours, vendors = (1 / seconds for seconds in self._pair("call", self._port))
        ratio = ours / vendors
        yield Row("calls per second", ours, vendors, "/s", ratio, ">= vendor's", ratio >= 1)

    def frames(self) -> Iterator[Row]:
        """Compare reading 10,000 frames from a server that takes its time."""
        self._tell(f"latency/{LATENCY}")
        ours, vendors = self._pair("frames", self._port)
        self._tell("latency/0")
        yield faster(f"read 10,000 frames at {LATENCY} ms", ours, vendors, 8)

    def _pair(self, case: str, argument: str) -> tuple[float, float]:
        """Return the medians of both clients, which take turns."""
        seconds: dict[str, list[float]] = {"ours": [], "vendor": []}
        for _ in range(self._rounds):
            for client, found in seconds.items():
                found.extend(map(float, self._case(client, case, argument).split()))
        return statistics.median(seconds["ours"]), statistics.median(seconds["vendor"])

    def _case(self, client: str, case: str, argument: str) -> str:
        python = Path(sys.executable) if client == "ours" else self._vendor
        return self._run(python, str(HERE / "api_cases.py"), client, case, argument)

    def _run(self, python: Path, *arguments: str) -> str:
        done = subprocess.run(
            [python, *arguments],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def _tell(self, path: str) -> int:
        with self._open(f"http://127.0.0.1:{self._port}/{path}") as reply:
            return int(json.load(reply)["data"])


@contextmanager
def server() -> Iterator[str]:
    """Run the server in a process of its own and return its port."""
    command = [sys.executable, str(HERE / "api_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()  # type: ignore[union-attr]
        finally:
            process.terminate()


def measured(vendor: Path, rounds: int) -> list[Row]:
    """Measure everything."""
    with server() as port, tempfile.TemporaryDirectory(prefix="bench-api-") as folder:
        # Both clients and everything they import find their byte code, as after an installation.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "HOME": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        bench = Bench(vendor, port, rounds, environment)
        parts: tuple[Callable[[], Iterator[Row]], ...] = (
            bench.signing,
            bench.imports,
            bench.construction,
            bench.calls,
            bench.frames,
        )
        return [row for part in parts for row in part()]


def table(rows: list[Row], about: str = "API client") -> Table:
    """Return rows for people."""
    made = Table(title=f"{about}, medians", title_justify="left")
    for heading in ("what", "ours", "compared with", "ratio", "goal", ""):
        made.add_column(heading, justify="left" if heading in {"what", "goal", ""} else "right")
    for row in rows:
        sign = {None: "", True: "[green]reached[/]", False: "[bold red]missed[/]"}[row.reached]
        ours, other = (f"{value:,.2f} {row.unit}".strip() for value in (row.ours, row.other))
        made.add_row(row.what, ours, other, f"{row.ratio:.2f}" if row.ratio else "", row.goal, sign)
    return made


def main() -> int:
    """Measure, print, and return 1 when goals count and one is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    usual = HERE.parent / ".vendor" / "bin" / "python"
    parser.add_argument("--vendor", type=Path, default=usual, help="Python with rayvision_api")
    parser.add_argument("--rounds", type=int, default=5, help="of each measurement")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a goal is missed")
    given = parser.parse_args()
    if not given.vendor.exists():
        parser.error(
            f"there is no {given.vendor}; run `make vendor`, or name another with --vendor"
        )
    rows = measured(given.vendor.absolute(), given.rounds)
    if given.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        Console(width=_WIDTH).print(table(rows))
    missed = [row.what for row in rows if row.reached is False]
    return int(given.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
