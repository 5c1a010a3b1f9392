"""How far two pictures of one shape are apart, in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from renderbus_core.parity.reading import Picture, Pixels

# Values of one side that are looked at together: 128 lines of 4096 pixels with 4 channels. Memory
# is bounded by this and by what the file decodes at once, not by the height of the picture.
_VALUES = 1 << 21
# Of what differs by kind and not by degree; relative differences never reach more.
_UNLIKE = 2.0
_IDENTIFIER_BYTES = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """Some channels of a band of lines.

    Args:
        first: number of the first channel.
        local: values of the farm's picture: line, column, channel.
        cloud: values of the cloud's picture.
        difference: of each, 0 to 2.
    """

    first: int
    local: Pixels
    cloud: Pixels
    difference: Pixels


@dataclass(frozen=True, slots=True)
class Worst:
    """Where two pictures are furthest apart.

    Args:
        difference: there.
        where: column and row in the display window.
        channel: name.
        local: value of the farm's picture.
        cloud: value of the cloud's picture.
    """

    difference: float
    where: tuple[int, int]
    channel: str
    local: float
    cloud: float


@dataclass(frozen=True, slots=True)
class Measure:
    """How far one part of two pictures is apart.

    Args:
        part: its name.
        pixels: how many were compared.
        differing: how many of them differ by more than the tolerance of a channel.
        mean: difference of all pixels and channels.
        worst: None when nothing differs.
    """

    part: str
    pixels: int
    differing: int
    mean: float
    worst: Worst | None

    @property
    def share(self) -> float:
        """Part of the pixels that differ."""
        return self.differing / self.pixels


def measure(local: Picture, cloud: Picture, part: int, channel: float) -> Measure:
    """Measure one part of two pictures that have the same shape.

    Args:
        local: the farm's picture.
        cloud: the cloud's picture.
        part: number of the part.
        channel: largest difference that counts as equal.

    Raises:
        UnreadablePictureError: one of them is damaged.
    """
    shape = local.parts[part]
    names = [each.name for each in shape.channels]
    differing, total, worst = 0, 0.0, None
    for top, pieces in bands(local, cloud, part):
        beyond = [(piece.difference > channel).any(axis=2) for piece in pieces]
        differing += int(np.count_nonzero(np.logical_or.reduce(beyond)))
        for piece in pieces:
            total += float(piece.difference.sum())
            worst = _worse(worst, piece, top, names)
    pixels = shape.size[0] * shape.size[1]
    # The sum is rounded: of equal differences it may come out a hair above each of them.
    mean = min(total / pixels / len(names), worst.difference if worst else 0.0)
    return Measure(shape.name, pixels, differing, mean, worst)


def bands(local: Picture, cloud: Picture, part: int) -> Iterator[tuple[int, tuple[Piece, ...]]]:
    """Yield the first line of each band from the top down, with what lies in it.

    Args:
        local: the farm's picture.
        cloud: the cloud's picture.
        part: number of the part.

    Raises:
        UnreadablePictureError: one of them is damaged.
    """
    ours, theirs = local.parts[part], cloud.parts[part]
    height = ours.size[1]
    lines = max(ours.band, theirs.band, _VALUES // max(ours.row, theirs.row))
    for top in range(0, height, lines):
        bottom = min(top + lines, height)
        yield top, tuple(_piece(local, cloud, part, (top, bottom), run) for run in ours.runs)


def difference(local: Pixels, cloud: Pixels) -> Pixels:
    """Return how far values are apart: 0 for equal ones, 2 for those that cannot be compared.

    Args:
        local: values of one kind.
        cloud: as many of the same kind.
    """
    kind = local.dtype
    if not np.issubdtype(kind, np.integer):
        return _float_difference(local.astype(np.float64), cloud.astype(np.float64))
    # Renderers keep numbers of objects in so many bits, where the next number is another object.
    if kind.itemsize >= _IDENTIFIER_BYTES:
        return np.where(local == cloud, 0.0, _UNLIKE)
    return np.abs(local.astype(np.int32) - cloud) / float(np.iinfo(kind).max)


def _float_difference(local: Pixels, cloud: Pixels) -> Pixels:
    same = (local == cloud) | (np.isnan(local) & np.isnan(cloud))
    with np.errstate(invalid="ignore"):
        scale = np.maximum(1.0, np.maximum(np.abs(local), np.abs(cloud)))
        # Divided first: the difference of two large values may be too large for a number.
        apart = np.abs(local / scale - cloud / scale)
    # What is left without a number has one on one side only, or two infinities.
    apart[~np.isfinite(apart)] = _UNLIKE
    apart[same] = 0.0
    return apart


def _piece(
    local: Picture, cloud: Picture, part: int, lines: tuple[int, int], run: tuple[int, int]
) -> Piece:
    ours, theirs = local.lines(part, *lines, run), cloud.lines(part, *lines, run)
    return Piece(run[0], ours, theirs, difference(ours, theirs))


def _worse(worst: Worst | None, piece: Piece, top: int, names: list[str]) -> Worst | None:
    place = np.unravel_index(int(piece.difference.argmax()), piece.difference.shape)
    found = float(piece.difference[place])
    if found <= (worst.difference if worst else 0.0):
        return worst
    line, column, channel = map(int, place)
    return Worst(
        found,
        (column, top + line),
        names[piece.first + channel],
        float(piece.local[place]),
        float(piece.cloud[place]),
    )
