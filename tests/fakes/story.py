"""What stories of gateways share, whatever farm they serve: settings, a cloud, and patience."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

SOON = """
[burst]
work_folder = "packages"
poll_seconds = 0.3
submit_settle_seconds = 0.5
lease_seconds = 2
takeover_seconds = 1
[gateway]
decide_seconds = 0.5
[money]
currency = "USD"
price_per_hour = "1"
budget = "100"
"""
"""Settings of a gateway that waits for nothing long."""

PATIENCE_SECONDS = 120
"""After which a story that has not come to its end hangs."""


def overflow(*, enabled: bool) -> str:
    """Return the policy of stories: what is above two tasks a worker leaves, without a probe."""
    return f"""
[overflow]
enabled = {str(enabled).lower()}
backlog_tasks_per_worker = 2
minimum_wait_seconds = 0
cloud_wait_seconds = 0
local_share_minimum = 0
split_jobs = true
probe = "never"
"""


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
            # Whoever has it may change how fast it renders.
            "SIMULATOR_TOKEN": ready["admin_token"],
        }
        process.communicate(timeout=60)


def environment(folder: Path, cloud: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a gateway's user, whose home is a folder."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("RENDERBUS_")}
    return clean | dict(cloud) | {"HOME": str(folder)}


def on_file(folder: Path, cloud: Mapping[str, str]) -> str:
    """Write the account of a cloud to a file of its owner; return the settings that name both."""
    file = folder / "credentials.toml"
    file.touch(0o600)
    file.write_text(
        f"access_id = {json.dumps(cloud['RAYVISION_API_ACCESS_ID'])}\n"
        f"access_key = {json.dumps(cloud['RAYVISION_API_KEY'])}\n"
    )
    return f"""
[cloud]
domain = {json.dumps(cloud["RENDERBUS_CLOUD_DOMAIN"])}
scheme = "http"
credentials_file = {json.dumps(str(file))}
"""


def installed_bridge(folder: Path) -> Path:
    """Put the bridge into a folder as it is installed, a program of its own; return it."""
    program = folder / "renderbus"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m renderbus_core "$@"\n')
    program.chmod(0o755)
    return program


def wait_until(
    is_so: Callable[[], T], told: Callable[[], str], seconds: float = PATIENCE_SECONDS
) -> T:
    """Wait until something is so, and return it.

    Args:
        is_so: looks.
        told: what is told when it never is.
        seconds: after which it never will be.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := is_so():
            return found
        time.sleep(0.1)  # Processes of their own go on meanwhile.
    raise AssertionError(told())
