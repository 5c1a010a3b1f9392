"""The vendor's client in its own Python, ours under the same names, and a simulator for both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from renderbus_core.api import Client, Endpoint
from renderbus_core.config import Credentials, Secret

DRIVER = Path(__file__).with_name("driver.py")
VENDOR, OURS = "rayvision_api", "renderbus_core.api.compat"
KEYS = {"access_id": "AKIDVENDORTEST01", "access_key": "a-key-that-signs-nothing-of-worth"}
# Fast enough to be over soon, slow enough that what renders can still be stopped.
SCENARIO = {
    "settings": {"speed": 500, "frame_seconds": 60, "nodes": 4, "fail_frames": {"3": 1}},
    "accounts": [KEYS | {"user_id": 10000001}],
}
SCENES = ("/show/spin.blend", "/show/shot.ma")


@pytest.fixture(scope="session")
def vendors_python(root):
    """Return the interpreter that has the vendor's client; skip where it was not installed."""
    python = root / ".vendor" / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        pytest.skip("the vendor's client is not installed: make vendor")
    return str(python)


@pytest.fixture(scope="session")
def drive(vendors_python):
    """Return a function: package, mode, document -> what the driver answers."""
    pythons = {VENDOR: vendors_python, OURS: sys.executable}

    def run(package, mode, document=None):
        done = subprocess.run(
            [pythons[package], DRIVER, package, mode],
            input=json.dumps(document),
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@contextmanager
def _simulator(folder):
    """Run a simulated cloud that has the scenes; yields what the driver needs to reach it."""
    settings = folder / "settings.json"
    settings.write_text(json.dumps(SCENARIO))
    arguments = ["--json", "--until-stdin-closes", "--renderer", "stand-in"]
    arguments += ["--settings", settings, "--storage", folder / "storage"]
    with subprocess.Popen(
        [sys.executable, "-m", "renderbus_core", "simulator", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            line = process.stdout.readline()
            assert line, process.stderr.read().decode()
            ready = json.loads(line)
            _upload_scenes(ready)
            yield KEYS | {"domain": ready["domain"], "protocol": "http", "platform": "62"}
            process.stdin.close()
            assert process.wait(20) == 0, process.stderr.read().decode()
        finally:
            process.kill()


def _upload_scenes(ready):
    credentials = Credentials(ready["access_id"], Secret(ready["access_key"]))
    with Client(Endpoint(ready["domain"], scheme="http"), credentials) as client:
        config = client.transmit.get_transfer_config()
    account = config.engine("http").account(config.input_bid)
    for scene in SCENES:
        requests.put(
            f"{ready['storage']}/{config.input_bid}{scene}",
            b"scene",
            auth=(account.name, account.password.reveal()),
            timeout=20,
        ).raise_for_status()


@pytest.fixture(scope="session")
def simulator(tmp_path_factory):
    """Return a context manager that runs a new simulated cloud."""
    return lambda: _simulator(tmp_path_factory.mktemp("cloud"))
