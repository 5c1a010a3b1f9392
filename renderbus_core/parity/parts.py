"""What pictures say of themselves, and what of it keeps two from being compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class UnreadablePictureError(ValueError):
    """A file is no picture that can be compared; the text names it and says why."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel.

    Args:
        name: for example `R` or `diffuse.R`.
        kind: how its values are kept in memory, as OpenImageIO calls it: `uint8`, `half`.
        depth: how they are kept in the file, for people.
    """

    name: str
    kind: str
    depth: str


@dataclass(frozen=True, slots=True)
class Part:
    """One picture of a file: a part of an OpenEXR file, a page of a TIFF.

    Args:
        name: of the part; often empty.
        origin: left and top of the display window.
        size: width and height of the display window.
        channels: in the order of the file.
        row: values of one line as it is decoded; the data may be wider than what is shown.
        band: lines that are decoded together: those of a row of tiles, else 1.
    """

    name: str
    origin: tuple[int, int]
    size: tuple[int, int]
    channels: tuple[Channel, ...]
    row: int
    band: int

    @property
    def runs(self) -> tuple[tuple[int, int], ...]:
        """Channels of one kind beside each other, read together: first, and behind the last."""
        kinds = [channel.kind for channel in self.channels]
        starts = [at for at, kind in enumerate(kinds) if at == 0 or kind != kinds[at - 1]]
        return tuple(zip(starts, [*starts[1:], len(kinds)], strict=True))


def mismatch(local: Sequence[Part], cloud: Sequence[Part]) -> str | None:
    """Say why two pictures cannot be compared pixel by pixel; None when they can.

    Args:
        local: parts of the farm's picture.
        cloud: parts of the cloud's picture.
    """
    if len(local) != len(cloud):
        return f"the local one has {_count(local)}, the cloud's {_count(cloud)}"
    for at, (ours, theirs) in enumerate(zip(local, cloud, strict=True), 1):
        problem = _part_mismatch(ours, theirs)
        if problem:
            return problem if len(local) == 1 else f"in part {at}, {problem}"
    return None


def _part_mismatch(local: Part, cloud: Part) -> str | None:
    if local.name != cloud.name:
        return f"the local one is called {local.name!r}, the cloud's {cloud.name!r}"
    if local.size != cloud.size:
        return f"the local one is {_size(local)} pixels, the cloud's {_size(cloud)}"
    if local.origin != cloud.origin:
        return (
            f"the local one's display window begins at {_place(local)}, "
            f"the cloud's at {_place(cloud)}"
        )
    return _channel_mismatch(local.channels, cloud.channels)


def _channel_mismatch(local: Sequence[Channel], cloud: Sequence[Channel]) -> str | None:
    ours, theirs = [c.name for c in local], [c.name for c in cloud]
    lacks = [
        f"{who} lacks {_named(missing)}"
        for who, missing in (
            ("the local one", [name for name in theirs if name not in ours]),
            ("the cloud's", [name for name in ours if name not in theirs]),
        )
        if missing
    ]
    if lacks:
        return " and ".join(lacks)
    if ours != theirs:
        return f"the local one has {_named(ours)} in this order, the cloud's {_named(theirs)}"
    for one, other in zip(local, cloud, strict=True):
        if (one.kind, one.depth) != (other.kind, other.depth):
            return (
                f"channel {one.name} has {one.depth} in the local one, {other.depth} in the cloud's"
            )
    return None


def _count(parts: Sequence[Part]) -> str:
    return "1 part" if len(parts) == 1 else f"{len(parts)} parts"


def _size(part: Part) -> str:
    return "{} x {}".format(*part.size)


def _place(part: Part) -> str:
    return "{}, {}".format(*part.origin)


def _named(names: Sequence[str]) -> str:
    return f"the channel{'s' if len(names) > 1 else ''} {', '.join(names)}"
