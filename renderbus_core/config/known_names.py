"""Names of other tables in the configuration: a slip of the pen would mean nothing."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from renderbus_core import rulebook, schema
from renderbus_core.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def unknown_waivers(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with `preflight.waive` of a document that its schema accepts."""
    known = rulebook.entries()
    for number, waiver in enumerate(document.get("preflight", {}).get("waive", ())):
        # A project's name may hold a colon, a rule's never does.
        name = waiver.rpartition(":")[2]
        if name not in known:
            hint = _meant(name, known) or "see docs/reference/rules.md"
            yield Problem(f"preflight.waive[{number}]", f"no rule is called {name!r}; {hint}")


def unknown_options(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with `burst.options_refused` of a document that its schema accepts."""
    known = schema.load("options.json")["properties"]
    for number, name in enumerate(document.get("burst", {}).get("options_refused", ())):
        if name not in known:
            hint = _meant(name, known) or "see docs/options.md"
            where = f"burst.options_refused[{number}]"
            yield Problem(where, f"no cloud option is called {name!r}; {hint}")


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else ""
