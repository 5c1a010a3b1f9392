"""Files of a burst: what was sent, what the cloud lists, and what is at home."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from renderbus_core.burst.store.values import Output
from renderbus_core.burst.tables import outputs, uploads
from renderbus_core.jobs import BurstId
from renderbus_core.transfer import Upload


def staged(db: Connection, burst: BurstId) -> tuple[Upload, ...]:
    """Read what was sent for a burst, by name."""
    rows = db.execute(select(uploads).where(uploads.c.burst == burst))
    files = (Upload(Path(row.local), row.server, row.size, row.mtime) for row in rows)
    return tuple(sorted(files, key=lambda file: file.server))


def stage(db: Connection, burst: BurstId, sent: Iterable[Upload], now: datetime) -> None:
    """Record what was sent; what was sent before under the same name is replaced."""
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


def listed(db: Connection, burst: BurstId) -> tuple[Output, ...]:
    """Read what the cloud has listed, by name."""
    rows = db.execute(select(outputs).where(outputs.c.burst == burst))
    return tuple(sorted(map(_output, rows), key=lambda file: file.name))


def list_anew(db: Connection, burst: BurstId, files: Iterable[Output], *, counts: bool) -> None:
    """Record a whole listing; files that are as they were before cost nothing once collected."""
    known = {file.name: file for file in listed(db, burst)}
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


def _changed(name: str, before: Output, now: Output | None, *, counts: bool) -> dict[str, object]:
    if now is None:
        size, listings, collected = before.size, 0, before.collected
    elif now.size == before.size:
        size, listings, collected = before.size, before.listings + counts, before.collected
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
