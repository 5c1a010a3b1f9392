"""Workers of the embedded farm: they render tasks with real processes, one step at a time."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Collection, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from renderbus_core.errors import InputError
from renderbus_core.farm.local.farm import LocalFarm
from renderbus_core.farm.local.values import CLOUD, Run, check_kind, check_text, legible

_BEAT = timedelta(seconds=2)
_LAST_BYTES = 4096
_LAST_CHARACTERS = 200
# Credentials of the bridge are none of a renderer's business, and would end up in its logs.
_PRIVATE = ("RAYVISION_API_", "RENDERBUS_")


@dataclass(slots=True)
class _Render:
    """A run under way.

    Args:
        run: the task.
        log: what its processes print.
        process: renders the current frame.
        position: which of the task's frames that is, from 0.
        cancelled: whether the task was taken away and the process killed.
    """

    run: Run
    log: Path
    process: subprocess.Popen[bytes]
    position: int = 0
    cancelled: bool = False

    @property
    def frame(self) -> int:
        return self.run.ref.frames[self.position]

    @property
    def has_more(self) -> bool:
        return self.position + 1 < len(self.run.ref.frames)


class Worker:
    """Takes tasks from a farm and renders them, one at a time.

    Nothing happens but in `step`, which never waits, so one thread can drive several workers.

    Args:
        farm: where the tasks come from.
        name: shown to people; not `cloud`.
        log_folder: where the output of the commands goes, readable by its owner only.
        pools: whose jobs it takes, beside jobs of no pool.
        groups: as pools; of a job that has both, both must hold.

    Raises:
        InputError: a name cannot be used.
    """

    def __init__(
        self,
        farm: LocalFarm,
        name: str,
        log_folder: Path,
        *,
        pools: Collection[str] = (),
        groups: Collection[str] = (),
    ) -> None:
        check_text("the worker's name", name)
        check_kind("the worker", pools, groups)
        if name == CLOUD:
            raise InputError(f"a worker cannot be named {CLOUD!r}, which stands for bursts")
        self.name = name
        self._pools = tuple(pools)
        self._groups = tuple(groups)
        self._dispatch = farm.dispatch
        self._clock = farm.clock
        self._log_folder = log_folder
        self._session: int | None = None
        self._beat_at: datetime | None = None
        self._render: _Render | None = None

    @property
    def idle(self) -> bool:
        """Whether it has nothing in hand."""
        return self._render is None

    def step(self) -> bool:
        """Start, watch or finish a render; return whether there was anything to do.

        Raises:
            FarmError: the farm cannot be used; the next step carries on where this one stopped.
        """
        session = self._beat()
        if self._render is not None and self._watch(self._render):
            return True
        ended, self._render = self._render is not None, None
        return self._take(session) or ended

    def stop(self) -> None:
        """Kill what is rendering, give the task back, and leave the farm."""
        if self._render:
            if self._render.process.returncode is None:
                _kill(self._render.process)
                self._render.process.wait()
            self._render = None
        if self._session is not None:
            self._dispatch.retire(self._session)
            self._session = None

    def _beat(self) -> int:
        now = self._clock.now()
        if self._session is None or self._beat_at is None or now - self._beat_at >= _BEAT:
            self._session = self._dispatch.beat(
                self.name, self._session, pools=self._pools, groups=self._groups
            )
            self._dispatch.reap(now)
            self._beat_at = now
        return self._session

    def _take(self, session: int) -> bool:
        run = self._dispatch.dequeue(session)
        if run is None:
            return False
        try:
            log = _new_log(self._log_folder, run)
            process = _start(run, run.ref.frames.first, log)
        except OSError as error:
            self._dispatch.give_up(run, _not_started(run.ref.frames.first, error))
        else:
            self._render = _Render(run, log, process)
        return True

    def _watch(self, render: _Render) -> bool:
        """Carry a render on; return whether it is still under way."""
        if not render.cancelled and not self._dispatch.holds(render.run):
            render.cancelled = True
            if render.process.returncode is None:
                _kill(render.process)
        if render.process.returncode is None:
            if render.process.poll() is None:
                return True
            # What a command left running in the background ends with it.
            _kill(render.process)
        if render.cancelled:
            return False
        fault = _fault(render)
        if fault is None and render.has_more:
            fault = self._start_next(render)
            if fault is None:
                return True
        self._report(render.run, fault)
        return False

    def _start_next(self, render: _Render) -> str | None:
        frame = render.run.ref.frames[render.position + 1]
        try:
            render.process = _start(render.run, frame, render.log)
        except OSError as error:
            return _not_started(frame, error)
        render.position += 1
        return None

    def _report(self, run: Run, fault: str | None) -> None:
        if fault is None:
            self._dispatch.finish(run)
        else:
            self._dispatch.give_up(run, fault)


class WorkerPool:
    """Several workers driven by one thread.

    Args:
        farm: where the tasks come from.
        names: one worker each.
        log_folder: see `Worker`.
        pools: of each of them, see `Worker`.
        groups: of each of them, see `Worker`.
    """

    def __init__(
        self,
        farm: LocalFarm,
        names: Iterable[str],
        log_folder: Path,
        *,
        pools: Collection[str] = (),
        groups: Collection[str] = (),
    ) -> None:
        self.workers = tuple(
            Worker(farm, name, log_folder, pools=pools, groups=groups) for name in names
        )

    @property
    def idle(self) -> bool:
        """Whether no worker has anything in hand."""
        return all(worker.idle for worker in self.workers)

    def step(self) -> bool:
        """Let every worker do one step; return whether any had something to do."""
        return any([worker.step() for worker in self.workers])  # noqa: C419 - every one does its step

    def stop(self) -> None:
        """Stop every worker, whatever happens to the others; nothing is left running."""
        with ExitStack() as stack:
            for worker in self.workers:
                stack.callback(worker.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _new_log(folder: Path, run: Run) -> Path:
    """Create the log of a run, for its owner only; a left-over of the same name is replaced."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = folder / f"{run.job}.task-{run.ref.id}.run-{run.number}.log"
    log.unlink(missing_ok=True)
    os.close(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return log


def _start(run: Run, frame: int, log: Path) -> subprocess.Popen[bytes]:
    """Start the command of one frame in a session of its own, so that all of it can be ended."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(_PRIVATE)}
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - the job's own command, as an argument list
            run.argv(frame),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a command with everything it started; a render has nothing to save."""
    if os.name == "posix":
        # macOS says PermissionError when only zombies are left.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _not_started(frame: int, error: OSError) -> str:
    return f"frame {frame}: the command cannot be started ({error.strerror}: {error.filename})"


def _fault(render: _Render) -> str | None:
    """Say what is wrong with the frame whose process has ended, None when all is well."""
    code = render.process.returncode
    if code:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        words = _last_line(render.log)
        return f"frame {render.frame}: the command {how}" + (f": {words}" if words else "")
    missing = next((path for path in render.run.files(render.frame) if not _is_filled(path)), None)
    if missing:
        return f"frame {render.frame}: the command ended well, but {missing} is missing or empty"
    return None


def _last_line(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - _LAST_BYTES))
        text = stream.read().decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return legible(lines[-1], _LAST_CHARACTERS) if lines else ""


def _is_filled(path: Path) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size > 0
