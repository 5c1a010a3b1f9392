"""The page that compares policies on one queue: figures, bars, and the queue over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from renderbus_core.web.page import environment, write_page

# Of a plot, in units of its own.
WIDTH, HEIGHT = 720, 160


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy and what came of it.

    Args:
        name: of the policy.
        figures: texts, one for each column.
        bars: what is drawn as bars: for each column its share of the largest, 0 to 1.
        waiting: tasks that waited, over time.
        cloud: tasks that were in the cloud, at the same times.
    """

    name: str
    figures: tuple[str, ...]
    bars: tuple[float, ...]
    waiting: tuple[int, ...]
    cloud: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the page says.

    Args:
        title: of the page.
        sentence: what was replayed.
        columns: names of the figures.
        hours: how long the plots last.
        policies: what is compared.
    """

    title: str
    sentence: str
    columns: tuple[str, ...]
    hours: float
    policies: tuple[Policy, ...]


def write_comparison(comparison: Comparison, target: Path) -> None:
    """Write the page.

    Args:
        comparison: what it says.
        target: the HTML file; its folder exists.

    Raises:
        MissingDependencyError: jinja2 is not installed.
        InputError: the file cannot be written.
    """
    write_page(render(comparison), target, "the comparison")


def render(comparison: Comparison) -> str:
    """Return the page as text."""
    most = max(
        (count for one in comparison.policies for count in (*one.waiting, *one.cloud)), default=1
    )
    pages = environment()
    # A line is as long as it is, and nothing but digits: no text to cut or to make harmless.
    pages.filters["line"] = lambda counts: _Drawn(_points(counts, most))
    template = pages.get_template("comparison.html.j2")
    return template.render(comparison=comparison, most=most, width=WIDTH, height=HEIGHT)


class _Drawn(str):
    """Text of our own that enters the page as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def _points(counts: Sequence[int], most: int) -> str:
    """Write a line of a plot; all plots have one scale, so that they can be compared."""
    if not counts:
        return ""
    step = WIDTH / max(len(counts) - 1, 1)
    return " ".join(
        f"{place * step:.1f},{HEIGHT - HEIGHT * count / max(most, 1):.1f}"
        for place, count in enumerate(counts)
    )
