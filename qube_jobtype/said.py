"""What a job says, gathered from its fields, its package and its command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from renderbus_core.farm import Refusal

_NOTHING = frozenset({"", "none", "false", "0", "[]", "()", "{}"})

OTHERWISE = "the cloud would render without it"
UNKNOWN = "nobody knows what it means for the cloud"


@dataclass(slots=True)
class Said:
    """What was read of a job so far.

    Args:
        dcc: program that renders it, as in `schemas/task/`; "" while that is not known.
        fields: what it says, by name: `scene`, `camera`, `folder`, ...
        traits: what may speak against the cloud.
        refusals: why it cannot be sent.
    """

    dcc: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    traits: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, key: str, value: str, why: str) -> None:
        """Write down a reason."""
        self.refusals.append(Refusal(key, value, why))

    def say(self, name: str, key: str, value: str) -> None:
        """Write down a field; what is said twice must be the same both times."""
        before = self.fields.setdefault(name, value)
        if before != value:
            self.refuse(key, value, f"the job says {name} twice, and {before!r} before")

    def must_be(self, key: str, value: str, usual: str) -> None:
        """Write down that a value should be another one."""
        right = f"it must be {usual!r}" if usual else "it must be empty"
        self.refuse(key, value, f"{OTHERWISE}, so {right}")


def says_nothing(value: str, more: Iterable[str] = ()) -> bool:
    """Tell whether a text of a job is no more than the absence of one.

    Args:
        value: `None` and `False` are texts in Qube.
        more: words that say nothing here besides, in lower case.
    """
    plain = value.strip().casefold()
    return plain in _NOTHING or plain in more
