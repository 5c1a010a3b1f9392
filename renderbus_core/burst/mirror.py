"""Comparing the cloud with the farm: a pure difference that says what to do for each task.

`acts.ACTS` is the whole rule; here both sides are brought into its words. Our own changes never
appear in it as somebody else's, because they change the task's state in the burst first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType

from renderbus_core.burst.acts import ACTS, Act, Local
from renderbus_core.burst.model import (
    Asked,
    Burst,
    BurstState,
    BurstTask,
    Remote,
    RemoteEntry,
    RemoteTree,
    TaskState,
)
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import LocalState, LocalTask, TaskRef

HELD_BACK = "a person holds it back on the farm"
"""Why tasks come back that nobody wants begun now."""

_MIRRORED = frozenset({TaskState.HELD, TaskState.SENT, TaskState.DONE_REMOTE})


@dataclass(frozen=True, slots=True)
class Collected:
    """How far the files of one local task have come.

    Args:
        expected: files the task must have before it is complete.
        at_home: those that are at the output path.
        listed: those that the cloud has listed.
        bad: why one of them will not be taken, however often it is fetched; "" when none is.
    """

    expected: int
    at_home: int
    listed: int = 0
    bad: str = ""

    @property
    def complete(self) -> bool:
        """Whether every file is there, at least one."""
        return 0 < self.expected <= self.at_home


@dataclass(frozen=True, slots=True)
class MirrorPolicy:
    """Times that the difference depends on, seconds.

    Args:
        output_grace: how long a done frame may lack its files.
        stop_grace: how long a stop that can be undone must last.
        longest_wait: how long a task may wait for machines of the cloud; 0 for any time.
        longest_frame: how long one frame may be rendering there; 0 for any time.
    """

    output_grace: float
    stop_grace: float
    longest_wait: float = 0.0
    longest_frame: float = 0.0


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do.

    Args:
        act: what.
        task: for which local task.
        remote: what the cloud says of it.
        reason: for people.
        entries: frame entries in the cloud that it concerns.
        asked: what was wanted of the task.
        held_as: the task as the farm has it, where it would keep our stamp when we let it go.
    """

    act: Act
    task: TaskRef
    remote: Remote
    reason: str
    entries: tuple[RemoteEntry, ...]
    asked: Asked = Asked.NOTHING
    held_as: TaskRef | None = None


def diff(  # noqa: PLR0917 - the port's signature, one argument per side and rule
    remote: RemoteTree,
    collected: Mapping[str, Collected],
    local: Iterable[LocalTask],
    burst: Burst,
    policy: MirrorPolicy,
    now: datetime,
) -> tuple[Action, ...]:
    """Derive what to do from both sides; changes nothing.

    Args:
        remote: the cloud's side.
        collected: files by local task id.
        local: all tasks of the job.
        burst: what we hold.
        policy: times.
        now: UTC.

    Returns:
        One action for each task that is held and neither being completed nor released: those
        two are finished by asking the farm again, whatever the cloud says meanwhile.
    """
    shown = {task.ref.id: task for task in local}
    view = _View(remote, collected, burst, policy, now)
    return tuple(
        view.action(task, shown.get(task.ref.id)) for task in burst.tasks if task.state in _MIRRORED
    )


def same_until(burst: Burst, policy: MirrorPolicy) -> datetime | None:
    """Return when time alone changes what follows for sent tasks, UTC; None for never.

    Args:
        burst: what we hold, with the cloud's words as they are.
        policy: times.
    """
    ends = (
        task.remote_since + timedelta(seconds=longest)
        for task in burst.open_tasks
        if task.remote_since and (longest := _longest(task, task.remote, policy))
    )
    return min(ends, default=None)


def _longest(task: BurstTask, word: Remote | None, policy: MirrorPolicy) -> float:
    """Return for how many seconds the cloud may say a word of a task; 0 for any time."""
    if word is Remote.WAITING:
        return policy.longest_wait
    if word is Remote.RENDERING:
        return policy.longest_frame * len(task.ref.frames)
    return policy.stop_grace if word is Remote.STOPPED else 0.0


class _View:
    """Both sides at one moment, looked at task by task."""

    def __init__(
        self,
        remote: RemoteTree,
        collected: Mapping[str, Collected],
        burst: Burst,
        policy: MirrorPolicy,
        now: datetime,
    ) -> None:
        self._by_frame = entries_by_frame(remote.entries)
        self._remote = remote
        self._collected = collected
        self._burst = burst
        self._policy = policy
        self._now = now

    def action(self, task: BurstTask, shown: LocalTask | None) -> Action:
        entries = self._entries(task.ref.frames)
        cloud = remote_situation(task.ref.frames, self._by_frame, self._remote)
        farm = local_situation(task, shown, self._burst)
        # What is partly done is finished, as a worker finishes what it has in hand.
        is_held_back = shown is not None and shown.held_back and not _is_begun(entries)
        asked, why = self._asked(task, cloud, is_held_back=is_held_back)
        act, reason = ACTS[asked, farm][cloud], why or _both(farm, cloud)
        if act is Act.GIVE_BACK_LATER:
            lasted = self._lasted(task, cloud, self._policy.stop_grace)
            act = Act.GIVE_BACK if lasted else Act.WAIT
        if act is Act.GIVE_BACK and not why:
            reason = _failure(cloud, entries)
        if act is Act.COLLECT and (bad := self._files(task).bad):
            act, reason = Act.GIVE_BACK, f"the cloud calls it done, but {bad}"
        elif act is Act.COLLECT and self._lacks_files(task):
            act, reason = Act.GIVE_BACK, "the cloud calls it done, but none of its files came"
        return Action(act, task.ref, cloud, reason, entries, asked, self._held_as(task, shown))

    def _entries(self, frames: FrameSet) -> tuple[RemoteEntry, ...]:
        """Return the entries of some frames; one that stands for several of them comes once."""
        found = [entry for frame in frames for entry in self._by_frame.get(frame, ())]
        if len(frames) > 1:
            return tuple({(entry.leaf, entry.id): entry for entry in found}.values())
        return tuple(found)

    def _asked(self, task: BurstTask, cloud: Remote, *, is_held_back: bool) -> tuple[Asked, str]:
        """Return what is wanted of a task and why: by a person, or because it is stuck."""
        if self._burst.state is BurstState.RECALLING and not task.asked.puts_away:
            return Asked.RECALL_ALL, self._burst.recall or self._burst.reason
        if task.asked.is_recall or task.asked.puts_away:
            return task.asked, task.asked_why
        if is_held_back and cloud is Remote.WAITING:
            return Asked.RECALL_WAITING, HELD_BACK
        return self._stuck(task, cloud)

    def _stuck(self, task: BurstTask, cloud: Remote) -> tuple[Asked, str]:
        """Return what follows from how long the cloud has said the same of a task."""
        longest = _longest(task, cloud, self._policy)
        if not longest or not self._lasted(task, cloud, longest):
            return task.asked, ""
        if cloud is Remote.WAITING:
            return Asked.RECALL_WAITING, f"no machine of the cloud began it within {longest:g} s"
        if cloud is Remote.RENDERING:
            return Asked.RECALL_ALL, f"the cloud has been rendering it for more than {longest:g} s"
        return task.asked, ""

    def _held_as(self, task: BurstTask, shown: LocalTask | None) -> TaskRef | None:
        """Return the task as the farm has it when it would keep our stamp after we let it go."""
        if shown is None or shown.claim is None or shown.claim.burst != self._burst.id:
            return None
        kept = shown.ref.frames != task.ref.frames or shown.state is LocalState.QUEUED
        return shown.ref if kept else None

    def _lacks_files(self, task: BurstTask) -> bool:
        """Tell whether a done task has nothing to collect; what is listed is never given up."""
        return (
            task.state is TaskState.DONE_REMOTE
            and not self._files(task).listed
            and self._now - task.since >= timedelta(seconds=self._policy.output_grace)
        )

    def _files(self, task: BurstTask) -> Collected:
        return self._collected.get(task.ref.id, Collected(0, 0))

    def _lasted(self, task: BurstTask, word: Remote, seconds: float) -> bool:
        """Tell whether the cloud has been saying a word of a task for some time."""
        since = task.remote_since if task.remote is word else None
        return self._now - (since or self._now) >= timedelta(seconds=seconds)


def _is_begun(entries: Iterable[RemoteEntry]) -> bool:
    return any(entry.situation in {Remote.RENDERING, Remote.DONE} for entry in entries)


@cache
def _both(farm: Local, cloud: Remote) -> str:
    return f"farm: {farm}, cloud: {cloud}"


def local_situation(task: BurstTask, shown: LocalTask | None, burst: Burst) -> Local:
    """Tell what the farm shows of a task that the burst holds.

    Args:
        task: ours.
        shown: the farm's task of the same id; None when there is none.
        burst: ours.
    """
    if shown is None:
        return Local.GONE
    if shown.ref.frames != task.ref.frames:
        return Local.CHANGED
    ours = shown.claim is not None and shown.claim.burst == burst.id
    if shown.state is LocalState.SUSPENDED and not ours:
        return Local.CHANGED
    return _SHOWN[shown.state]


_SHOWN: Mapping[LocalState, Local] = MappingProxyType(
    {
        LocalState.PENDING: Local.RESUMED,
        LocalState.QUEUED: Local.RESUMED,
        LocalState.RENDERING: Local.RENDERING,
        LocalState.SUSPENDED: Local.HELD,
        LocalState.COMPLETED: Local.COMPLETED,
        LocalState.FAILED: Local.FAILED,
    }
)


def remote_situation(
    frames: FrameSet, by_frame: Mapping[int, list[RemoteEntry]], remote: RemoteTree
) -> Remote:
    """Fold the entries of all frames of a task into one word: the one that decides what to do.

    A task is done only when every entry of every frame is. It is failed or stopped only once
    nothing of it is at work any more, so that nothing is given back that may still render. What
    a task that has ended left waiting or never began was stopped with it.

    Args:
        frames: of the local task.
        by_frame: all entries by frame number.
        remote: the cloud's side.
    """
    never = Remote.STOPPED if remote.is_stopped else Remote.ABSENT
    found: set[Remote] = set()
    for frame in frames:
        entries = by_frame.get(frame)
        if entries:
            found |= {entry.situation for entry in entries}
        else:
            found.add(never if remote.is_over else Remote.UNKNOWN)
    if remote.is_over and Remote.WAITING in found:
        found = found - {Remote.WAITING} | {Remote.STOPPED}
    return next((word for word in _FOLD if word in found), Remote.DONE)


# The first of these that any entry has decides.
_FOLD = (
    Remote.UNKNOWN,
    Remote.RENDERING,
    Remote.WAITING,
    Remote.FAILED,
    Remote.STOPPED,
    Remote.ABSENT,
)


def entries_by_frame(entries: Iterable[RemoteEntry]) -> dict[int, list[RemoteEntry]]:
    """Index entries by the frames they stand for."""
    by_frame: dict[int, list[RemoteEntry]] = {}
    for entry in entries:
        for frame in entry.frames:
            by_frame.setdefault(frame, []).append(entry)
    return by_frame


def _failure(cloud: Remote, entries: Iterable[RemoteEntry]) -> str:
    notes = sorted({entry.note for entry in entries if entry.note})
    tail = f" ({'; '.join(notes)})" if notes else ""
    return f"the cloud could not render it: {cloud}{tail}"
