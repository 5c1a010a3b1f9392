"""A Deadline of one process under an old Python, and hands on it, for tests of the core's side."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deadline_plugin.bundle import bundle
from deadline_plugin.rest import open_farm
from renderbus_core.config import load
from renderbus_core.farm import DirectFarm, Link, LinkFarm, connect
from renderbus_core.jobs import JobId

INFO = {
    "Plugin": "MayaBatch",
    "Name": "shot",
    "Frames": "1-4",
    "UserName": "ada",
    "OutputDirectory0": "/show/renders",
    "OutputFilename0": "shot.####.exr",
}
"""A Maya job of four frames that can be sent."""

HOST = Path(__file__).parent / "deadline" / "host.py"


def pythons() -> dict[str, Path]:
    """Return the interpreters that stand for Deadline's: 3.10 and 3.7 where they are here."""
    found = {
        minor: each
        for minor in ("3.10", "3.7")
        for each in Path.home().glob(f".pyenv/versions/{minor}.*/bin/python")
    }
    return found or {"this": Path(sys.executable)}


def python() -> Path:
    """Return the interpreter that is nearest to Deadline's own."""
    return next(iter(pythons().values()))


def installed(folder: Path) -> Path:
    """Lay the files out as in a repository, and return its `custom` folder."""
    for place, content in bundle().items():
        path = folder / "custom" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "custom"


def submit(hands: Hands, **info: str) -> JobId:
    """Submit a Maya job, with other entries of its job info than `INFO` where they are given."""
    return JobId(hands("submit", INFO | info, {"SceneFile": "/show/shot.ma", "Version": "2024"}))


class Hands:
    """What people and workers do, in the process of the fake.

    Args:
        channel: to it.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._stream = channel.makefile("rwb")

    def __call__(self, act: str, *arguments: Any) -> Any:
        """Have something done and return what came of it."""
        return self.begin(act, *arguments)()

    def begin(self, act: str, *arguments: Any) -> Callable[[], Any]:
        """Have something done; what is returned waits for what comes of it."""
        self._stream.write(json.dumps([act, *arguments]).encode("ascii") + b"\n")
        self._stream.flush()
        return self._answer

    def _answer(self) -> Any:
        answer = json.loads(self._stream.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def close(self) -> None:
        self._stream.close()


@contextmanager
def started(
    mode: str, folder: Path, interpreter: Path | None, address: str = "", **popen: Any
) -> Iterator[tuple[subprocess.Popen[bytes], Hands]]:
    """Start a process of Deadline's, and see to it that it ends well, unless it was killed."""
    custom = installed(folder)
    ours, theirs = socket.socketpair()
    host = [interpreter or python(), "-I", "-B", HOST]
    command = [*host, mode, custom, str(theirs.fileno()), address]
    with subprocess.Popen(command, pass_fds=[theirs.fileno()], **popen) as process:
        theirs.close()
        hands = Hands(ours)
        try:
            yield process, hands
        finally:
            hands.close()
            ours.close()
        assert process.wait(60) in {0, -signal.SIGKILL}


@contextmanager
def deadline(folder: Path, interpreter: Path | None = None) -> Iterator[tuple[LinkFarm, Hands]]:
    """Start a Deadline with our agent in it.

    Args:
        folder: for the repository's files.
        interpreter: that stands for Deadline's own.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with (
        started("link", folder, interpreter, **pipes) as (process, hands),
        connect(Link(process.stdout, process.stdin), lambda _: None) as farm,
    ):
        yield farm, hands
        check(hands)


@contextmanager
def web_deadline(
    folder: Path, interpreter: Path | None = None
) -> Iterator[tuple[DirectFarm, Hands]]:
    """Start a Deadline with its Web Service, and open it as a farm.

    Args:
        folder: for the repository's files.
        interpreter: that stands for Deadline's own.
    """
    with started("web", folder, interpreter) as (_, hands):
        env = {"RENDERBUS_FARM_URL": hands("web_url")}
        with open_farm(load(env=env), lambda _: None) as farm:
            yield farm, hands
        check(hands)


def check(hands: Hands) -> None:
    """Hold that nothing was asked for that Deadline does not document, and no handler failed."""
    violations = hands("violations")
    assert not violations, f"names that Deadline does not document: {violations}"
    warnings = [line for line in hands("look", "log") if line.startswith("WARNING")]
    assert not warnings, warnings[0]
