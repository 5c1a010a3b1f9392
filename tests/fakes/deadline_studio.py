"""A studio: a Deadline whose workers host gateways, with the real core and a cloud of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from deadline_bench import Hands, check, started

T = TypeVar("T")

# The policy of the story: what is above two tasks per worker leaves, and nothing is probed.
CONFIG = """
[burst]
work_folder = "packages"
poll_seconds = 0.3
submit_settle_seconds = 0.5
lease_seconds = 2
takeover_seconds = 1
[gateway]
decide_seconds = 0.5
[store]
url = "{url}"
[overflow]
enabled = {enabled}
backlog_tasks_per_worker = 2
minimum_wait_seconds = 0
cloud_wait_seconds = 0
local_share_minimum = 0
split_jobs = true
probe = "never"
[money]
currency = "USD"
price_per_hour = "1"
budget = "100"
"""

LONGEST = 120
"""Seconds after which a story that has not come to its end hangs."""


@contextmanager
def simulated_cloud(folder: Path) -> Iterator[Mapping[str, str]]:
    """Run a cloud whose frames take a fifth of a second; yield what reaches it."""
    command = [sys.executable, "-m", "renderbus_core", "simulator", "--json",
               "--until-stdin-closes", "--storage", str(folder), "--renderer", "stand-in",
               "--speed", "100", "--frame-seconds", "20"]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield {
            "RENDERBUS_CLOUD_DOMAIN": ready["domain"],
            "RENDERBUS_CLOUD_SCHEME": "http",
            "RAYVISION_API_ACCESS_ID": ready["access_id"],
            "RAYVISION_API_KEY": ready["access_key"],
        }
        process.communicate(timeout=60)


class Worker:
    """A worker that can host a gateway.

    Args:
        process: of the worker.
        hands: on it.
    """

    def __init__(self, process: subprocess.Popen[bytes], hands: Hands) -> None:
        self.process, self.hands = process, hands

    def host(self, folder: Path, **plugin_info: str) -> None:
        """Let it render a gateway job."""
        settings = {
            "Executable": f"/nowhere/renderbus;{folder / 'renderbus'}",
            "ConfigFile": str(folder / "renderbus.toml"),
            "StopSeconds": "60",
            "StatusColumn": "ExtraInfo0",
            "AskSeconds": "0.5",
        }
        self.hands("gateway", "begin", settings, plugin_info)

    def seen(self) -> dict[str, Any]:
        return self.hands("gateway", "seen")

    def core(self) -> int:
        """Return the process id of the core that it hosts; 0 before there is one."""
        found = [line for line in self.seen()["log"] if line.startswith("serving farm")]
        return int(found[-1].split(":")[-2]) if found else 0

    def kill(self) -> None:
        """End its process without a word."""
        self.process.kill()
        self.process.wait()


class Studio:
    """A Deadline with workers that host gateways.

    Args:
        folder: of everything.
        hands: on the repository.
        workers: those that can host a gateway.
        scene: to render.
    """

    def __init__(self, folder: Path, hands: Hands, workers: list[Worker], scene: Path) -> None:
        self.folder, self.hands, self.workers, self.scene = folder, hands, workers, scene
        hands("add_worker", "node-1", ["none"], [])
        # As the bridge is installed: a program of its own.
        self.program = folder / "renderbus"
        self.program.write_text(f'#!/bin/sh\nexec {sys.executable} -m renderbus_core "$@"\n')
        self.program.chmod(0o755)

    def submit(self, frames: str = "1-6", name: str = "shot", **info: str) -> str:
        """Submit a Blender job whose pictures lie in a folder of its name."""
        output = self.folder / "renders" / name
        output.mkdir(parents=True)
        job = {
            "Plugin": "Blender",
            "Name": name,
            "Frames": frames,
            "UserName": "ada",
            "OutputDirectory0": str(output),
            "OutputFilename0": f"{name}.####.png",
        }
        return self.hands("submit", job | info, {"SceneFile": str(self.scene)})

    def host(self, **plugin_info: str) -> None:
        """Let the first worker render a gateway job."""
        self.workers[0].host(self.folder, **plugin_info)

    def seen(self) -> dict[str, Any]:
        """Return what people see of the first worker's task."""
        return self.workers[0].seen()

    def detach(self, worker: int = 0) -> dict[str, Any]:
        """Take the gateway job from a worker, and return what people see of its task."""
        one = self.workers[worker]
        one.hands("gateway", "cancel")
        return self.until(lambda: one.seen()["outcome"] != "rendering" and one.seen())

    def states(self, job: str) -> list[tuple[str, str]]:
        return [(state, worker) for state, worker in self.hands("state", job)["tasks"]]

    def asks(self, job: str) -> list[str]:
        """Return what is asked of a job and was not acted on yet."""
        extra = self.hands("state", job)["extra"]
        return [key for key in extra if key.startswith("renderbus.ask.")]

    def column(self, job: str) -> str:
        """Return what the job list shows in our column."""
        return self.hands("jobs")[job].get("ExtraInfo0", "")

    def until(self, is_so: Callable[[], T]) -> T:
        """Wait until something is so, and return it; the story's log is told when it never is."""
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            if found := is_so():
                return found
            time.sleep(0.1)  # A process of its own goes on meanwhile.
        alive = [worker for worker in self.workers if worker.process.poll() is None]
        raise AssertionError("\n".join(line for worker in alive for line in worker.seen()["log"]))

    def pictures(self, name: str = "shot") -> list[str]:
        return sorted(path.name for path in (self.folder / "renders" / name).glob("*.png"))


@contextmanager
def studio(
    folder: Path, cloud: Mapping[str, str], scene: Path, *, enabled: bool, workers: int, store: str
) -> Iterator[Studio]:
    """Open a studio.

    Args:
        folder: of everything.
        cloud: what reaches it.
        scene: to render.
        enabled: whether jobs leave on their own.
        workers: how many share a repository of its own process; 0 for one that has it itself.
        store: address of the bursts' store; "" for a file.
    """
    url = store or f"sqlite:///{folder}/bursts.db"
    config = CONFIG.format(url=url, enabled=str(enabled).lower())
    (folder / "renderbus.toml").write_text(config)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("RENDERBUS_")}
    popen = {"env": clean | cloud | {"HOME": str(folder)}}
    with ExitStack() as opened:
        if not workers:
            process, hands = opened.enter_context(started("worker", folder, None, **popen))
            hosts = [Worker(process, hands)]
        else:
            # A path of a socket is short.
            place = Path(opened.enter_context(tempfile.TemporaryDirectory())) / "repository"
            at = [None, str(place)]
            _, hands = opened.enter_context(started("repository", folder, *at, **popen))
            hands("calls")  # It is there.
            hosts = [
                Worker(*opened.enter_context(started("worker", folder, *at, **popen)))
                for _ in range(workers)
            ]
        yield Studio(folder, hands, hosts, scene)
        for each in [hands, *(host.hands for host in hosts if host.process.poll() is None)]:
            check(each)
