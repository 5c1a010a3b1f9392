"""The cloud's side of a burst: pages of frames read where counts changed, folded into one tree."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

from renderbus_core.api import RemoteFrame, RemoteTask
from renderbus_core.burst.context import Context, Leaf
from renderbus_core.burst.fees import Bill, Charge, total
from renderbus_core.burst.model import Burst, Remote, RemoteEntry, RemoteTree
from renderbus_core.burst.store import RemoteLeaf
from renderbus_core.money import Money
from renderbus_core.statuses import FrameCode, TaskCode, frame_status, task_status

# Pages that contradict the counts are read so often in a row before they are believed.
_DOUBTS = 3

_SITUATIONS: Mapping[FrameCode, Remote] = {
    FrameCode.STARTED: Remote.RENDERING,
    FrameCode.DONE: Remote.DONE,
    FrameCode.ERROR: Remote.FAILED,
    FrameCode.TIMEOUT: Remote.FAILED,
    FrameCode.ABORTED: Remote.STOPPED,
}


def read(ctx: Context, burst: Burst, info: RemoteTask) -> RemoteTree:
    """Read the frames of all leaves.

    Pages are read only of leaves whose counts changed since the last time, and of each once in a
    while all the same: counts stay equal when one frame goes back and another comes forward.

    Args:
        ctx: of the burst.
        burst: as it stands.
        info: the remote task as the cloud shows it now.
    """
    leaves = tuple(info.leaves())
    changed = [leaf for leaf in leaves if _is_stale(ctx, leaf)]
    for leaf in changed:
        ctx.memory.leaves[leaf.id] = _read_pages(ctx, leaf)
    if changed:
        noted = [_noted(leaf, ctx.memory.leaves[leaf.id]) for leaf in changed]
        ctx.store.note_remote(ctx.effects.lease, burst.id, noted, ctx.now())
        ctx.memory.looks_alike = 0
    else:
        ctx.memory.looks_alike += 1
    known = [ctx.memory.leaves[leaf.id] for leaf in leaves]
    return _folded(info, leaves, known, ctx.config_of(burst).price_per_hour)


def _is_stale(ctx: Context, leaf: RemoteTask) -> bool:
    known = ctx.memory.leaves.get(leaf.id)
    if known is None or known.counts != leaf.counts:
        return True
    return ctx.now() - known.read_at >= timedelta(seconds=ctx.config.burst.sweep_seconds)


def _read_pages(ctx: Context, leaf: RemoteTask) -> Leaf:
    entries, done, bill = [], 0, Bill()
    # Reduced as they come: a gateway keeps a million of them.
    for frame in ctx.client.query.iter_frames(leaf.id):
        done += frame.frame_status == FrameCode.DONE
        bill.add(frame)
        if not frame.is_preparation:
            entries.append(_entry(frame))
    before = ctx.memory.leaves.get(leaf.id)
    agree = done == leaf.done_frames
    doubts = 0 if agree or before is None else before.doubts
    doubts += not agree
    believed = agree or doubts >= _DOUBTS
    return Leaf(leaf.counts if believed else None, tuple(entries), bill.charge, ctx.now(), doubts)


def _folded(
    info: RemoteTask, leaves: tuple[RemoteTask, ...], known: list[Leaf], price: Money | None
) -> RemoteTree:
    statuses = [task_status(leaf.task_status) for leaf in leaves]
    charge = sum((leaf.charge for leaf in known), start=Charge())
    spent, is_reckoned = total(info.render_consume, charge, price)
    stops = [status for status in statuses if status.is_terminal and status.needs_person]
    return RemoteTree(
        entries=tuple(entry for leaf in known for entry in leaf.entries),
        is_over=all(status.is_terminal for status in statuses),
        is_stopped=bool(stops),
        spent=spent,
        is_reckoned=is_reckoned,
        stop=stops[0].meaning if stops else "",
        waits_for_person=any(leaf.task_status == TaskCode.FINISHED_TEST for leaf in leaves),
    )


def _noted(leaf: RemoteTask, known: Leaf) -> RemoteLeaf:
    return RemoteLeaf(leaf.id, leaf.task_status, leaf.counts, known.entries)


def _entry(frame: RemoteFrame) -> RemoteEntry:
    return RemoteEntry(
        leaf=frame.task_id,
        id=frame.id,
        frames=frame.frames,
        situation=_situation(frame.frame_status),
        note=_note(frame.frame_index, frame.frame_status),
        # A few machines have all of them.
        node=sys.intern(frame.node_id),
    )


# Many tasks have the same frames, which are in few states: each is put into words once.
@lru_cache(maxsize=4096)
def _note(index: str, code: int) -> str:
    return f"frame {index}: {frame_status(code).meaning}"


@lru_cache(maxsize=64)
def _situation(code: int) -> Remote:
    if frame_status(code).name == "UNKNOWN":
        return Remote.UNKNOWN
    return _SITUATIONS.get(FrameCode(code), Remote.WAITING)
