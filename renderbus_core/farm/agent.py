"""The embedded farm behind a link, as Deadline and Qube! are: a process with the farm agent in it.

`python -m renderbus_core.farm.agent DATABASE` speaks over its standard input and output to whoever
started it. `python -m renderbus_core.farm.agent DATABASE COMMAND...` starts the core with that
command and ends with its exit code; SIGTERM asks it to stop.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from renderbus_core.clock import SystemClock
from renderbus_core.errors import FarmError, InputError
from renderbus_core.farm import wire
from renderbus_core.farm.local import LocalFarm
from renderbus_core.jobs import Gone, Outcome
from renderbus_core.shim import renderbus_link as shim

_HELLO_SECONDS = 60.0
_END_SECONDS = 60.0
_POLL_SECONDS = 0.5


class LocalAgent:
    """Carries out what comes over the link on an embedded farm.

    Args:
        farm: the farm.
    """

    def __init__(self, farm: LocalFarm) -> None:
        self._farm = farm
        methods: Mapping[str, shim.Handler] = {
            "snapshot": self._snapshot,
            "job": self._job,
            "tasks": self._tasks,
            "claim": self._effect(lambda claim, _: farm.claim(claim)),
            "complete": self._effect(lambda claim, _: farm.complete(claim, claim.tasks)),
            "fail": self._effect(lambda claim, why: farm.fail(claim, claim.tasks, why)),
            "release": self._effect(lambda claim, why: farm.release(claim, claim.tasks, why)),
            "annotate": self._annotate,
            "annotations": lambda params: {"notes": farm.annotations(params["job"])},
            "intents": self._intents,
            "acknowledge": lambda params: farm.acknowledge(params["ids"]),
        }
        self.handlers = {name: _refusing(method) for name, method in methods.items()}

    def _snapshot(self, params: shim.Message) -> shim.Pages:
        found = self._farm.snapshot(params["tasks_of"])
        head = {
            "taken_at": wire.MOMENT.write(found.taken_at),
            "workers": found.workers,
            "idle_workers": found.idle_workers,
            "kinds": wire.KINDS.write(found.kinds),
            "limits": wire.LIMITS.write(found.limits),
        }
        rows = map(wire.ROW.write, found.jobs)
        return shim.Pages(head, {"jobs": rows, "tasks": wire.write_tasks(found.tasks)})

    def _job(self, params: shim.Message) -> Any:
        found = self._farm.job(params["id"])
        return {"found": [] if isinstance(found, Gone) else [wire.JOB.write(found)]}

    def _tasks(self, params: shim.Message) -> shim.Pages:
        return shim.Pages({}, {"tasks": wire.write_tasks(self._farm.tasks(params["ids"]))})

    def _effect(self, act: Callable[..., Outcome]) -> shim.Handler:
        def carry_out(params: shim.Message) -> Any:
            claim = wire.read_claim(params["claim"], wire.REFS.read(params["tasks"]))
            return wire.OUTCOME.write(act(claim, params.get("why", "")))

        return carry_out

    def _annotate(self, params: shim.Message) -> None:
        self._farm.annotate(wire.read_claim(params["claim"], ()), params["facts"])

    def _intents(self, _params: shim.Message) -> shim.Pages:
        return shim.Pages({}, {"intents": map(wire.INTENT.write, self._farm.intents())})


def main(arguments: Sequence[str]) -> int:
    """Serve an embedded farm to whoever started this process, or to a core that it starts.

    Args:
        arguments: the database, then nothing or the command of the core.
    """
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database, *command = arguments
    with LocalFarm(Path(database), SystemClock()) as farm:
        handlers = LocalAgent(farm).handlers
        try:
            if command:
                return _start_core(command, farm, handlers, stop)
            agent = shim.Agent(*shim.own_pipes(), _log)
            agent.greet("embedded", farm.capabilities, _HELLO_SECONDS)
            _serve(agent, handlers, stop)
            agent.close(_END_SECONDS)
        except shim.LinkError as error:
            _log(str(error))
            return shim.EXIT_VERSION if isinstance(error, shim.VersionError) else 1
    return 0


def _start_core(
    command: Sequence[str],
    farm: LocalFarm,
    handlers: Mapping[str, shim.Handler],
    stop: threading.Event,
) -> int:
    core = shim.Core(command, _log)
    try:
        core.agent.greet("embedded", farm.capabilities, _HELLO_SECONDS)
        _serve(core.agent, handlers, stop)
    finally:
        code = core.detach(_END_SECONDS)
    _log(core.ending(0))
    return 1 if code is None else code


def _serve(agent: shim.Agent, handlers: Mapping[str, shim.Handler], stop: threading.Event) -> None:
    """Serve until the core is gone; a signal is passed on, and it needs its farm till then."""
    while not agent.gone:
        if stop.is_set():
            stop.clear()
            try:
                agent.tell(shim.STOP, {})
            except shim.GoneError as error:
                _log(str(error))
        agent.poll(handlers, _POLL_SECONDS)


def _refusing(method: shim.Handler) -> shim.Handler:
    """Tell refusals of the farm as such: its transactions are done whole or not at all."""

    def handler(params: shim.Message) -> Any:
        try:
            return method(params)
        except (FarmError, InputError) as error:
            raise shim.RefusedError(str(error)) from error

    return handler


def _log(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
