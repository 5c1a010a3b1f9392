"""The dashboard: where bursts stand, what budgets are left, and why jobs stay or leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from renderbus_core.web.page import environment


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of texts.

    Args:
        title: of the table.
        columns: their names.
        rows: as many texts as columns, each.
        empty: what is said when there are no rows.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the page says.

    Args:
        title: of the page.
        sentence: what a person should know first.
        attention: whether that needs a person.
        listings: tables, the most pressing first.
        refresh_seconds: after how long the browser asks again.
    """

    title: str
    sentence: str
    attention: bool
    listings: Sequence[Listing]
    refresh_seconds: int = 5


def render_dashboard(dashboard: Dashboard) -> str:
    """Return the page as text.

    Raises:
        MissingDependencyError: jinja2 is not installed.
    """
    return environment().get_template("dashboard.html.j2").render(dashboard=dashboard)
