"""Which frames of a task are rendered before the others."""

from __future__ import annotations

from renderbus_core.frames import FrameSet


def first_frames(pre_frames: str, frames: FrameSet) -> FrameSet:
    """Return the priority frames in the order they are rendered.

    Args:
        pre_frames: three flags for the first, the middle and the last frame, then perhaps a colon
            and a list: `101:2,5`, as `schemas/task/base.json` accepts it.
        frames: of the layer; what the list names besides is left out.

    Raises:
        InputError: the list cannot be read.
    """
    flags, _, listed = pre_frames.partition(":")
    places = (0, len(frames) // 2, len(frames) - 1)
    chosen = FrameSet.of(
        frames[place] for place, flag in zip(places, flags, strict=False) if flag == "1"
    )
    return chosen | (FrameSet.parse(listed) & frames) if listed.strip() else chosen
