"""The command line as people meet it: a process with streams and an exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

# What makes bursts of tests quick.
SOON = {"RENDERBUS_BURST_POLL_SECONDS": "0.3", "RENDERBUS_BURST_SUBMIT_SETTLE_SECONDS": "0.5"}


@dataclass(frozen=True)
class Answer:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def home(tmp_path):
    """Return an environment of an empty folder without the user's settings."""
    folder = tmp_path / "home"
    folder.mkdir()
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("RENDERBUS_", "RAYVISION_"))}
    places = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
    return clean | dict.fromkeys(places, str(folder))


@pytest.fixture
def renderbus(home):
    """Return a function that runs `renderbus` in an empty folder without the user's settings."""

    def run(*arguments: object, env: dict[str, str] | None = None, timeout: float = 120) -> Answer:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "renderbus_core", *map(str, arguments)],
            capture_output=True,
            text=True,
            env=home | (env or {}),
            cwd=home["HOME"],
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    run.home = home

    return run


@pytest.fixture
def spin(root: Path) -> Path:
    """Return the Blender example."""
    return root / "examples" / "spin" / "spin.blend"


@pytest.fixture
def cloud_at(tmp_path):
    """Return a function that runs `renderbus simulator` and returns what reaches it."""
    processes = []

    def start(speed: int) -> dict[str, str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "renderbus_core", "simulator", "--json", "--until-stdin-closes",
             "--storage", str(tmp_path / "cloud"), "--renderer", "stand-in",
             "--speed", str(speed), "--frame-seconds", "20"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        processes.append(process)
        ready = json.loads(process.stdout.readline())
        return SOON | {
            "RENDERBUS_CLOUD_DOMAIN": ready["domain"],
            "RENDERBUS_CLOUD_SCHEME": "http",
            "RAYVISION_API_ACCESS_ID": ready["access_id"],
            "RAYVISION_API_KEY": ready["access_key"],
        }

    yield start
    for process in processes:
        process.communicate(timeout=20)
        assert process.returncode == 0


@pytest.fixture
def cloud(cloud_at):
    """Return what reaches a cloud whose frames take a third of a second."""
    return cloud_at(60)
