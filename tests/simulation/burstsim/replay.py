"""From a failing case to a minimal one: what is not needed for the failure is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from burstsim.cases import SHAPE, Case
from burstsim.world import Ended, run

T = TypeVar("T")


def minimal(ended: Ended, at_most: int = 200) -> Ended:
    """Return the smallest case that breaks the same invariant.

    Args:
        ended: a case that broke one.
        at_most: how many runs may be spent.
    """
    assert ended.broken is not None
    search = _Search(ended.broken.invariant, at_most)
    # The faults that struck are named now, so that nothing is drawn any more.
    best = search.fails(ended.case) or ended
    best = search.without(best, lambda case: case.faults or (), lambda c, f: replace(c, faults=f))
    best = search.without(best, lambda case: case.acts, lambda case, acts: replace(case, acts=acts))
    for name, values in SHAPE.items():
        quiet = replace(best.case, shape={**best.case.shape, name: values[0]})
        if quiet.shape != best.case.shape:
            best = search.fails(quiet) or best
    return best


class _Search:
    """Runs cases and keeps those that fail as the first one did."""

    def __init__(self, invariant: str, at_most: int) -> None:
        self._invariant = invariant
        self._left = at_most

    def fails(self, case: Case) -> Ended | None:
        """Run a case; None when it does not fail in the same way, or too many were run."""
        if self._left <= 0:
            return None
        self._left -= 1
        ended = run(case)
        same = ended.broken is not None and ended.broken.invariant == self._invariant
        return ended if same else None

    def without(
        self,
        best: Ended,
        parts: Callable[[Case], Sequence[T]],
        with_parts: Callable[[Case, tuple[T, ...]], Case],
    ) -> Ended:
        """Leave out halves, then quarters, then single parts of a list (delta debugging)."""
        size = max(1, len(parts(best.case)) // 2)
        while True:
            for rest in _cuts(tuple(parts(best.case)), size):
                found = self.fails(with_parts(best.case, rest))
                if found is not None:
                    best = found
                    break
            else:
                if size == 1:
                    return best
                size = max(1, size // 2)


def _cuts(items: tuple[T, ...], size: int) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(items), size):
        yield items[:start] + items[start + size :]
