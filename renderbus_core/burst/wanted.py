"""What a job wants of the cloud, put into the request of one of its bursts; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from renderbus_core.options import NO_OPTIONS, CloudOptions, first_frames, site_pauses
from renderbus_core.package import BurstRequest, PriorityFrames

_MINUTE = 60
# Where the site may have said the same: what the job says holds.
_SETTINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "frames_per_machine": ("frames_per_task",),
        "priority_frames": ("pre_frames", "test_frames", "stop_after_test"),
        "remind_minutes": ("time_out",),
    }
)
# As the cloud counts them.
_PLACES: Mapping[str, Callable[[int], int]] = MappingProxyType(
    {
        "first": lambda _count: 0,
        "middle": lambda count: count // 2,
        "last": lambda count: count - 1,
    }
)


def with_options(request: BurstRequest, options: CloudOptions) -> BurstRequest:
    """Return the request of a burst as its job wants it; machines and their price apart.

    Args:
        request: as the site has it.
        options: of the job.
    """
    if options == NO_OPTIONS:
        return request
    priority = _priority(request, options)
    names = options.said if priority is not None else options.said.keys() - {"priority_frames"}
    said = {f"task_info.{key}" for name in names for key in _SETTINGS.get(name, ())}
    overrides = {key: value for key, value in request.overrides.items() if key not in said}
    if options.remind_minutes is not None:
        overrides["task_info.time_out"] = str(options.remind_minutes * _MINUTE)
    return replace(
        request,
        overrides=overrides,
        priority=request.priority if priority is None else priority,
        frames_per_machine=options.frames_per_machine or request.frames_per_machine,
        tiles=options.tiles or request.tiles,
        tiles_type=options.tiles_type or request.tiles_type,
        frame_limit=_seconds(options.frame_limit_minutes),
        task_limit=_seconds(options.task_limit_minutes),
    )


def _priority(request: BurstRequest, options: CloudOptions) -> PriorityFrames | None:
    """Return which frames of the burst come first; None where that is as the site has it.

    A burst may hold a part of the job's frames: those that it does not render are not listed, and
    where it would wait for a person and has none of them, it begins with its own first frame. Where
    the site has every burst wait for a person, no option takes that away.
    """
    if options.priority_frames is None:
        return None
    words, listed = first_frames(options.priority_frames)
    frames, here = sorted(request.frames), request.frames & listed
    must_pause = site_pauses(request.overrides)
    pauses = bool(options.stop_after_test) or must_pause
    if pauses and not words and not here:
        words = frozenset({"first"})
    going = {frames[_PLACES[word](len(frames))] for word in words} | set(here)
    if len(going) == len(frames):
        # With nothing behind them nothing goes first, and nobody is asked but by the site.
        return None if must_pause else PriorityFrames()
    flags = {word: word in words for word in _PLACES}
    return PriorityFrames(**flags, frames=here, pauses=pauses)


def _seconds(minutes: float | None) -> float | None:
    return None if minutes is None else minutes * _MINUTE
