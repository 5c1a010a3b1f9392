"""Frame entries on nodes: they begin, their pictures come, they end and are paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from renderbus_core.simulator import fees
from renderbus_core.simulator.accounts import inputs_of
from renderbus_core.simulator.life.events import CancelFrame, Event, RenderFrame
from renderbus_core.simulator.life.waiting import look_at_leaf, look_at_parts
from renderbus_core.simulator.state import (
    OUTPUT_BID,
    Frame,
    Run,
    StoredFile,
    World,
    storage_name,
)
from renderbus_core.statuses import FrameCode

_OUTCOMES = {
    FrameCode.DONE: "is done",
    FrameCode.ERROR: "fails",
    FrameCode.TIMEOUT: "is over its time limit",
    FrameCode.ABORTED: "is stopped",
}
_SHOWN_FILES = 3
_SHOWN_CHARACTERS = 200


def start_waiting(world: World, now: datetime) -> Iterator[Event]:
    """Give free nodes the frames that wait, tasks of a higher level first."""
    for leaf in sorted(world.rendering.values(), key=lambda task: -task.user_level):
        while world.nodes and leaf.waiting and leaf.may_start:
            frame = leaf.waiting.popleft()
            # It may have been stopped since, or stand in the queue a second time.
            if frame.status is FrameCode.WAITING:
                yield from _start(world, frame, now)


def deliver(world: World, frame_id: int, files: Mapping[str, int], now: datetime) -> None:
    """Take note of finished pictures; those that nobody waits for any more are ignored."""
    if run := world.runs.get(frame_id):
        world.runs[frame_id] = replace(run, delivered=now, files=dict(files))


def stick(world: World, numbers: Iterable[int]) -> None:
    """Say which frames never end by themselves, those that render already included.

    Args:
        world: changes.
        numbers: frame numbers or ids of frame entries; none lets all of them go.
    """
    world.stuck = frozenset(numbers)
    for frame_id, run in world.runs.items():
        world.runs[frame_id] = replace(run, is_stuck=_is_stuck(world, run.frame))


def end_run(world: World, run: Run, code: FrameCode, now: datetime) -> Iterator[Event]:
    """Take a frame entry off its node, and let what waited for it go on."""
    yield from take_off(world, run, code, now)
    settle(world, run.frame, now)


def take_off(world: World, run: Run, code: FrameCode, now: datetime) -> Iterator[Event]:
    """Take a frame entry off its node; it is paid, and its files are stored when it is done."""
    frame, task = run.frame, run.frame.task
    del world.runs[frame.id]
    if frame.node not in world.leaving:
        world.nodes.append(frame.node)
    frame.ended_at, frame.seconds = now, run.charged(now)
    if code is FrameCode.ERROR:
        frame.why = frame.why or run.fails
    fee = fees.charge(world, task.owner, frame.seconds)
    frame.fee += fee
    task.fee += fee
    task.seconds += frame.seconds
    frame.move(code)
    frame.history.append((now, _OUTCOMES[code] + (f": {frame.why}" if frame.why else "")))
    if code is FrameCode.DONE:
        stored = {f"{task.folder}/{n}": StoredFile(size, now) for n, size in run.files.items()}
        world.outputs[task.owner.user_id] |= stored
    elif run.delivered is None and not run.fails:
        yield CancelFrame(now, frame.id)


def settle(world: World, frame: Frame, now: datetime) -> None:
    """Let go on what waited for a frame entry that is over."""
    if frame.whole is not None:
        look_at_parts(frame.whole, now)
    look_at_leaf(world, frame.task, now)


def _start(world: World, frame: Frame, now: datetime) -> Iterator[Event]:
    settings = world.settings
    each = settings.frame_seconds * world.random.uniform(1 - settings.jitter, 1 + settings.jitter)
    run = Run(
        frame=frame,
        started_at=now,
        planned=each * len(frame.frames) * frame.effort,
        speed=settings.speed,
        fails=_reason_to_fail(world, frame),
        is_stuck=_is_stuck(world, frame),
        # What leaves no picture needs nobody to make it.
        delivered=None if frame.makes_pictures else now,
    )
    world.runs[frame.id] = run
    frame.node = world.nodes.popleft()
    frame.started_at, frame.ended_at, frame.why = now, None, ""
    frame.move(FrameCode.STARTED)
    frame.history.append((now, f"begins on {frame.node}"))
    if frame.makes_pictures and not run.fails:
        yield RenderFrame(
            at=now,
            task_id=frame.task.id,
            frame_id=frame.id,
            frames=frame.frames,
            layer=frame.layer,
            plan=frame.plan,
            node=frame.node,
            inputs=inputs_of(frame.task.owner, settings),
            outputs=storage_name(OUTPUT_BID, frame.task.owner),
            folder=frame.task.folder,
        )


def _reason_to_fail(world: World, frame: Frame) -> str:
    """Return what a render is to fail of; "" when it is not."""
    if missing := frame.task.root.missing:
        return missing_sentence(missing)
    doomed = [number for number in frame.frames if world.failures.get(number, 0) > 0]
    for number in doomed:
        world.failures[number] -= 1
    return "the renderer ended with an error" if doomed else ""


def missing_sentence(paths: tuple[str, ...]) -> str:
    """Name files that were not uploaded, the first few of them."""
    named = ", ".join(path[:_SHOWN_CHARACTERS] for path in paths[:_SHOWN_FILES])
    more = f" and {len(paths) - _SHOWN_FILES} more" if len(paths) > _SHOWN_FILES else ""
    return f"missing in the input storage: {named}{more}"


def _is_stuck(world: World, frame: Frame) -> bool:
    return frame.id in world.stuck or any(number in world.stuck for number in frame.frames)
