"""Asking Qube something from the command line: its own Python answers, in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from qube_jobtype.bundle import AGENT
from renderbus_core.errors import FarmError
from renderbus_core.farm import agent_environment

SCRIPT = "ask_qube.py"
"""What answers; it lies beside the farm agent."""

_SECONDS = 120


def ask_qube(agent: Sequence[str], request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of Qube's Python to one request.

    Args:
        agent: program and arguments that start the farm agent.
        request: see `renderbus/ask_qube.py`.

    Raises:
        FarmError: it cannot be asked, or did not do it.
    """
    command = command_beside(agent)
    try:
        done = subprocess.run(  # noqa: S603 - an argument list, no shell
            command,
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=agent_environment(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FarmError(
            f"Qube's Python cannot be asked ({error}); name it and its agent in farm.agent"
        ) from error
    answer = _answer(done.stdout)
    if answer is None:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise FarmError(
            f"{' '.join(command)} gave no answer: {words[-1] if words else 'it said nothing'}; "
            "is the job type installed there? See: renderbus install qube"
        )
    if "error" in answer:
        raise FarmError(str(answer["error"]))
    return answer


def _answer(said: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(said)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def command_beside(agent: Sequence[str]) -> tuple[str, ...]:
    """Return how the script is started that lies beside the farm agent.

    Args:
        agent: program and arguments that start the agent.

    Raises:
        FarmError: none of them is an agent.
    """
    for at, word in enumerate(agent):
        path = (PureWindowsPath if "\\" in word else PurePosixPath)(word)
        if path.name == AGENT:
            return (*agent[:at], str(path.with_name(SCRIPT)))
    raise FarmError(
        f"farm.agent is {' '.join(agent)!r}, and no {AGENT} is among it; name Qube's Python and "
        f"the {AGENT} of the job type"
    )


def is_archive(file: Path) -> bool:
    """Tell whether a file is a job that Qube has archived, which only Qube reads."""
    return file.suffix.lower() in {".qja", ".xja"}
