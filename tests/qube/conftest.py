"""A Qube with our job type and agent in it: what people do, what workers run, and the core."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from deadline_bench import pythons
from qube_bench import agent, qube
from story import (
    SOON,
    environment,
    installed_bridge,
    on_file,
    overflow,
    simulated_cloud,
    wait_until,
)

from qube_jobtype.renderbus_submit import JOB_TYPE, foretell

LONGEST = 100
"""Seconds after which a story that has not come to its end hangs."""


@pytest.fixture
def hands(tmp_path):
    with qube(tmp_path) as found:
        found("add_host", "node-1", 4, "")
        yield found


@pytest.fixture
def farm(tmp_path, hands):
    with agent(tmp_path, hands) as found:
        yield found


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """Return what reaches a simulated cloud."""
    with simulated_cloud(tmp_path_factory.mktemp("cloud")) as found:
        yield found


class Studio:
    """A Qube whose workers have our job type, and the bridge's program on its hosts.

    Args:
        folder: of everything.
        hands: on Qube.
        scene: to render.
        environment: of programs that are started here.
    """

    def __init__(self, folder, hands, scene, environment):
        self.folder, self.hands, self._scene = folder, hands, scene
        self.environment = environment

    def submit(self, frames=range(1, 7), name="shot", prototype="cmdrange", **job):
        """Submit a Blender job whose pictures lie in a folder of its name."""
        output = self.folder / "renders" / name
        output.mkdir(parents=True)
        package = {
            "scenefile": str(self._scene),
            "renderbus_outputs": str(output / f"{name}.####.png"),
        }
        if prototype == "cmdrange":
            package["cmdline"] = (
                f"blender -b {self._scene} -o {output}/{name}.#### -F PNG "
                "-s QB_FRAME_START -e QB_FRAME_END -a"
            )
        else:
            package["program"] = "blender"
        package.update(job.pop("package", {}))
        agenda = [{"name": str(frame)} for frame in frames or ()]
        job.update(name=name, prototype=prototype, package=package, agenda=agenda)
        if prototype == JOB_TYPE:
            foretell(job)
        return self.hands.submit(**job)

    def pictures(self, name="shot"):
        return sorted(path.name for path in (self.folder / "renders" / name).glob("*.png"))

    def until(self, is_so, log=list):
        """Wait until something is so, and return it; the story's log is told when it never is."""
        return wait_until(is_so, lambda: "\n".join([*self.served(), *log()]), LONGEST)

    def log(self, job):
        """Return what the processes of a job's instance have printed."""
        return self.hands("log", job)

    def until_states(self, job, wanted):
        self.until(lambda: self.hands.states(job) == wanted, lambda: self.log(job))

    def serve(self, *options):
        """Return the command of a gateway."""
        return [sys.executable, "-m", "renderbus_core", "--config",
                str(self.folder / "renderbus.toml"), "serve", "--farm", "qube",
                *options]  # fmt: skip

    @contextmanager
    def serving(self, *options):
        """Run the gateway, and let it go afterwards."""
        command = self.serve(*options)
        log = (self.folder / "serve.log").open("ab")
        with subprocess.Popen(command, env=self.environment, stdout=log, stderr=log) as process:
            try:
                yield process
            finally:
                process.terminate()
                process.wait(60)
                log.close()
        assert process.returncode == 0, "\n".join(self.served())

    def served(self):
        """Return what gateways have said so far."""
        log = self.folder / "serve.log"
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def open_studio(tmp_path, cloud, root):
    """Return a function that opens a studio; its policy may be switched on."""

    @contextmanager
    def opened(*, enabled=False, python="3.10", mapping="whole", agent=(), account=None):
        interpreter = pythons().get(python) or next(iter(pythons().values()))
        place = tmp_path / "jobtypes" / "renderbus" / "agent.py"
        command = [str(interpreter), "-B", str(place), "--ask-seconds", "0", *agent]
        config = f"""
[farm]
agent = {json.dumps(command)}
[store]
url = "sqlite:///{tmp_path}/bursts.db"
"""
        config += SOON + overflow(enabled=enabled)
        if account is not None:
            # What the agent starts has none of it from its surroundings.
            config += on_file(tmp_path, account)
        (tmp_path / "renderbus.toml").write_text(config)
        installed_bridge(tmp_path)
        around = environment(tmp_path, cloud) | {"QBDIR": str(tmp_path / "qube")}
        scene = root / "examples" / "spin" / "spin.blend"
        with qube(tmp_path, interpreter, around) as hands:
            _configure(tmp_path / "jobtypes" / "renderbus" / "job.conf", tmp_path, mapping)
            hands("add_host", "node-1", 1, "")
            hands("add_host", "gateway", 8, "renderbus")
            hands("add_host", "gateway-2", 8, "renderbus")
            around["QB_SUPERVISOR"] = f"127.0.0.1:{hands.port}"
            yield Studio(tmp_path, hands, scene, around)

    return opened


def _configure(file: Path, folder: Path, mapping: str) -> None:
    text = file.read_text().replace("/opt/renderbus/bin/renderbus", str(folder / "renderbus"))
    text = text.replace("renderbus_mapping = whole", f"renderbus_mapping = {mapping}")
    file.write_text(
        text.replace("renderbus_config =", f"renderbus_config = {folder / 'renderbus.toml'}")
    )
