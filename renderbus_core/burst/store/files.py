"""Files of a burst: what was sent, what the cloud lists, and what is at home."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, or_, select, update

from renderbus_core.burst.model import BurstState
from renderbus_core.burst.store import reading
from renderbus_core.burst.store.values import NO_SIZE, FilesInUseError, Output, Stray
from renderbus_core.burst.tables import bursts, outputs, strays, uploads
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


def list_anew(
    db: Connection,
    burst: BurstId,
    files: Iterable[Output],
    below: Sequence[str] | None,
    *,
    counts: bool,
) -> None:
    """Record a listing of some folders; files that are as before cost nothing once collected."""
    known = {file.name: file for file in listed(db, burst) if _is_below(file.name, below)}
    now = {file.name: file for file in files}
    new = [file for name, file in now.items() if name not in known]
    if new:
        db.execute(insert(outputs), [_row(burst, file) for file in new])
    changes = [
        _changed(name, before, now.get(name), counts=counts)
        for name, before in known.items()
        if name not in now or not (before.collected and before.size == now[name].size)
    ]
    if changes:
        db.execute(
            _named(burst).values(
                size=bindparam("to_size"),
                listings=bindparam("to_listings"),
                collected=bindparam("to_collected"),
                refusals=bindparam("to_refusals"),
            ),
            changes,
        )


def collect(
    db: Connection, burst: BurstId, names: Iterable[str], stamps: Mapping[str, str]
) -> None:
    """Record that files are where they belong."""
    rows = [{"of": name} for name in names]
    if rows:
        db.execute(_named(burst).values(collected=True, problem=None), rows)
    known = [{"of": name, "to_stamp": stamp} for name, stamp in stamps.items()]
    if known:
        db.execute(_named(burst).values(stamp=bindparam("to_stamp")), known)


def refuse(db: Connection, burst: BurstId, problems: Mapping[str, str]) -> None:
    """Record that files arrived and were not taken."""
    rows = [{"of": name, "to_problem": problem} for name, problem in problems.items()]
    if rows:
        more = {"problem": bindparam("to_problem"), "refusals": outputs.c.refusals + 1}
        db.execute(_named(burst).values(**more), rows)


def forget(db: Connection, burst: BurstId, frames: Iterable[int]) -> None:
    """Forget what is known of the files of frames, save those that the burst has put down."""
    rows = [{"of": frame} for frame in frames]
    if rows:
        of_frame = and_(outputs.c.burst == burst, outputs.c.frame == bindparam("of"))
        db.execute(delete(outputs).where(of_frame, outputs.c.stamp.is_(None)), rows)
        nothing = {"size": NO_SIZE, "listings": 0, "collected": False, "refusals": 0}
        db.execute(update(outputs).where(of_frame).values(problem=None, **nothing), rows)


def strays_of(db: Connection, burst: BurstId) -> tuple[Stray, ...]:
    """Read the files that have no place, by name."""
    rows = db.execute(select(strays).where(strays.c.burst == burst))
    found = (
        Stray(row.name, row.size, row.listings, row.why, Path(row.local) if row.local else None)
        for row in rows
    )
    return tuple(sorted(found, key=lambda stray: stray.name))


def list_strays(db: Connection, burst: BurstId, files: Iterable[Stray]) -> list[Stray]:
    """Record files that have no place and return those that are new."""
    known = {stray.name: stray for stray in strays_of(db, burst)}
    now = {stray.name: stray for stray in files}
    new = [stray for name, stray in now.items() if name not in known]
    if new:
        db.execute(insert(strays), [_stray_row(burst, stray) for stray in new])
    changes = []
    for name in now.keys() & known.keys():
        before, size = known[name], now[name].size
        if before.size != size:
            changes.append({"of": name, "to_size": size, "to_listings": 1})
        elif before.local is None:
            changes.append({"of": name, "to_size": size, "to_listings": before.listings + 1})
    if changes:
        counted = _stray(burst).values(size=bindparam("to_size"), listings=bindparam("to_listings"))
        db.execute(counted, changes)
    return new


def keep_strays(db: Connection, burst: BurstId, places: Mapping[str, Path]) -> None:
    """Record where files are that have no place."""
    rows = [{"of": name, "to_local": str(local)} for name, local in places.items()]
    if rows:
        db.execute(_stray(burst).values(local=bindparam("to_local")), rows)


def _is_below(name: str, folders: Sequence[str] | None) -> bool:
    return folders is None or any(name.startswith(f"{folder}/") for folder in folders)


def _stray(burst: BurstId) -> Any:
    return update(strays).where(strays.c.burst == burst, strays.c.name == bindparam("of"))


def _stray_row(burst: BurstId, stray: Stray) -> dict[str, object]:
    return {
        "burst": burst,
        "name": stray.name,
        "size": stray.size,
        "listings": 1,
        "why": stray.why,
        "local": None,
    }


def _named(burst: BurstId) -> Any:
    return update(outputs).where(outputs.c.burst == burst, outputs.c.name == bindparam("of"))


def _changed(name: str, before: Output, now: Output | None, *, counts: bool) -> dict[str, object]:
    if now is None:
        after = replace(before, listings=0)
    elif now.size == before.size:
        after = replace(before, listings=before.listings + counts)
    else:
        # Rendered anew: what was fetched before is another picture.
        after = replace(before, size=now.size, listings=1, collected=False, refusals=0)
    return {
        "of": name,
        "to_size": after.size,
        "to_listings": after.listings,
        "to_collected": after.collected,
        "to_refusals": after.refusals,
    }


def _output(row: Any) -> Output:
    return Output(
        name=row.name,
        frame=row.frame,
        size=row.size,
        listings=row.listings,
        local=Path(row.local),
        collected=row.collected,
        stamp=row.stamp,
        problem=row.problem,
        refusals=row.refusals,
    )


def _row(burst: BurstId, file: Output) -> dict[str, object]:
    return {
        "burst": burst,
        "name": file.name,
        "frame": file.frame,
        "size": file.size,
        "listings": 1,
        "local": str(file.local),
        "collected": False,
        "refusals": 0,
    }
