"""What may differ between two pictures that count as alike, and what was found."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from renderbus_core.errors import InputError


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What may differ; the defaults are for one renderer on different machines (docs/parity.md).

    Values of integer pictures lie between 0 and 1; those of float pictures are compared relative
    to max(1, |value|), so that a highlight of 50 may differ by more than a shadow.

    Args:
        channel: largest difference of one channel of one pixel that counts as equal, 0 to 1. 0.02
            is five steps of 8 bits: more than dither and rounding do, and more than one light
            path of 64 that ended elsewhere because another processor rounds otherwise.
        share: part of all pixels that may differ by more than that, 0 to 1. 0.0002 leaves room
            for single bright dots and is less than one bucket: 32 x 32 pixels of a picture of
            1920 x 1080, 64 x 64 of one of 4096 x 2160.
        mean: largest mean difference of all pixels and channels, 0 to 1. 0.002 is half a step of
            8 bits: what dither does to a whole picture; a picture that is a shade darker all over
            is found by it, although no pixel stands out.

    Raises:
        InputError: a value is not between 0 and 1.
    """

    channel: float = 0.02
    share: float = 0.0002
    mean: float = 0.002

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            # Differences that are none of degree count as 2: no tolerance lets them pass.
            if not 0 <= value <= 1:
                raise InputError(f"the tolerance {field.name} is {value}; give 0 to 1")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison came to.

    Where pictures have several parts, each number is that of the part that differs most, so that
    equal parts do not hide another one.

    Args:
        alike: whether the pictures count as the same.
        why: one sentence with the numbers, for a person.
        share: part of the pixels that differ by more than the tolerance of a channel; None, like
            the other numbers, when the pictures could not be compared pixel by pixel.
        mean: mean difference of all pixels and channels.
        worst: largest difference of one channel of one pixel; 2 where only one side has a number,
            or where identifiers differ.
        where: column and row of the worst, from the top left of the display window; also None
            when nothing differs.
    """

    alike: bool
    why: str
    share: float | None = None
    mean: float | None = None
    worst: float | None = None
    where: tuple[int, int] | None = None
