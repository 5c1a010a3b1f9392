"""A studio: a Deadline whose workers host gateways, with the real core and a cloud of its own."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from deadline_bench import Hands, check, started
from story import SOON, environment, installed_bridge, overflow, wait_until

T = TypeVar("T")


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
        self.program = installed_bridge(folder)

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
        return wait_until(is_so, self._told)

    def _told(self) -> str:
        alive = [worker for worker in self.workers if worker.process.poll() is None]
        return "\n".join(line for worker in alive for line in worker.seen()["log"])

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
    config = SOON + overflow(enabled=enabled) + f'[store]\nurl = "{url}"\n'
    (folder / "renderbus.toml").write_text(config)
    popen = {"env": environment(folder, cloud)}
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
