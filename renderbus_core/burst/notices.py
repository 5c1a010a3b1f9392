"""What the farm's job shows of its burst: how far it is, and what a person should do."""

from __future__ import annotations

import logging
from datetime import datetime

from renderbus_core.burst.context import Context
from renderbus_core.burst.model import Burst, Remote, RemoteTree, TaskState
from renderbus_core.errors import FarmError

_log = logging.getLogger(__name__)


def show(ctx: Context, burst: Burst, seen: RemoteTree) -> None:
    """Show the burst on its job when something has changed; a job that is gone shows nothing.

    What needs a person is also the burst's reason, so that `status` and the log tell it.

    Args:
        ctx: of the burst.
        burst: as it stands after the last acts.
        seen: the cloud's side.
    """
    home = len(burst.refs(TaskState.COMPLETED))
    progress = f"in the cloud: {home} of {len(burst.tasks)} home, {len(burst.open_tasks)} open"
    wanted = notice(burst, seen, ctx.config.burst.stop_grace_seconds)
    shown = {"renderbus.progress": progress, "renderbus.notice": wanted}
    if shown == ctx.memory.shown:
        return
    claim = burst.claim((), ctx.effects.lease.epoch)
    try:
        ctx.effects.perform("annotate", lambda: ctx.farm.annotate(claim, shown))
    except FarmError as error:
        _log.info("burst %s: %s", burst.id, error)
    if wanted and wanted != ctx.memory.shown.get("renderbus.notice"):
        ctx.move(burst, burst.state, wanted)
    ctx.memory.shown = shown


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
