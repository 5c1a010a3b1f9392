"""What the embedded farm takes from people and shows to them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from renderbus_core import frames
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet, pad_path
from renderbus_core.jobs import CloudWish, JobId, LocalState, TaskRef
from renderbus_core.options import NO_OPTIONS, CloudOptions

CLOUD = "cloud"
"""Name of the worker of a task that a burst completed."""

_TOKEN = re.compile(r"\{(frame|start|end|frames|output)\}")
_MAX_PRIORITY = 100
_MAX_LENGTH = 4096
# One job is one row of the link, whose lines are bounded.
_MAX_NAMES = 32
# NUL, and halves of characters that no encoding can write; then control characters too.
_UNPASSABLE = re.compile(r"[\x00\ud800-\udfff]")
_ILLEGIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job as a person submits it.

    Args:
        name: shown to people.
        dcc: `maya`, `blender`, ... as in `schemas/task/`.
        scene: path of the scene file.
        outputs: declared output files, absolute, with `#` for frame digits.
        frames: what to render.
        chunk_size: frames per task.
        command: what renders, one argument each. It is started once for each frame of a task, in
            order, with `{frame}` and `{output}` (the first output of that frame) filled in;
            `{start}`, `{end}` and `{frames}` are that frame too, so that a command written for
            ranges does what it should.
        user: who submits it.
        priority: 0 to 100; higher is sooner.
        project: shown to people and used for budgets.
        layer: the one render layer the job renders; "" for all.
        deadline: when it should be done, UTC; None when nobody says.
        department: of the studio; "" when none.
        pools: its tasks are for workers of one of these; empty for all workers.
        groups: as pools, and both must hold.
        cloud: whether people want it in the cloud.
        options: what it wants of the cloud otherwise than the site.

    Raises:
        InputError: names the first field that cannot be used.
    """

    name: str
    dcc: str
    scene: str
    outputs: tuple[str, ...]
    frames: FrameSet
    command: tuple[str, ...]
    user: str
    chunk_size: int = 1
    priority: int = 50
    project: str = ""
    layer: str = ""
    deadline: datetime | None = None
    department: str = ""
    pools: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    cloud: CloudWish = CloudWish.UNSAID
    options: CloudOptions = NO_OPTIONS

    def __post_init__(self) -> None:
        for label in ("name", "dcc", "scene", "user"):
            check_text(f"the job's {label}", getattr(self, label))
        for label in ("project", "layer", "department"):
            check_text(f"the job's {label}", getattr(self, label), empty=True)
        check_kind("the job", self.pools, self.groups)
        self._check_outputs()
        self._check_command()
        check_priority(self.priority)
        if not self.frames:
            raise InputError("the job has no frames; give at least one")
        if len(self.frames.format(frames.Dialect.DEADLINE)) > frames.MAX_TEXT:
            raise InputError(
                f"the job's frame list takes more than {frames.MAX_TEXT:,} characters to write; "
                "split the job"
            )
        if self.deadline is not None and self.deadline.utcoffset() is None:
            raise InputError(f"the deadline {self.deadline} names no time zone; add one")
        if self.chunk_size < 1:
            raise InputError(f"the job's chunk size is {self.chunk_size}; give 1 or more")

    def _check_outputs(self) -> None:
        for output in self.outputs:
            check_text("an output of the job", output)
            if not Path(output).is_absolute():
                raise InputError(f"the output {output!r} is not absolute; give its full path")
            pad_path(output, 0)

    def _check_command(self) -> None:
        if not self.command or not self.command[0]:
            raise InputError("the job's command is empty; give the program and its arguments")
        for argument in self.command:
            if _UNPASSABLE.search(argument):
                raise InputError(f"no process can be given the argument {argument!r}; mend it")
            if "{output}" in argument and not self.outputs:
                raise InputError("the job's command names {output}, but no output is declared")


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a job or a task.

    Args:
        job: the job.
        task: id of the task; "" when the job itself changed.
        before: state it left; None for a new one.
        after: state it came to; None for a deleted one.
        who: a person, a worker, a burst, or `farm`.
        why: in words.
        at: UTC.
    """

    job: JobId
    task: str
    before: LocalState | None
    after: LocalState | None
    who: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A task in a worker's hands.

    Args:
        job: its job.
        ref: the task.
        session: the life of the worker it was given to.
        number: 1 for the first time the task is rendered, and so on.
        command: template of the job, see `JobSpec`.
        outputs: declared outputs of the job.
    """

    job: JobId
    ref: TaskRef
    session: int
    number: int
    command: tuple[str, ...]
    outputs: tuple[str, ...]

    def argv(self, frame: int) -> list[str]:
        """Fill in the command for one frame; braces around other words stay as they are."""
        values = dict.fromkeys(("frame", "start", "end", "frames"), str(frame))
        values["output"] = pad_path(self.outputs[0], frame) if self.outputs else ""
        return [_TOKEN.sub(lambda found: values[found[1]], part) for part in self.command]

    def files(self, frame: int) -> tuple[Path, ...]:
        """Return the files that one frame must leave behind."""
        return tuple(Path(pad_path(output, frame)) for output in self.outputs)


def check_text(label: str, text: str, *, empty: bool = False) -> None:
    """Raise `InputError` for a name or path that cannot be kept or shown.

    Args:
        label: how to call it in the sentence.
        text: what was given.
        empty: whether it may be empty.
    """
    if not text and not empty:
        raise InputError(f"{label} is empty; give one")
    if len(text) > _MAX_LENGTH:
        raise InputError(f"{label} has {len(text):,} characters; at most {_MAX_LENGTH:,} are kept")
    if _ILLEGIBLE.search(text):
        raise InputError(f"{label} holds a control character or half of one ({text!r}); remove it")


def check_kind(whose: str, pools: Collection[str], groups: Collection[str]) -> None:
    """Raise `InputError` for a pool or group that cannot be kept or shown.

    Args:
        whose: how to call whose they are in the sentence.
        pools: names.
        groups: names.
    """
    for label, names in (("pool", pools), ("group", groups)):
        if len(names) > _MAX_NAMES:
            raise InputError(f"{whose} has {len(names):,} {label}s; at most {_MAX_NAMES} are kept")
        for name in names:
            check_text(f"a {label} of {whose}", name)


def check_priority(priority: int) -> None:
    """Raise `InputError` for a priority that no job can have."""
    if not 0 <= priority <= _MAX_PRIORITY:
        raise InputError(f"the priority {priority} is not between 0 and {_MAX_PRIORITY}")


def legible(text: str, length: int = 500) -> str:
    """Make foreign text, such as a renderer's last words, fit to store and to show."""
    return _ILLEGIBLE.sub("?", text)[:length]
