"""Rules about frame lists: readable, inside the scene, and the first ones among them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import gcd

from renderbus_core.errors import InputError
from renderbus_core.frames import Dialect, FrameSet
from renderbus_core.package.findings import parted
from renderbus_core.package.rules.blocks import Block, blocks
from renderbus_core.package.rules.rule import Fault, Subject, in_task

_RANGE = re.compile(r"(-?[0-9]+)-(-?[0-9]+)")


def frames_agree(subject: Subject) -> Iterator[Fault]:
    """Every frame list can be read, and start, end and step describe it where they stand by it."""
    for block in blocks(subject):
        try:
            frames = FrameSet.parse(block.fields["frames"], Dialect.RENDERBUS)
        except InputError as error:
            yield in_task((*block.path, "frames"), *parted(str(error), "correct the list"))
            continue
        if {"start", "end", "by_frame"} <= block.fields.keys():
            yield from _described(block, frames)


def frames_are_in_scene(subject: Subject) -> Iterator[Fault]:
    """All frames lie in the range that the document states for the scene."""
    for block in blocks(subject):
        frames, stated = block.frames, _stated(block)
        if not block.is_on or not frames or stated is None:
            continue
        first, last = stated
        if frames.min < first or frames.max > last:
            yield in_task(
                (*block.path, "frames"),
                f"{block.fields['frames']} reaches beyond the scene, "
                f"which runs from {first} to {last}",
            )


def priority_frames_are_rendered(subject: Subject) -> Iterator[Fault]:
    """Every frame that pre_frames lists is among the rendered ones."""
    listed = subject.info.get("pre_frames", "").partition(":")[2].strip()
    rendered = [block.frames for block in blocks(subject) if block.is_on]
    if not listed or not rendered or None in rendered:
        return
    place = "task_info.pre_frames"
    try:
        first = FrameSet.parse(listed, Dialect.RENDERBUS)
    except InputError as error:
        yield in_task(place, *parted(str(error), "correct the list"))
        return
    for frames in filter(None, rendered):
        first -= frames
    if first:
        yield in_task(place, f"{first} would go first and is not rendered at all")


def older_name_agrees(subject: Subject) -> Iterator[Fault]:
    """The older name test_frames says the same as pre_frames."""
    new, old = subject.info.get("pre_frames"), subject.info.get("test_frames")
    if new is not None and old is not None and _packed(new) != _packed(old):
        yield in_task("task_info.test_frames", f"it is {old!r} and pre_frames is {new!r}")


def pause_has_a_reason(subject: Subject) -> Iterator[Fault]:
    """A task that waits for a person after its priority frames has such frames."""
    first = subject.info.get("pre_frames", "000")
    if subject.info.get("stop_after_test") == "1" and _packed(first) == "000":
        yield in_task(
            "task_info.stop_after_test", "the task waits after its priority frames and has none"
        )


def _described(block: Block, frames: FrameSet) -> Iterator[Fault]:
    start, end, by = (int(block.fields[key]) for key in ("start", "end", "by_frame"))
    if (start, end) != (frames.min, frames.max):
        yield in_task(
            (*block.path, "frames"),
            f"{block.fields['frames']} runs from {frames.min} to {frames.max}, "
            f"but start and end are {start} and {end}",
        )
    elif gcd(*(frame - start for frame in frames)) % by:
        yield in_task(
            (*block.path, "by_frame"),
            f"not every frame of {block.fields['frames']} lies on the step {by}",
            "correct the step, 1 always fits",
        )


def _stated(block: Block) -> tuple[int, int] | None:
    """Return first and last frame of the scene where 3ds Max or Unreal state them."""
    if "start_frame" in block.fields:
        return int(block.fields["start_frame"]), int(block.fields["end_frame"])
    found = _RANGE.fullmatch(block.fields.get("animation_range", ""))
    return (int(found[1]), int(found[2])) if found else None


def _packed(text: str) -> str:
    return text.replace(" ", "")
