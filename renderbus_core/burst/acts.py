"""The rule of the mirror, as data: what the farm shows x what the cloud says x what people asked.

`RULES` is read from top to bottom, the first row that fits decides; `ACTS` is the same spelled out
for every combination. A worker that renders a frame, and a person who completed, failed, changed,
archived or deleted it, always win over the cloud. A mere Resume does not: a frame that the cloud
has would be rendered twice; who wants it back recalls or requeues it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from types import MappingProxyType

from renderbus_core.burst.model import Asked, Remote


class Local(StrEnum):
    """What the farm shows of a task that the burst holds."""

    HELD = "held"
    RESUMED = "resumed"
    RENDERING = "rendering"
    COMPLETED = "completed"
    FAILED = "failed"
    CHANGED = "changed"
    GONE = "gone"


class Act(StrEnum):
    """What to do for one task."""

    WAIT = "wait"
    COLLECT = "collect its files, then complete it"
    GIVE_BACK = "give it back to the farm"
    GIVE_BACK_LATER = "give it back when the stop has lasted"
    HOLD_AGAIN = "hold it again"
    STOP_FIRST = "stop its frames in the cloud, and give it back once they are"
    STOP_REMOTE = "stop its frames in the cloud and let it go"
    LET_GO = "let it go"


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do for some combinations.

    Args:
        asked: what people asked.
        local: what the farm shows.
        acts: one for each word of the cloud, in the order of `Remote`.
    """

    asked: frozenset[Asked]
    local: frozenset[Local]
    acts: tuple[Act, ...]


_W, _C, _G, _L, _H, _R, _S, _X = Act
_ANYTHING = frozenset(Asked)
# Whoever decided on the farm: a worker, or a person.
_DECIDED = frozenset(Local) - {Local.HELD, Local.RESUMED}
# Whoever put the job away, though the farm may show it until it is gone for good.
_PUT_AWAY = frozenset(asked for asked in Asked if asked.puts_away)


def _rule(asked: frozenset[Asked] | Asked, local: frozenset[Local] | Local, *acts: Act) -> Rule:
    asked = frozenset({asked}) if isinstance(asked, Asked) else asked
    local = frozenset({local}) if isinstance(local, Local) else local
    return Rule(asked, local, acts)


RULES: tuple[Rule, ...] = (
    # Acts: waiting, rendering, done, failed, stopped, absent, unknown.
    _rule(_ANYTHING, _DECIDED, _S, _S, _X, _X, _X, _X, _W),
    _rule(Asked.RECALL_WAITING, Local.HELD, _R, _W, _C, _G, _G, _G, _W),
    _rule(Asked.RECALL_WAITING, Local.RESUMED, _R, _H, _H, _X, _X, _X, _H),
    _rule(Asked.RECALL_ALL, Local.HELD, _R, _R, _C, _G, _G, _G, _W),
    _rule(Asked.RECALL_ALL, Local.RESUMED, _R, _R, _H, _X, _X, _X, _H),
    # Begin anew, here: said of one task that is queued again, nothing else can be meant.
    _rule(Asked.REQUEUE, Local.RESUMED, _S, _S, _X, _X, _X, _X, _W),
    _rule(_PUT_AWAY, frozenset({Local.HELD, Local.RESUMED}), _S, _S, _X, _X, _X, _X, _W),
    # A suspended job keeps its claims and the cloud goes on: giving back would queue what nobody
    # wants rendered. A priority is no matter of single tasks, see `urgency`.
    _rule(_ANYTHING, Local.HELD, _W, _W, _C, _G, _L, _G, _W),
    _rule(_ANYTHING, Local.RESUMED, _H, _H, _H, _X, _X, _X, _H),
)


def _spelled_out() -> Mapping[tuple[Asked, Local], Mapping[Remote, Act]]:
    found: dict[tuple[Asked, Local], Mapping[Remote, Act]] = {}
    for asked, local in product(Asked, Local):
        rule = next(rule for rule in RULES if asked in rule.asked and local in rule.local)
        found[asked, local] = MappingProxyType(dict(zip(Remote, rule.acts, strict=True)))
    return MappingProxyType(found)


ACTS = _spelled_out()
"""The act for what was asked, what the farm shows, and what the cloud says."""
