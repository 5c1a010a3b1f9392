"""What the farm shows of a burst: how far it is, what a person should do, what single tasks do."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from types import MappingProxyType

from renderbus_core.burst.context import Context
from renderbus_core.burst.mirror import Action
from renderbus_core.burst.model import Burst, Remote, RemoteTree, TaskState
from renderbus_core.errors import FarmError

NOTED_COST = "renderbus.cost"
"""Name under which farms are told what a burst has cost so far, in the account's currency."""

_log = logging.getLogger(__name__)

# What the cloud does to a task is shown only from the time at which a machine has begun it.
_SAID: Mapping[Remote, str] = MappingProxyType(
    {
        Remote.RENDERING: "cloud: rendering",
        Remote.DONE: "cloud: done, on its way",
        Remote.FAILED: "cloud: failed",
    }
)
_AWAY = frozenset({TaskState.SENT, TaskState.DONE_REMOTE})
_LEFT: Mapping[TaskState, str] = MappingProxyType(
    {TaskState.COLLECTED: _SAID[Remote.DONE], TaskState.COMPLETED: "cloud: home"}
)
# Farms write each task by itself, and have other things to do meanwhile.
_MOST_AT_ONCE = 200


def show(ctx: Context, burst: Burst, seen: RemoteTree) -> None:
    """Show the burst on its job when something has changed; a job that is gone shows nothing.

    What it costs changes at each look, and is shown along with the rest, and when it is over. What
    needs a person is also the burst's reason, so that `status` and the log tell it.

    Args:
        ctx: of the burst.
        burst: as it stands after the last acts.
        seen: the cloud's side.
    """
    home = len(burst.refs(TaskState.COMPLETED))
    progress = f"in the cloud: {home} of {len(burst.tasks)} home, {len(burst.open_tasks)} open"
    wanted = notice(burst, seen, ctx.config.burst.stop_grace_seconds)
    shown = {"renderbus.progress": progress, "renderbus.notice": wanted}
    before = dict(ctx.memory.shown)
    paid = before.pop(NOTED_COST, "")
    cost = str(burst.spent)
    if shown == before and (burst.open_tasks or cost == paid):
        return
    shown[NOTED_COST] = cost
    claim = burst.claim((), ctx.effects.lease.epoch)
    try:
        ctx.effects.perform("annotate", lambda: ctx.farm.annotate(claim, shown))
    except FarmError as error:
        _log.info("burst %s: %s", burst.id, error)
    if wanted and wanted != before.get("renderbus.notice"):
        ctx.move(burst, burst.state, wanted)
    ctx.memory.shown = shown


def show_tasks(ctx: Context, burst: Burst, actions: Sequence[Action]) -> None:
    """Show on single tasks what has changed, some of them at each look; all when they are over.

    Args:
        ctx: of the burst.
        burst: as it stands after the last acts.
        actions: of the mirror, with what the cloud said.
    """
    if "show" not in ctx.farm.capabilities:
        return
    new = list(_news(burst, actions, ctx.memory.said))
    claim = burst.claim((), ctx.effects.lease.epoch)
    while new:
        some = dict(new[:_MOST_AT_ONCE])
        try:
            ctx.effects.perform("show", partial(ctx.farm.show, claim, some))
        except FarmError as error:
            _log.info("burst %s: %s", burst.id, error)
            break
        ctx.memory.said |= some
        new = new[_MOST_AT_ONCE:]
        if burst.open_tasks:
            break
    ctx.memory.unsaid = bool(new)


def _news(
    burst: Burst, actions: Sequence[Action], said: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Give what is to be shown on tasks and was not yet, by id.

    What an earlier runner left on a task that has ended is not known: it is shown anew.
    """
    words = {action.task.id: _words(action) for action in actions}
    for task in burst.tasks:
        id_ = task.ref.id
        text = _LEFT.get(task.state, "") if task.state not in _AWAY else words.get(id_, "")
        if text != said.get(id_, None if task.state.is_over else ""):
            yield id_, text


def _words(action: Action) -> str:
    """Say what the cloud does with a task; of several entries, how many are done."""
    done = sum(entry.situation is Remote.DONE for entry in action.entries)
    text = _SAID.get(action.remote, "")
    if 0 < done < len(action.entries):
        return f"{text or f'cloud: {action.remote}'}, {100 * done // len(action.entries)} %"
    return text


def notice(burst: Burst, seen: RemoteTree, stop_grace: float) -> str:
    """Say what a person should know or do now; "" when there is nothing.

    Args:
        burst: as it stands.
        seen: the cloud's side.
        stop_grace: seconds that a stop which can be undone must last before frames go back.
    """
    if not burst.open_tasks:
        return ""
    if seen.waits_for_person and not burst.approved:
        return (
            "its test frames are rendered and the others wait; "
            f"approve them with `renderbus approve {burst.id}`, or recall the burst"
        )
    since = _stopped_since(burst)
    if seen.stop and since is not None:
        return (
            f"remote task {burst.remote_id}: {seen.stop}; set it going within {stop_grace:g} s of "
            f"{since:%H:%M:%S} UTC, or its frames go back to the farm"
        )
    return ""


def _stopped_since(burst: Burst) -> datetime | None:
    stops = (task.remote_since for task in burst.open_tasks if task.remote is Remote.STOPPED)
    return min(filter(None, stops), default=None)
