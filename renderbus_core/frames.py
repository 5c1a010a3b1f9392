"""Frame lists: one immutable value, read and written in the notations of three schedulers.

=========  ===========================  =======================================================
dialect    written                      read as well
=========  ===========================  =======================================================
RENDERBUS  `1-10[2],20,-5--1[1]`        `1-10` (step 1), `3-4 [1]` (a blank before the bracket)
DEADLINE   `1-10x2,20,10-1`             `1:10:2`, `1-10step2`, `by`, `every`, lists by blanks
QUBE       `1-10x2,20,10-1`
ANY        as RENDERBUS                 everything above
=========  ===========================  =======================================================

Sources show Renderbus ranges only ascending, so a set that runs backwards is written there frame
by frame.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, overload

from renderbus_core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_FRAMES = 1_000_000
"""Most frames a set is made from; repeats count, so that the work is bounded too."""

MAX_FRAME = 2**31 - 1
"""Largest frame number either side of zero: schedulers keep frames in 32 bits."""

MAX_TEXT = 1_000_000
"""Most characters of a frame list that is read."""

# Looking into this many ranges one by one is cheaper than expanding a set.
_FEW_RANGES = 8
# Python refuses to convert thousands of digits, and hundreds take long.
_MOST_DIGITS = 20
_SHOWN_CHARACTERS = 40


class Dialect(StrEnum):
    """Whose notation a frame list is written in."""

    RENDERBUS = "renderbus"
    DEADLINE = "deadline"
    QUBE = "qube"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class FrameSet:
    """Frames in order, each once (the first occurrence counts), kept as ranges.

    Sets are equal when they hold the same frames in the same order, however they were written.
    They sort as their sequences do.

    Args:
        ranges: any ranges; kept as the longest runs that give the same sequence.

    Raises:
        InputError: over `MAX_FRAMES` frames, or a frame beyond `MAX_FRAME`.
    """

    ranges: tuple[range, ...] = ()

    def __post_init__(self) -> None:
        given = tuple(r for r in self.ranges if r)
        for frame in chain.from_iterable((r[0], r[-1]) for r in given):
            _check_frame(frame)
        _check_count(sum(map(len, given)))
        object.__setattr__(self, "ranges", tuple(_runs(_distinct(given))))

    @classmethod
    def parse(cls, text: str, dialect: Dialect = Dialect.ANY) -> FrameSet:
        """Read a frame list.

        Args:
            text: for example `1-10[2],20`; see the module for the notations.
            dialect: whose notation to expect.

        Raises:
            InputError: names the first item that cannot be read and its place.
        """
        if len(text) > MAX_TEXT:
            raise InputError(
                f"the frame list has {len(text):,} characters where at most {MAX_TEXT:,} are read; "
                "write runs of frames as ranges or split the job"
            )
        grammar = _GRAMMARS[dialect]
        if not text.strip():
            raise InputError(f"the frame list is empty; write it like {grammar.example}")
        return cls(tuple(grammar.ranges(text)))

    @classmethod
    def of(cls, frames: Iterable[int]) -> FrameSet:
        """Gather single frames.

        Raises:
            InputError: as for the class.
        """
        numbers = tuple(islice(frames, MAX_FRAMES + 1))
        _check_count(len(numbers))
        return cls(tuple(_runs(_singles(dict.fromkeys(numbers)))))

    @classmethod
    def span(cls, first: int, last: int, step: int = 1) -> FrameSet:
        """Return the frames from first to last, backwards when last is the smaller.

        Args:
            first: where to start.
            last: never passed; left out when the step does not meet it.
            step: distance between frames, 1 or more in either direction.

        Raises:
            InputError: as for the class, or for a step below 1.
        """
        return cls((_span(first, last, step),))

    def format(self, dialect: Dialect) -> str:
        """Write the set as a frame list; an empty set is an empty text."""
        if dialect in {Dialect.DEADLINE, Dialect.QUBE}:
            return ",".join(map(_written_with_x, self.ranges))
        return ",".join(map(_written_with_brackets, self.ranges))

    def __str__(self) -> str:
        return self.format(Dialect.RENDERBUS)

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self.ranges)

    def __len__(self) -> int:
        return sum(map(len, self.ranges))

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __contains__(self, frame: object) -> bool:
        return any(frame in r for r in self.ranges)

    def __lt__(self, other: FrameSet) -> bool:
        differing = ((a, b) for a, b in zip(self, other, strict=False) if a != b)
        a, b = next(differing, (len(self), len(other)))
        return a < b

    @overload
    def __getitem__(self, key: int) -> int: ...

    @overload
    def __getitem__(self, key: slice) -> FrameSet: ...

    def __getitem__(self, key: int | slice) -> int | FrameSet:
        if isinstance(key, slice):
            return FrameSet.of(tuple(self)[key])
        position = key if key >= 0 else len(self) + key
        for r in self.ranges:
            if 0 <= position < len(r):
                return r[position]
            position -= len(r)
        raise IndexError(f"there is no frame number {key} among {len(self)}")

    @property
    def first(self) -> int:
        """The frame that comes first in order; IndexError when there is none."""
        return self.ranges[0][0]

    @property
    def last(self) -> int:
        """The frame that comes last in order; IndexError when there is none."""
        return self.ranges[-1][-1]

    @property
    def min(self) -> int:
        """The smallest frame; ValueError when there is none."""
        return min(min(r[0], r[-1]) for r in self.ranges)

    @property
    def max(self) -> int:
        """The largest frame; ValueError when there is none."""
        return max(max(r[0], r[-1]) for r in self.ranges)

    def __or__(self, other: FrameSet) -> FrameSet:
        """Append what is not here yet."""
        return FrameSet((*self.ranges, *(other - self).ranges))

    def __sub__(self, other: FrameSet) -> FrameSet:
        """Leave out what the other holds."""
        theirs = other._lookup()
        return FrameSet.of(frame for frame in self if frame not in theirs)

    def __and__(self, other: FrameSet) -> FrameSet:
        """Keep what the other holds too, in the order of this one."""
        theirs = other._lookup()
        return FrameSet.of(frame for frame in self if frame in theirs)

    def isdisjoint(self, other: FrameSet) -> bool:
        """Tell whether no frame is in both."""
        theirs = other._lookup()
        return not any(frame in theirs for frame in self)

    def issubset(self, other: FrameSet) -> bool:
        """Tell whether every frame is in the other."""
        theirs = other._lookup()
        return all(frame in theirs for frame in self)

    def chunks(self, size: int) -> Iterator[FrameSet]:
        """Cut into sets of `size` consecutive entries; the last may be shorter.

        Raises:
            InputError: for a size below 1.
        """
        if size < 1:
            raise InputError(f"frames per chunk must be 1 or more, not {size}")
        entries = iter(self)
        return map(FrameSet.of, iter(lambda: tuple(islice(entries, size)), ()))

    def _lookup(self) -> FrameSet | frozenset[int]:
        """Return what answers `in` quickly for many frames."""
        return self if len(self.ranges) <= _FEW_RANGES else frozenset(self)


def pad_path(template: str, frame: int) -> str:
    r"""Put a frame number into a file name: `a/b.####.exr`, -5 gives `a/b.-0005.exr`.

    Args:
        template: a path with `/` or `\`; the last run of `#` in its file name is as long as the
            digits are padded, without the sign.
        frame: the frame.

    Raises:
        InputError: the file name has no `#`.
    """
    name_at = max(template.rfind("/"), template.rfind("\\")) + 1
    end = template.rfind("#", name_at) + 1
    if not end:
        raise InputError(
            f"the file name of {_shown(template)} has no place for the frame; "
            "write it like picture.####.exr"
        )
    before = template[name_at:end].rstrip("#")
    digits = end - name_at - len(before)
    sign = "-" if frame < 0 else ""
    return f"{template[:name_at]}{before}{sign}{abs(frame):0{digits}d}{template[end:]}"


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to write a frame or a range.

    Args:
        pattern: with the groups `first`, `last` and `step`.
        backwards: whether a range may descend.
    """

    pattern: re.Pattern[str]
    backwards: bool = True


@dataclass(frozen=True, slots=True)
class _Grammar:
    """How one dialect writes frame lists.

    Args:
        forms: tried in this order.
        item: finds the items between two commas.
        example: shown to people.
    """

    forms: tuple[_Form, ...]
    item: re.Pattern[str]
    example: str

    def ranges(self, text: str) -> Iterator[range]:
        """Read a list item by item; what is wrong is said of the first wrong item."""
        total = 0
        for position, item in self._items(text):
            try:
                run = self._range(item)
                total += len(run)
                _check_count(total)
            except InputError as why:
                raise InputError(
                    f"frame list, character {position}, {_shown(item)}: {why}; "
                    f"write it like {self.example}"
                ) from None
            yield run

    def _items(self, text: str) -> Iterator[tuple[int, str]]:
        """Cut a list into items, each with its place counted from 1."""
        position = 1
        for part in text.split(","):
            items = [(position + found.start(), found[0]) for found in self.item.finditer(part)]
            yield from items or [(position, "")]
            position += len(part) + 1

    def _range(self, item: str) -> range:
        for form in self.forms:
            if found := form.pattern.fullmatch(item):
                first = _number(found["first"])
                last = _number(found["last"] or found["first"])
                if last < first and not form.backwards:
                    raise InputError("a Renderbus range only runs forwards")
                return _span(first, last, _number(found["step"] or "1"))
        raise InputError("this is not a frame or a range" if item else "a frame is missing")


def _grammars() -> Mapping[Dialect, _Grammar]:
    # Only ASCII digits: `\d` takes those of every script.
    first, last, step = r"(?P<first>-?[0-9]+)", r"(?P<last>-?[0-9]+)", r"(?P<step>[0-9]+)"
    brackets = _Form(re.compile(rf"{first}(?:-{last})?(?:\s*\[{step}\])?"), backwards=False)
    dashes = _Form(re.compile(rf"{first}(?:-{last}(?:x{step})?)?"))
    words = _Form(re.compile(rf"{first}-{last}(?:step|by|every){step}"))
    colons = _Form(re.compile(rf"{first}:{last}(?:(?::|x|step|by|every){step})?"))
    whole = re.compile(r"\S(?:.*\S)?", re.DOTALL)
    blanks = re.compile(r"\S+")
    # Renderbus documents print a blank before the bracket.
    blanks_but_bracket = re.compile(r"\S+(?:\s+\[\S*)?")
    return MappingProxyType(
        {
            Dialect.RENDERBUS: _Grammar((brackets,), whole, "1-10[2],15"),
            Dialect.DEADLINE: _Grammar((dashes, words, colons), blanks, "1-10x2,15"),
            Dialect.QUBE: _Grammar((dashes,), whole, "1-10x2,15"),
            Dialect.ANY: _Grammar(
                (dashes, words, colons, brackets), blanks_but_bracket, "1-10[2],15 or 1-10x2,15"
            ),
        }
    )


_GRAMMARS = _grammars()


def _shown(text: str) -> str:
    """Quote foreign text for a sentence: short, and without control characters."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}...")


def _number(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise InputError(f"a number of {len(digits):,} digits is no frame")
    return int(digits)


def _span(first: int, last: int, step: int) -> range:
    _check_frame(first)
    _check_frame(last)
    if step < 1:
        raise InputError(f"the step between frames is 1 or more, not {step}")
    return _through(first, last, step if first <= last else -step)


def _through(first: int, last: int, step: int) -> range:
    return range(first, last + (1 if step > 0 else -1), step)


def _check_frame(frame: int) -> None:
    if abs(frame) > MAX_FRAME:
        raise InputError(f"frame {frame} lies beyond {MAX_FRAME}, the last that schedulers keep")


def _check_count(count: int) -> None:
    if count > MAX_FRAMES:
        raise InputError(
            f"more than {MAX_FRAMES:,} frames, repeats included, are too many for one job"
        )


def _singles(frames: Iterable[int]) -> Iterator[range]:
    return (range(frame, frame + 1) for frame in frames)


def _distinct(ranges: tuple[range, ...]) -> Iterable[range]:
    """Drop repeated frames; ranges that lie apart are not expanded."""
    extents = sorted((min(r[0], r[-1]), max(r[0], r[-1])) for r in ranges)
    if all(left[1] < right[0] for left, right in pairwise(extents)):
        return ranges
    return _singles(dict.fromkeys(chain.from_iterable(ranges)))


def _runs(pieces: Iterable[range]) -> Iterator[range]:
    """Join pieces into the longest runs, the same ones however the frames were cut.

    A run is taken greedily from the left; two frames are a run only when they are neighbours.
    No frame may come twice.
    """
    run = range(0)
    for piece in pieces:
        rest = piece
        while rest:
            if not run:
                run, rest = rest, range(0)
            elif len(run) == 1:
                run, rest = _through(run[0], rest[0], rest[0] - run[0]), rest[1:]
            elif rest[0] == run[-1] + run.step:
                taken = len(rest) if rest.step == run.step else 1
                run, rest = _through(run[0], rest[taken - 1], run.step), rest[taken:]
            elif _is_loose_pair(run):
                yield run[:1]
                run = run[1:]
            else:
                yield run
                run = range(0)
    if _is_loose_pair(run):
        yield run[:1]
        run = run[1:]
    if run:
        yield run


def _is_loose_pair(run: range) -> bool:
    """Tell whether a run is two frames that are no neighbours: better written one by one."""
    return bool(run) and run[-1] == run[0] + run.step and abs(run.step) != 1


def _written_with_brackets(run: range) -> str:
    if len(run) == 1:
        return str(run[0])
    if run.step < 0:
        return ",".join(map(str, run))
    return f"{run[0]}-{run[-1]}[{run.step}]"


def _written_with_x(run: range) -> str:
    if len(run) == 1:
        return str(run[0])
    step = abs(run.step)
    return f"{run[0]}-{run[-1]}" + (f"x{step}" if step != 1 else "")
