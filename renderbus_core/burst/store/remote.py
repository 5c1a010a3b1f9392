"""The cloud's side of a burst, as it was read last."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from renderbus_core.burst.model import Remote, RemoteEntry
from renderbus_core.burst.store.values import RemoteLeaf
from renderbus_core.burst.tables import remote_frames, remote_tasks, tasks
from renderbus_core.jobs import BurstId


def note(db: Connection, burst: BurstId, leaves: Iterable[RemoteLeaf], now: datetime) -> None:
    """Bring what is known of some leaves up to date; frames that are as before cost no write."""
    for leaf in leaves:
        values = {"status": leaf.status, "counts": json.dumps(leaf.counts), "at": now}
        ours = remote_tasks.c.burst == burst, remote_tasks.c.id == leaf.id
        if not db.execute(update(remote_tasks).where(*ours).values(**values)).rowcount:
            db.execute(insert(remote_tasks).values(burst=burst, id=leaf.id, **values))
        _note_entries(db, burst, leaf)


def _note_entries(db: Connection, burst: BurstId, leaf: RemoteLeaf) -> None:
    c = remote_frames.c
    of_leaf = c.burst == burst, c.leaf == leaf.id
    before = db.execute(select(c.id, c.frames, c.situation, c.note, c.node).where(*of_leaf))
    known = {id_: values for id_, *values in before}
    now = {entry.id: entry for entry in leaf.entries}
    same = {id_ for id_, values in known.items() if id_ in now and values == _values(now[id_])}
    stale = [{"of": id_} for id_ in known if id_ not in same]
    fresh = [_row(burst, leaf.id, entry) for id_, entry in now.items() if id_ not in same]
    if stale:
        db.execute(delete(remote_frames).where(*of_leaf, c.id == bindparam("of")), stale)
    if fresh:
        db.execute(insert(remote_frames), fresh)


def note_situations(
    db: Connection, burst: BurstId, said: Mapping[str, Remote], now: datetime
) -> None:
    """Bring the cloud's word for tasks up to date; what it said before keeps its time."""
    of_burst = tasks.c.burst == burst
    if said:
        differs = tasks.c.remote.is_distinct_from(bindparam("to"))
        one = update(tasks).where(of_burst, tasks.c.task == bindparam("of"), differs)
        db.execute(
            one.values(remote=bindparam("to"), remote_since=now),
            [{"of": task, "to": word.value} for task, word in said.items()],
        )


def read(db: Connection, burst: BurstId) -> tuple[RemoteLeaf, ...]:
    """Read all leaves of a burst, by id."""
    leaves = select(remote_tasks).where(remote_tasks.c.burst == burst).order_by(remote_tasks.c.id)
    frames = select(remote_frames).where(remote_frames.c.burst == burst)
    entries: dict[int, list[RemoteEntry]] = {}
    for e in db.execute(frames.order_by(remote_frames.c.id)):
        entry = RemoteEntry(e.leaf, e.id, e.frames, Remote(e.situation), e.note, sys.intern(e.node))
        entries.setdefault(e.leaf, []).append(entry)
    return tuple(
        RemoteLeaf(
            task.id, task.status, tuple(json.loads(task.counts)), tuple(entries.get(task.id, ()))
        )
        for task in db.execute(leaves)
    )


def _values(entry: RemoteEntry) -> list[object]:
    return [entry.frames, entry.situation.value, entry.note, entry.node]


def _row(burst: BurstId, leaf: int, entry: RemoteEntry) -> dict[str, object]:
    return {
        "burst": burst,
        "leaf": leaf,
        "id": entry.id,
        "frames": entry.frames,
        "situation": entry.situation.value,
        "note": entry.note,
        "node": entry.node,
    }
