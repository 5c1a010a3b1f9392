"""Bringing pictures home: from a listing to whole, looked-at files at the job's output path.

A file is fetched once two listings agree on its size, into a hidden name beside its place; it is
looked at there and only then takes its place. What is refused is fetched once more, then its frame
counts as failed. Files without a place are kept aside.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from renderbus_core.burst.arrival import take_place, waiting_room
from renderbus_core.burst.context import Context, KeepsLease
from renderbus_core.burst.listing import STEADY_LISTINGS, output_map
from renderbus_core.burst.mirror import Collected
from renderbus_core.burst.model import Burst, TaskState
from renderbus_core.burst.prepare import engine
from renderbus_core.burst.store import Output, Stray
from renderbus_core.errors import LocalDiskError, TransferError
from renderbus_core.jobs import TaskRef
from renderbus_core.package import CloudPicture
from renderbus_core.paths import safe_relative
from renderbus_core.transfer import Check, Download, Look, begun, local_disk, look_at

_log = logging.getLogger(__name__)

# Files of one step: other bursts, and people who recall this one, wait that long.
_BATCH = 64
_MOST_REFUSALS = 2
_MEGABYTE = 1_000_000


def collected(ctx: Context, burst: Burst) -> Mapping[str, Collected]:
    """Count, for each open task, the files it needs and those that are at home.

    A file without a size is no file yet: it is needed, but not listed.
    """
    by_frame: dict[int, list[Output]] = {}
    for file in ctx.store.outputs(burst.id):
        by_frame.setdefault(file.frame, []).append(file)
    where = output_map(ctx, burst)
    result = {}
    for task in burst.open_tasks:
        files = [file for frame in task.ref.frames for file in by_frame.get(frame, ())]
        need = {file.local for file in files}
        for frame in task.ref.frames:
            need |= set(where.expected(frame))
        result[task.ref.id] = Collected(
            expected=len(need),
            at_home=len({file.local for file in files if file.collected}),
            listed=sum(file.size > 0 for file in files),
            bad=next((_bad(file) for file in files if file.refusals >= _MOST_REFUSALS), ""),
        )
    return result


def collect(ctx: Context, burst: Burst, tasks: Sequence[TaskRef], *, is_over: bool) -> bool:
    """Bring home what is ready of some tasks, a batch at a time; whole tasks are collected.

    Args:
        ctx: the burst's.
        burst: which.
        tasks: whose frames are done in the cloud.
        is_over: whether the whole remote task has ended.

    Returns:
        Whether more is ready.

    Raises:
        LocalDiskError: a disk of this host is in the way of some; the others are at home.
        TransferError: some files did not come; the others are at home.
    """
    if not tasks or (ctx.config.collect.when == "completed" and not is_over):
        return False
    ready = _ready(ctx, burst, tasks)
    batch, more = ready[:_BATCH], len(ready) > _BATCH
    trouble = _bring_home(ctx, burst, batch) if batch else None
    home = collected(ctx, burst)
    whole = [task for task in tasks if home[task.id].complete]
    ctx.move_tasks(burst, whole, TaskState.COLLECTED, "every file is at home")
    if trouble is not None:
        ctx.memory.disk_refused = isinstance(trouble, LocalDiskError)
        raise trouble
    if batch and ctx.memory.disk_refused:
        ctx.memory.disk_refused = False
        ctx.move(burst, burst.state, "files come home again")
    if not more:
        _keep_aside(ctx, burst)
    return more


def tidy(ctx: Context, burst: Burst) -> None:
    """Remove what unfinished downloads left beside the places of a burst that ends."""
    files = [file for file in ctx.store.outputs(burst.id) if not file.collected]
    plan = [_download(burst, file) for file in files]
    parts = [part for found in begun(plan).values() for part in found]
    for path in (*parts, *(item.local for item in plan)):
        with suppress(OSError):
            path.unlink()


def _ready(ctx: Context, burst: Burst, tasks: Iterable[TaskRef]) -> list[Output]:
    """Return the files that are known to be whole and still missing, one for each place."""
    frames = {frame for task in tasks for frame in task.frames}
    ready = {
        file.local: file
        for file in ctx.store.outputs(burst.id)
        if file.frame in frames
        and not file.collected
        and file.listings >= STEADY_LISTINGS
        and file.size > 0
        and file.refusals < _MOST_REFUSALS
    }
    # What failed before comes last, so that it keeps nothing else from coming.
    return sorted(ready.values(), key=lambda file: file.name in ctx.memory.failed)


def _download(burst: Burst, file: Output) -> Download:
    return Download(file.name, waiting_room(file.local, burst.id), file.size)


@dataclass(slots=True)
class _Arrivals:
    """What became of the files of one batch, by name.

    Args:
        home: files that need not be fetched again.
        stamps: of those that took their place.
        problems: of those that were refused.
        remarks: what people should know of others.
        trouble: why some did not arrive.
    """

    home: list[str] = field(default_factory=list)
    stamps: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    trouble: TransferError | None = None


def _bring_home(ctx: Context, burst: Burst, files: Sequence[Output]) -> TransferError | None:
    """Fetch files and let them take their places; return why some did not, if so."""
    arrivals = _Arrivals()
    arrived = _fetch(ctx, [_download(burst, file) for file in files], arrivals)
    for file in files:
        if file.name in arrived:
            try:
                _receive(ctx, burst, file, arrivals)
            except LocalDiskError as error:
                with suppress(OSError):
                    waiting_room(file.local, burst.id).unlink()
                arrivals.trouble = error
    ctx.memory.failed |= {file.name for file in files}.difference(arrivals.home)
    lease = ctx.effects.lease
    ctx.store.collected(lease, burst.id, arrivals.home, arrivals.stamps)
    ctx.store.refuse_outputs(lease, burst.id, arrivals.problems)
    for after, why in arrivals.remarks:
        ctx.store.remark(lease, burst.id, "file", after=after, why=why, now=ctx.now())
    return arrivals.trouble


def _fetch(ctx: Context, plan: Sequence[Download], arrivals: _Arrivals) -> set[str]:
    """Fetch files and return the names of those that came."""
    names = {item.remote for item in plan}
    transfer = engine(ctx)
    try:
        ctx.effects.perform(
            "download", lambda: transfer.download(plan, KeepsLease(ctx)), files=sorted(names)
        )
    except TransferError as error:
        arrivals.trouble = error
        return names.difference(error.remaining) if error.remaining else set()
    return names


def _receive(ctx: Context, burst: Burst, file: Output, arrivals: _Arrivals) -> None:
    """Look at a file that has come, and put it in its place."""
    new, policy = waiting_room(file.local, burst.id), ctx.config.collect
    picture = output_map(ctx, burst).picture_of(file.frame, file.local)
    look = look_at(new, Check(policy.check), picture.size if picture else None, file.local.suffix)
    if look.problem:
        with local_disk(file.local):
            new.unlink()
        arrivals.problems[file.name] = look.problem
        arrivals.remarks.append(("is refused", f"{file.name} {look.problem}"))
        return
    since = burst.created_at if policy.existing == "keep" else None
    arrival = take_place(new, file.local, burst.id, ours=file.stamp, since=since)
    arrivals.home.append(file.name)
    if arrival.stamp is not None:
        arrivals.stamps[file.name] = arrival.stamp
    if arrival.beside is not None:
        why = f"{file.local} is newer than the burst and stays; from the cloud: {arrival.beside}"
        arrivals.remarks.append(("lies beside", why))
    arrivals.remarks += (("is odd", f"{file.local}: {odd}") for odd in _odd(ctx, look, picture))


def _odd(ctx: Context, look: Look, picture: CloudPicture | None) -> Iterator[str]:
    """Say what is odd about a picture that is whole."""
    if look.warning:
        yield look.warning
    if look.header is None or picture is None:
        return
    first = ctx.memory.headers.setdefault(picture.template, look.header)
    now = look.header
    if (now.channels, now.bits) != (first.channels, first.bits):
        yield (
            f"has the channels {', '.join(now.channels)} of {now.bits} bits where the first of its "
            f"kind has {', '.join(first.channels)} of {first.bits}"
        )


def _bad(file: Output) -> str:
    return f"its picture {file.name} {file.problem}, {file.refusals} times"


def _keep_aside(ctx: Context, burst: Burst) -> None:
    """Fetch files that have no place into the burst's own folder, once per runner."""
    if ctx.config.collect.unmapped == "leave":
        return
    known = ctx.store.strays(burst.id)
    room = ctx.config.collect.unmapped_megabytes * _MEGABYTE
    room -= sum(stray.size for stray in known if stray.local is not None)
    plan = []
    for stray in known:
        if _is_wanted(stray) and stray.name not in ctx.memory.aside and stray.size <= room:
            plan.append(_aside(ctx.folder(burst.id) / "aside", stray))
            room -= stray.size
    if not plan:
        return
    ctx.memory.aside |= {item.remote for item in plan}
    arrivals = _Arrivals()
    arrived = _fetch(ctx, plan, arrivals)
    if arrivals.trouble is not None:
        _log.warning("burst %s: files without a place: %s", burst.id, arrivals.trouble)
    places = {item.remote: item.local for item in plan if item.remote in arrived}
    ctx.store.keep_strays(ctx.effects.lease, burst.id, places)


def _is_wanted(stray: Stray) -> bool:
    return stray.local is None and stray.size > 0 and stray.listings >= STEADY_LISTINGS


def _aside(folder: Path, stray: Stray) -> Download:
    # Its name was judged when it was listed: what could lead elsewhere has no size.
    return Download(stray.name, folder / safe_relative(stray.name.strip("/")), stray.size, folder)
