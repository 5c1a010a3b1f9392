"""Whether two pictures are alike, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from renderbus_core.parity.library import need_library
from renderbus_core.parity.parts import UnreadablePictureError, mismatch
from renderbus_core.parity.values import Comparison, Tolerance

if TYPE_CHECKING:
    from renderbus_core.parity.measuring import Measure

_USUAL = Tolerance()
# Numbers below this are told as such, and below the next with all their places.
_TINY, _SMALL = 1e-6, 1e-4


def compare(local: Path, cloud: Path, tolerance: Tolerance = _USUAL) -> Comparison:
    """Compare a frame of the farm with the same frame of the cloud.

    Files that are missing or broken are an answer, not a failure: the frames are not alike. The
    pictures are read a band of lines at a time, so that memory does not grow with their height.

    Args:
        local: the farm's picture.
        cloud: the cloud's picture.
        tolerance: what may differ.

    Raises:
        MissingDependencyError: OpenImageIO is not installed.
    """
    need_library()
    from renderbus_core.parity.measuring import measure  # noqa: PLC0415 - an optional part
    from renderbus_core.parity.reading import opened  # noqa: PLC0415 - an optional part

    try:
        with opened(local) as ours, opened(cloud) as theirs:
            problem = mismatch(ours.parts, theirs.parts)
            if problem:
                return Comparison(alike=False, why=f"The pictures are not alike: {problem}.")
            measures = [
                measure(ours, theirs, part, tolerance.channel) for part in range(len(ours.parts))
            ]
    except UnreadablePictureError as error:
        return Comparison(alike=False, why=f"The pictures cannot be compared: {error}.")
    return _judged(measures, tolerance)


def _judged(measures: Sequence[Measure], tolerance: Tolerance) -> Comparison:
    share, mean = max(one.share for one in measures), max(one.mean for one in measures)
    worst = max(
        (one.worst for one in measures if one.worst), key=lambda w: w.difference, default=None
    )
    alike = share <= tolerance.share and mean <= tolerance.mean
    return Comparison(
        alike=alike,
        why=_sentence(measures, tolerance, alike=alike),
        share=share,
        mean=mean,
        worst=worst.difference if worst else 0.0,
        where=worst.where if worst else None,
    )


def _sentence(measures: Sequence[Measure], tolerance: Tolerance, *, alike: bool) -> str:
    verdict = f"The pictures are {'' if alike else 'not '}alike"
    different = [(one.worst.difference, one) for one in measures if one.worst]
    if not different:
        pixels = sum(one.pixels for one in measures)
        return f"{verdict}: all values of all {pixels} pixels are the same."
    by_share = max(measures, key=lambda one: one.share)
    by_mean = max(measures, key=lambda one: one.mean)
    reasons = []
    if alike or by_share.share > tolerance.share:
        reasons.append(
            f"{by_share.differing} of {by_share.pixels} pixels ({_percent(by_share.share)}) "
            f"differ by more than {_number(tolerance.channel)}{_in(by_share)} where "
            f"{_percent(tolerance.share)} may"
        )
    if alike or by_mean.mean > tolerance.mean:
        reasons.append(
            f"the mean difference{_in(by_mean)} is {_number(by_mean.mean)} where "
            f"{_number(tolerance.mean)} may be"
        )
    _, furthest = max(different, key=lambda pair: pair[0])
    return f"{verdict}: {' and '.join(reasons)}; {_furthest(furthest)}."


def _furthest(measure: Measure) -> str:
    worst = measure.worst
    if worst is None:
        return ""
    column, row = worst.where
    return (
        f"they are furthest apart at {column}, {row} in channel {worst.channel}{_in(measure)}: "
        f"{worst.local:.4g} here, {worst.cloud:.4g} in the cloud"
    )


def _in(measure: Measure) -> str:
    return f" in part {measure.part}" if measure.part else ""


def _percent(share: float) -> str:
    return f"{_number(100 * share)} %"


def _number(value: float) -> str:
    if 0 < value < _TINY:
        return f"less than {_TINY:.6f}"
    return f"{value:.6f}" if 0 < value < _SMALL else f"{value:.4g}"
