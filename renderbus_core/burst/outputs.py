"""The burst's pictures: what the cloud lists, where each belongs, and how many are at home."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta

from renderbus_core import package
from renderbus_core.api import OutputFile, RemoteTask
from renderbus_core.burst.context import Context, KeepsLease
from renderbus_core.burst.mirror import Collected
from renderbus_core.burst.model import Burst, TaskState
from renderbus_core.burst.prepare import engine
from renderbus_core.burst.store import Output
from renderbus_core.errors import InputError
from renderbus_core.jobs import TaskRef
from renderbus_core.paths import safe_relative
from renderbus_core.transfer import Download

_log = logging.getLogger(__name__)

# Templates put pictures into the folder of a leaf or a layer; more is not ours, or a trap.
_DEEPEST_FOLDER = 4
_MOST_FOLDERS = 256
# A file whose size was the same in so many listings in a row is whole: there is no checksum.
STEADY_LISTINGS = 2
# Of a file that the cloud lists without one.
_NO_SIZE = -1


def list_outputs(ctx: Context, burst: Burst, info: RemoteTask) -> None:
    """List the folders of leaves while tasks wait for their files, and record what is ours."""
    if not burst.refs(TaskState.SENT, TaskState.DONE_REMOTE):
        return
    found = [
        output
        for leaf in info.leaves()
        if leaf.output_file_name and leaf.done_frames
        for output in _of_leaf(ctx, burst, leaf)
    ]
    counts = _is_apart(ctx)
    ctx.store.list_outputs(ctx.effects.lease, burst.id, found, counts=counts)


def _is_apart(ctx: Context) -> bool:
    """Tell whether some time has passed since the last listing of this runner.

    Two looks at one moment, as a takeover brings them, show one size whatever still grows.
    """
    now, before = ctx.now(), ctx.memory.listed_at
    ctx.memory.listed_at = now
    return before is not None and now - before >= timedelta(
        seconds=ctx.config.burst.poll_seconds / 2
    )


def collect(ctx: Context, burst: Burst, task: TaskRef) -> None:
    """Fetch the task's files that are known to be whole; it is collected when none is missing."""
    files = [o for o in ctx.store.outputs(burst.id) if o.frame in task.frames]
    ready = [o for o in files if not o.collected and o.listings >= STEADY_LISTINGS and o.size > 0]
    if ready:
        plan = [Download(o.name, o.local, o.size) for o in ready]
        transfer = engine(ctx)
        ctx.effects.perform(
            "download",
            lambda: transfer.download(plan, KeepsLease(ctx)),
            files=[o.name for o in ready],
        )
        ctx.store.collected(ctx.effects.lease, burst.id, [o.name for o in ready])
    if collected(ctx, burst)[task.id].complete:
        ctx.move_tasks(burst, (task,), TaskState.COLLECTED, "every file is at home")


def collected(ctx: Context, burst: Burst) -> Mapping[str, Collected]:
    """Count, for each open task, the files it needs and those that are at home.

    A file without a size is no file yet: it is needed, but not listed.
    """
    listed = ctx.store.outputs(burst.id)
    result = {}
    for task in burst.open_tasks:
        files = [o for o in listed if o.frame in task.ref.frames]
        home = {o.local for o in files if o.collected}
        need = {o.local for o in files}
        for frame in task.ref.frames:
            need |= set(output_map(ctx, burst).expected(frame))
        result[task.ref.id] = Collected(len(need), len(home), sum(o.size > 0 for o in files))
    return result


def output_map(ctx: Context, burst: Burst) -> package.OutputMap:
    """Read, once per runner, where the burst's pictures belong."""
    if ctx.memory.outputs is None:
        ctx.memory.outputs = package.read(ctx.folder(burst.id)).outputs
    return ctx.memory.outputs


def _of_leaf(ctx: Context, burst: Burst, leaf: RemoteTask) -> Iterator[Output]:
    where = output_map(ctx, burst)
    try:
        root = f"/{safe_relative(leaf.output_file_name.strip('/'))}"
    except InputError as error:
        _keep_aside(ctx, burst, leaf.output_file_name, str(error))
        return
    for name, file in _files(ctx, root):
        try:
            place = where.local_path(name.removeprefix(f"{root}/"))
        except InputError as error:
            _keep_aside(ctx, burst, name, str(error))
            continue
        if place is None:
            _keep_aside(ctx, burst, name, "no output of the job has this name")
            continue
        frame, local = place
        size = _NO_SIZE if file.file_size is None else file.file_size
        yield Output(name, frame, size, 1, local, collected=False)


def _files(ctx: Context, root: str) -> Iterator[tuple[str, OutputFile]]:
    """Yield the files below a folder, breadth first, within bounds."""
    folders = [(root, 0)]
    for count, (folder, depth) in enumerate(folders):
        if count >= _MOST_FOLDERS:
            _log.warning("%s has more than %d folders; the rest is not looked at", root, count)
            return
        for entry in ctx.client.transmit.get_output_files(folder):
            name = f"{folder}/{entry.file_name}"
            if not entry.directory:
                yield name, entry
            elif depth < _DEEPEST_FOLDER and entry.file_name not in {"", ".", ".."}:
                folders.append((name, depth + 1))


def _keep_aside(ctx: Context, burst: Burst, name: str, why: str) -> None:
    """Name a file that is not brought home, once."""
    if name not in ctx.memory.aside:
        ctx.memory.aside.add(name)
        _log.warning("burst %s: %r stays in the cloud: %s", burst.id, name, why)
