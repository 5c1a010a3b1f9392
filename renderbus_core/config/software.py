"""Whether the rows of `burst.software` contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderbus_core.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def twice_mapped(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the rows of a document, that its schema accepts, that stand for what others do."""
    seen: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(document.get("burst", {}).get("software", ())):
        key = row["dcc"], row["version"], row.get("renderer", "").casefold()
        first = seen.setdefault(key, number)
        if first != number:
            place = f"burst.software[{number}]"
            yield Problem(place, f"it is for the same jobs as row {first}; keep one of them")
