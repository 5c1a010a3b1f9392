"""Files of a burst: what was sent, what the cloud lists, and what is at home."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from renderbus_core.burst.model import BurstState
from renderbus_core.burst.store import reading
from renderbus_core.burst.store.values import FilesInUseError, Output
from renderbus_core.burst.tables import bursts, outputs, uploads
from renderbus_core.database import one_at_a_time
from renderbus_core.jobs import BurstId
from renderbus_core.transfer import Upload

_LOOKS_AGAIN = tuple(
    state.value
    for state in (
        BurstState.INTENDED,
        BurstState.INSPECTED,
        BurstState.CHECKED,
        BurstState.STAGED,
        BurstState.CLAIMED,
        BurstState.ID_RESERVED,
    )
)


def staged(db: Connection, burst: BurstId) -> tuple[Upload, ...]:
    """Read what was sent for a burst, by name."""
    rows = db.execute(select(uploads).where(uploads.c.burst == burst))
    files = (Upload(Path(row.local), row.server, row.size, row.mtime) for row in rows)
    return tuple(sorted(files, key=lambda file: file.server))


def stage(db: Connection, burst: BurstId, sent: Iterable[Upload], now: datetime) -> None:
    """Record what is sent; what was sent before under the same name is replaced.

    Args:
        db: a writing transaction.
        burst: whose files they are.
        sent: the files.
        now: UTC.

    Raises:
        FilesInUseError: another burst at work needs another content under one of the names.
    """
    one_at_a_time(db, "renderbus stage")
    rows = {
        file.server: {
            "burst": burst,
            "server": file.server,
            "local": str(file.local),
            "size": file.size,
            "mtime": file.mtime,
            "at": now,
        }
        for file in sent
    }
    if rows:
        before = delete(uploads).where(
            uploads.c.burst == burst, uploads.c.server == bindparam("of")
        )
        db.execute(before, [{"of": name} for name in rows])
        db.execute(insert(uploads), list(rows.values()))
        _refuse_other_contents(db, burst)


def _refuse_other_contents(db: Connection, burst: BurstId) -> None:
    """Raise `FilesInUseError` when a burst at work needs what would be overwritten.

    A burst that is not submitted yet looks once more before it is: a file of this host that was
    saved meanwhile does not make two such bursts wait for each other.
    """
    own, other = uploads.alias("own"), uploads.alias("other")
    query = (
        select(other.c.burst, other.c.server)
        .join(own, own.c.server == other.c.server)
        .join(bursts, bursts.c.id == other.c.burst)
        .where(
            own.c.burst == burst,
            other.c.burst != burst,
            bursts.c.state.not_in(reading.OVER),
            or_(own.c.size != other.c.size, own.c.mtime != other.c.mtime),
            or_(own.c.local != other.c.local, bursts.c.state.not_in(_LOOKS_AGAIN)),
        )
        .order_by(other.c.burst, other.c.server)
        .limit(1)
    )
    taken = db.execute(query).one_or_none()
    if taken is not None:
        raise FilesInUseError(
            f"burst {taken.burst} is at work with another content of {taken.server}, which must "
            "not be overwritten before it is over; wait, or recall that one"
        )


def listed(db: Connection, burst: BurstId) -> tuple[Output, ...]:
    """Read what the cloud has listed, by name."""
    rows = db.execute(select(outputs).where(outputs.c.burst == burst))
    return tuple(sorted(map(_output, rows), key=lambda file: file.name))


def list_anew(db: Connection, burst: BurstId, files: Iterable[Output]) -> None:
    """Record a whole listing; files that are as they were before cost nothing once collected."""
    known = {file.name: file for file in listed(db, burst)}
    now = {file.name: file for file in files}
    new = [file for name, file in now.items() if name not in known]
    if new:
        db.execute(insert(outputs), [_row(burst, file) for file in new])
    changes = [
        _changed(name, before, now.get(name))
        for name, before in known.items()
        if name not in now or not (before.collected and before.size == now[name].size)
    ]
    if changes:
        db.execute(
            _named(burst).values(
                size=bindparam("to_size"),
                listings=bindparam("to_listings"),
                collected=bindparam("to_collected"),
            ),
            changes,
        )


def collect(db: Connection, burst: BurstId, names: Iterable[str]) -> None:
    """Record that files are where they belong."""
    rows = [{"of": name} for name in names]
    if rows:
        db.execute(_named(burst).values(collected=True), rows)


def forget(db: Connection, burst: BurstId, frames: Iterable[int]) -> None:
    """Forget the files of frames."""
    rows = [{"of": frame} for frame in frames]
    if rows:
        db.execute(
            delete(outputs).where(outputs.c.burst == burst, outputs.c.frame == bindparam("of")),
            rows,
        )


def _named(burst: BurstId) -> Any:
    return update(outputs).where(outputs.c.burst == burst, outputs.c.name == bindparam("of"))


def _changed(name: str, before: Output, now: Output | None) -> dict[str, object]:
    if now is None:
        size, listings, collected = before.size, 0, before.collected
    elif now.size == before.size:
        size, listings, collected = before.size, before.listings + 1, before.collected
    else:
        # Rendered anew: what was fetched before is another picture.
        size, listings, collected = now.size, 1, False
    return {"of": name, "to_size": size, "to_listings": listings, "to_collected": collected}


def _output(row: Any) -> Output:
    return Output(row.name, row.frame, row.size, row.listings, Path(row.local), row.collected)


def _row(burst: BurstId, file: Output) -> dict[str, object]:
    return {
        "burst": burst,
        "name": file.name,
        "frame": file.frame,
        "size": file.size,
        "listings": 1,
        "local": str(file.local),
        "collected": False,
    }
