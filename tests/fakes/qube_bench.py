"""A Qube of one supervisor and old Pythons, and hands on it, for tests of the core's side."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deadline_bench import python

from qube_jobtype.bundle import JOB_TYPE, bundle
from renderbus_core.farm import LinkFarm, open_child_farm
from renderbus_core.jobs import BurstId, Claim, JobId, JobRow

FAKE = Path(__file__).parent / "qb"


class Hands:
    """What people, workers and time do: an act by name, carried out by the supervisor.

    Args:
        port: of the supervisor.
    """

    def __init__(self, port: int) -> None:
        self.port = port

    def __call__(self, act: str, *arguments: Any) -> Any:
        """Have something done and return what came of it."""
        return self._send({"hand": act, "arguments": arguments})

    def qb(self, call: str, *arguments: Any, **keywords: Any) -> Any:
        """Call a function of `qb` as a person's program does."""
        found = {"call": call, "arguments": arguments, "keywords": keywords, "me": {}}
        return self._send(found)

    def submit(self, **job: Any) -> str:
        """Submit a job as a person does, and return its id."""
        names = job.pop("frames", None)
        if names is not None:
            job["agenda"] = [{"name": str(name)} for name in names]
        (made,) = self.qb("submit", [job])
        return str(made["id"])

    def work(self, act: str, job: str, *names: Any) -> Any:
        """Do something to items of a job as a person does, for example `killwork`."""
        return self.qb(act, [f"{job}:{name}" for name in names])

    def states(self, job: str) -> list[str]:
        """Return the status of each item of a job."""
        return [item["status"] for item in self("job", job)["agenda"]]

    def of_type(self, prototype: str = JOB_TYPE) -> list[dict[str, Any]]:
        """Return the jobs of a type."""
        return [job for job in self("jobs") if job["prototype"] == prototype]

    def _send(self, request: Mapping[str, Any]) -> Any:
        with socket.create_connection(("127.0.0.1", self.port), 60) as channel:
            stream = channel.makefile("rwb")
            stream.write(json.dumps(request).encode("ascii") + b"\n")
            stream.flush()
            answer = json.loads(stream.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]


def installed(folder: Path) -> Path:
    """Lay out Qube's own module and our job type, and return the folder of job types."""
    api = folder / "qube" / "api" / "python"
    if not api.exists():
        api.mkdir(parents=True)
        (api / "qb").symlink_to(FAKE)
    for name, content in bundle().items():
        file = folder / "jobtypes" / JOB_TYPE / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder / "jobtypes"


@contextmanager
def qube(
    folder: Path, interpreter: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Hands]:
    """Start a supervisor, and see to it that it was asked for documented things only.

    Args:
        folder: for our files.
        interpreter: that stands for Qube's own.
        env: of workers' processes, in addition.
    """
    jobtypes = installed(folder)
    environment = {**os.environ, "QBDIR": str(folder / "qube"), **(env or {})}
    command = [sys.executable, "-B", str(FAKE / "supervisor.py"), str(jobtypes),
               str(interpreter or python())]  # fmt: skip
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        hands = Hands(int(process.stdout.readline()))
        try:
            yield hands
            violations = hands("violations")
        finally:
            process.stdin.close()
            process.wait(60)
    assert not violations, f"what Qube does not document: {violations}"


@contextmanager
def agent(
    folder: Path,
    hands: Hands,
    interpreter: Path | None = None,
    on_stop: Callable[[str], object] = lambda _: None,
) -> Iterator[LinkFarm]:
    """Start our agent as a program of its own, and connect to it as the core does."""
    place = folder / "jobtypes" / JOB_TYPE / "agent.py"
    program = [str(interpreter or python()), "-B", str(place), "--ask-seconds", "0"]
    named = {"QB_SUPERVISOR": f"127.0.0.1:{hands.port}", "QBDIR": str(folder / "qube")}
    before = {name: os.environ.get(name) for name in named}
    os.environ.update(named)
    try:
        with open_child_farm(program, on_stop) as farm:
            yield farm
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def submit(hands: Hands, frames: Iterable[object] = range(1, 7), **job: Any) -> JobId:
    """Submit a Maya job as a person does, and return its id."""
    package = {"scenefile": "/show/shot.ma", "renderbus_outputs": "/show/out/shot.####.exr"}
    package.update(job.pop("package", {}))
    names = {"name": "shot", "prototype": "maya"}
    return JobId(hands.submit(frames=frames, package=package, **{**names, **job}))


def claim_of(
    farm: LinkFarm, job: JobId, *places: int, burst: str = "burst-1", epoch: int = 1
) -> Claim:
    """Return a claim on the tasks of a job in some places."""
    found = farm.tasks([job])[job]
    chosen = tuple(found[place].ref for place in places)
    return Claim(BurstId(burst), epoch, 1, job, chosen)


def row_of(farm: LinkFarm, job: JobId) -> JobRow:
    """Return how the queue shows a job."""
    return next(row for row in farm.snapshot().jobs if row.job.id == job)
