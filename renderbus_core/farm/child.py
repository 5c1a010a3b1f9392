"""A farm whose agent is a program of its own: it is started here, and spoken to over two pipes."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, cast

from renderbus_core.errors import FarmError
from renderbus_core.farm.link import Link
from renderbus_core.farm.linked import LinkFarm, connect
from renderbus_core.farm.protocol import LinkError
from renderbus_core.shim import renderbus_link as shim

_END_SECONDS = 60.0
_LONGEST_LINE = 8192
_OURS = ("RAYVISION_", "RENDERBUS_")

_log = logging.getLogger(__name__)


@contextmanager
def open_child_farm(command: Sequence[str], on_stop: Callable[[str], None]) -> Iterator[LinkFarm]:
    """Start a farm agent and connect to it; it ends with the farm.

    What it says on standard error goes to our log.

    Args:
        command: program and arguments of the agent.
        on_stop: as for `connect`.

    Raises:
        FarmError: it cannot be started, or ends or says nothing where it should say hello; the
            text has its last words.
    """
    agent = _Agent(command)
    try:
        with _connected(agent, on_stop) as farm:
            yield farm
    finally:
        agent.end()


def _connected(agent: _Agent, on_stop: Callable[[str], None]) -> LinkFarm:
    try:
        return connect(agent.link, on_stop)
    except LinkError as error:
        agent.end()
        raise type(error)(
            f"the farm agent ({agent.name}) cannot be talked to: {agent.last_words}{error}"
        ) from error


def agent_environment() -> dict[str, str]:
    """Return the environment of a program that runs under a farm's own interpreter.

    What is ours, the account above all, is not for it.
    """
    return {
        name: value
        for name, value in shim.child_environment().items()
        if not name.startswith(_OURS)
    }


class _Agent:
    """The process of an agent.

    Args:
        command: program and arguments.

    Raises:
        FarmError: it cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.name = " ".join(command)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - an argument list, no shell
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=agent_environment(),
                # Ctrl-C is for us: the agent is needed until what is in hand is finished.
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as error:
            raise FarmError(
                f"the farm agent cannot be started ({error.strerror}: {command[0]}); name its "
                "program and arguments in farm.agent"
            ) from error
        process = self._process
        streams = (process.stdout, process.stdin, process.stderr)
        reader, writer, errors = (cast("IO[bytes]", stream) for stream in streams)
        self._said = ""
        self._drain = threading.Thread(
            target=self._read, args=(errors,), name="agent log", daemon=True
        )
        self._drain.start()
        self.link = Link(reader, writer)

    @property
    def last_words(self) -> str:
        """What it said last, with a colon; "" when it said nothing."""
        return f"{self._said}: " if self._said else ""

    def end(self) -> None:
        """Wait for it to see that the link is closed; end it when it does not."""
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            _log.warning("the farm agent does not end and is killed")
            self._process.kill()
            self._process.wait()
        self._drain.join(1.0)

    def _read(self, errors: IO[bytes]) -> None:
        with errors:
            for raw in iter(lambda: errors.readline(_LONGEST_LINE), b""):
                line = raw.decode("utf-8", "backslashreplace").rstrip()
                if line:
                    self._said = line
                    _log.warning("farm agent: %s", line)
