"""The simulated cloud of the demonstration: a process of its own, ended with ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from renderbus_core.config import Credentials, Secret
from renderbus_core.errors import RenderbusError

_GOODBYE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class RunningCloud:
    """A simulator that answers.

    Args:
        domain: host and port.
        account: who may call it.
        renderer: what draws its pictures, in words.
        process: that answers.
        log: what it says.
    """

    domain: str
    account: Credentials
    renderer: str
    process: subprocess.Popen[bytes]
    log: Path

    def demand(self) -> None:
        """Raise `RenderbusError` when it has ended: nothing would ever come home."""
        if self.process.poll() is not None:
            raise RenderbusError(
                f"the simulator ended by itself (status {self.process.returncode}); see {self.log}"
            )


@contextmanager
def running_cloud(options: Sequence[str], log: Path) -> Iterator[RunningCloud]:
    """Start `renderbus simulator` on a free port and stop it at the end.

    Args:
        options: of the command, without `--port` and `--json`.
        log: receives what it says.

    Raises:
        RenderbusError: it ended before it was ready.
    """
    arguments = ["simulator", "--port", "0", "--json", "--until-stdin-closes", *options]
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own program, arguments as a list
            [sys.executable, "-m", "renderbus_core", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        yield _ready(process, log)
    finally:
        _stop(process)


def _ready(process: subprocess.Popen[bytes], log: Path) -> RunningCloud:
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    line = process.stdout.readline()
    if not line:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise RenderbusError(
            f"the simulator did not start: {said[-1] if said else 'it said nothing'}; see {log}"
        )
    ready = json.loads(line)
    account = Credentials(ready["access_id"], Secret(ready["access_key"]))
    return RunningCloud(ready["domain"], account, ready["renderer"], process, log)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Close its input, which asks it to end; insist when it does not."""
    try:
        process.communicate(timeout=_GOODBYE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
