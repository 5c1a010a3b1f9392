"""What the cloud lists for a burst, and where each file belongs.

A folder is listed when something new is to be expected in it: the frame counts of its task have
changed, a file is not known to be whole yet, or a frame that is done still lacks one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from renderbus_core import package
from renderbus_core.api import Client, OutputFile, RemoteTask
from renderbus_core.burst.context import Context
from renderbus_core.burst.model import Burst, TaskState
from renderbus_core.burst.store import NO_SIZE, Output, Stray
from renderbus_core.errors import InputError
from renderbus_core.paths import safe_relative

_log = logging.getLogger(__name__)

STEADY_LISTINGS = 2
"""A file whose size was the same in so many listings in a row is whole: there is no checksum."""

# Templates put pictures into the folder of a leaf or a layer; more is not ours, or a trap.
_DEEPEST_FOLDER = 4
_MOST_FOLDERS = 256


def list_outputs(ctx: Context, burst: Burst, info: RemoteTask) -> None:
    """List the folders that may hold something new while tasks wait for their files."""
    if not burst.refs(TaskState.SENT, TaskState.DONE_REMOTE):
        return
    due = _due(ctx, burst, info)
    roots: set[str] = set()
    strays: list[Stray] = []
    for leaf in due:
        try:
            root = root_of(leaf)
        except InputError as error:
            strays.append(_hostile(leaf.output_file_name, error))
            continue
        if root not in roots:
            roots.add(root)
            _list_folder(ctx, burst, root, strays)
    if due:
        ctx.store.list_strays(ctx.effects.lease, burst.id, strays, ctx.now())
    for leaf in due:
        ctx.memory.listed[leaf.id] = leaf.counts


def _list_folder(ctx: Context, burst: Burst, root: str, strays: list[Stray]) -> None:
    outputs: list[Output] = []
    counts = _is_apart(ctx, root)
    part = ctx.config.collect.server_path
    _sort(files_below(ctx.client, output_map(ctx, burst), root, part), outputs, strays)
    ctx.store.list_outputs(ctx.effects.lease, burst.id, outputs, (root,), counts=counts)


def _is_apart(ctx: Context, root: str) -> bool:
    """Tell whether some time has passed since this runner listed a folder last.

    Two looks at one moment, as a takeover brings them, show one size whatever still grows.
    """
    now, before = ctx.now(), ctx.memory.listed_at.get(root)
    ctx.memory.listed_at[root] = now
    return before is not None and now - before >= timedelta(
        seconds=ctx.config.burst.poll_seconds / 2
    )


def root_of(leaf: RemoteTask) -> str:
    """Return the folder of a leaf's files, with a leading slash.

    Raises:
        InputError: the cloud sent a name that could lead elsewhere.
    """
    return f"/{safe_relative(leaf.output_file_name.strip('/'))}"


def files_below(
    client: Client, where: package.OutputMap, root: str, part: str
) -> Iterator[Output | Stray]:
    """List a leaf's folder and say of each file where it belongs.

    Args:
        client: of the account.
        where: the burst's output map.
        root: the leaf's folder, see `root_of`.
        part: only what lies below this folder of it; "" for all.
    """
    below = part.strip("/")
    for name, file in walk(client, f"{root}/{below}" if below else root):
        yield _placed(where, root, name, file)


def output_map(ctx: Context, burst: Burst) -> package.OutputMap:
    """Read, once per runner, where the burst's pictures belong."""
    if ctx.memory.outputs is None:
        ctx.memory.outputs = package.read(ctx.folder(burst.id)).outputs
    return ctx.memory.outputs


def walk(client: Client, root: str) -> Iterator[tuple[str, OutputFile]]:
    """Yield the files below a folder of the output storage, breadth first, within bounds.

    Args:
        client: of the account.
        root: with a leading slash.
    """
    folders = [(root, 0)]
    for count, (folder, depth) in enumerate(folders):
        if count >= _MOST_FOLDERS:
            _log.warning("%s has more than %d folders; the rest is not looked at", root, count)
            return
        for entry in client.transmit.get_output_files(folder):
            name = f"{folder}/{entry.file_name}"
            if not entry.directory:
                yield name, entry
            elif depth < _DEEPEST_FOLDER and entry.file_name not in {"", ".", ".."}:
                folders.append((name, depth + 1))


def _due(ctx: Context, burst: Burst, info: RemoteTask) -> Sequence[RemoteTask]:
    """Return the leaves whose folders may hold something new."""
    leaves = [leaf for leaf in info.leaves() if leaf.output_file_name and leaf.done_frames]
    known = ctx.store.outputs(burst.id)
    if _is_late(ctx, burst, known):
        return leaves
    files: tuple[Output | Stray, ...] = (*known, *ctx.store.strays(burst.id))
    unsteady = [file.name for file in files if not _is_steady(file)]
    return [
        leaf
        for leaf in leaves
        if ctx.memory.listed.get(leaf.id) != leaf.counts
        or any(name.startswith(f"/{leaf.output_file_name.strip('/')}/") for name in unsteady)
    ]


def _is_late(ctx: Context, burst: Burst, known: Iterable[Output]) -> bool:
    """Tell whether a frame that is done lacks a file in the listings."""
    waiting = burst.refs(TaskState.DONE_REMOTE)
    there = {file.local for file in known if file.size > 0}
    where = output_map(ctx, burst)
    return any(
        not there.issuperset(where.expected(frame)) for ref in waiting for frame in ref.frames
    )


def _is_steady(file: Output | Stray) -> bool:
    if isinstance(file, Stray):
        return file.listings >= STEADY_LISTINGS or file.size == NO_SIZE
    if file.collected:
        return True
    # One that was refused may be written anew.
    return file.listings >= STEADY_LISTINGS and file.size > 0 and not file.problem


def _sort(files: Iterable[Output | Stray], outputs: list[Output], strays: list[Stray]) -> None:
    for file in files:
        if isinstance(file, Stray):
            strays.append(file)
        else:
            outputs.append(file)


def _placed(where: package.OutputMap, root: str, name: str, file: OutputFile) -> Output | Stray:
    size = NO_SIZE if file.file_size is None else file.file_size
    try:
        place = where.local_path(name.removeprefix(f"{root}/"))
    except InputError as error:
        return _hostile(name, error)
    if place is None:
        return Stray(name, size, 1, f"{name}: no output of the job has this name")
    frame, local = place
    return Output(name, frame, size, 1, local, collected=False)


def _hostile(name: str, error: InputError) -> Stray:
    """Name a file that is never fetched; its name may hold what no database takes."""
    return Stray(ascii(name)[:200], NO_SIZE, 1, str(error))
