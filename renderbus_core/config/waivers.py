"""Whether the rules that a site waives are rules at all: a slip of the pen would waive nothing."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from renderbus_core import rulebook
from renderbus_core.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def unknown_waivers(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with `preflight.waive` of a document that its schema accepts."""
    known = rulebook.entries()
    for number, waiver in enumerate(document.get("preflight", {}).get("waive", ())):
        # A project's name may hold a colon, a rule's never does.
        name = waiver.rpartition(":")[2]
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see docs/reference/rules.md"
            yield Problem(f"preflight.waive[{number}]", f"no rule is called {name!r}; {hint}")
