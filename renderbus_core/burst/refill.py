"""Fetching again what is missing at home, of a burst that is over or of any folder of the account.

Nothing is recorded: what is at home is seen by looking.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from renderbus_core import package
from renderbus_core.burst.arrival import is_kept, stamp, take_place, waiting_room
from renderbus_core.burst.context import Gateway
from renderbus_core.burst.listing import files_below, root_of, walk
from renderbus_core.burst.model import Burst
from renderbus_core.burst.store import NO_SIZE, Output, Stray
from renderbus_core.errors import InputError, TransferError
from renderbus_core.jobs import BurstId
from renderbus_core.paths import safe_relative
from renderbus_core.transfer import Check, Download, Progress, look_at

_NOBODY = BurstId("download")


class Found(StrEnum):
    """What is at home of a file in the cloud."""

    THERE = "there"
    WANTED = "wanted"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class CloudFile:
    """One file of the cloud, and what is at home of it.

    Args:
        name: path below the output storage.
        size: bytes; `NO_SIZE` when the cloud does not tell.
        local: where it belongs; None when it belongs nowhere.
        found: what is at home; `LEFT` is neither whole nor to be fetched.
        why: for people; "" for what is there.
        pixels: declared width and height of the picture, if any.
        within: folder that it must stay in, if any.
    """

    name: str
    size: int
    local: Path | None
    found: Found
    why: str = ""
    pixels: tuple[int, int] | None = None
    within: Path | None = None


def survey(
    gateway: Gateway, burst: Burst, to: Path | None = None, *, replaces: bool = False
) -> tuple[CloudFile, ...]:
    """Compare what the cloud has of a burst with what is at home.

    Args:
        gateway: the shared parts.
        burst: which.
        to: folder that the files shall lie in, as in the cloud; None for the job's outputs.
        replaces: whether files that differ are replaced, whosever they are.

    Raises:
        InputError: the burst has nothing in the cloud, or is still at work.
        CloudError: the cloud cannot be asked.
    """
    remote_id = burst.remote_id
    if remote_id is None:
        raise InputError(f"burst {burst.id} never reached the cloud; there is nothing to download")
    if to is None and not burst.state.is_over:
        raise InputError(
            f"burst {burst.id} is at work and collects by itself; name a folder with --to for "
            "copies of what is finished"
        )
    info = gateway.client.query.task_info([remote_id]).get(remote_id)
    if info is None:
        raise InputError(
            f"the cloud does not know remote task {remote_id} any more; what is left of its files "
            "can be had with --server-path"
        )
    roots = [root_of(leaf) for leaf in info.leaves() if leaf.output_file_name]
    if to is not None:
        part = gateway.config.collect.server_path.strip("/")
        starts = [f"{root}/{part}" if part else root for root in dict.fromkeys(roots)]
        copies = (item for start in starts for item in _copies(gateway, start, to, replaces))
        return tuple(copies)
    look = _Home(gateway, burst, replaces=replaces)
    return tuple(look.item(file) for root in dict.fromkeys(roots) for file in look.listed(root))


def survey_folder(
    gateway: Gateway, path: str, to: Path, *, replaces: bool = False
) -> tuple[CloudFile, ...]:
    """Compare a folder of the output storage with a folder of this host.

    Args:
        gateway: the shared parts.
        path: of the folder in the cloud, for example `18164087_shot/beauty`.
        to: folder of this host.
        replaces: whether files that differ are replaced.

    Raises:
        InputError: the path is none, or nothing lies there.
    """
    start = f"/{safe_relative(path.strip('/'))}"
    items = tuple(_copies(gateway, start, to, replaces))
    if not items:
        raise InputError(f"nothing lies in {start} of the output storage; see the task's own page")
    return items


def refill(gateway: Gateway, items: tuple[CloudFile, ...], progress: Progress) -> dict[str, str]:
    """Fetch what is wanted; each file takes its place when it is whole and looked at.

    Returns:
        Why files did not come, by name.
    """
    wanted = {item.name: item for item in items if item.found is Found.WANTED}
    plan = [
        Download(name, waiting_room(item.local, _NOBODY), item.size, item.within)
        for name, item in wanted.items()
        if item.local is not None
    ]
    failed: dict[str, str] = {}
    engine = gateway.open_engine(gateway.client, gateway.config)
    try:
        engine.download(plan, progress)
    except TransferError as error:
        failed = dict.fromkeys(error.remaining, str(error))
    finally:
        engine.close()
    check = Check(gateway.config.collect.check)
    for item in plan:
        if item.remote not in failed:
            problem = _receive(wanted[item.remote], item.local, check)
            if problem:
                failed[item.remote] = problem
    return failed


def _receive(item: CloudFile, new: Path, check: Check) -> str | None:
    assert item.local is not None  # noqa: S101 - it was planned
    problem = look_at(new, check, item.pixels, item.local.suffix).problem
    if problem is None:
        try:
            take_place(new, item.local, _NOBODY, ours=None, since=None)
        except TransferError as error:
            problem = str(error)
    if problem is not None:
        with suppress(OSError):
            new.unlink()
    return problem


class _Home:
    """The outputs of a burst's job, as they are on this host."""

    def __init__(self, gateway: Gateway, burst: Burst, *, replaces: bool) -> None:
        config = gateway.config
        self._client = gateway.client
        self._policy = config.collect
        self._map = package.read(config.burst.work_folder / burst.id).outputs
        self._stamps = {file.local: file.stamp for file in gateway.store.outputs(burst.id)}
        keeps = config.collect.existing == "keep" and not replaces
        self._since = burst.created_at if keeps else None

    def listed(self, root: str) -> Iterator[Output | Stray]:
        return files_below(self._client, self._map, root, self._policy.server_path)

    def item(self, file: Output | Stray) -> CloudFile:
        if isinstance(file, Stray):
            return CloudFile(file.name, file.size, None, Found.LEFT, file.why)
        picture = self._map.picture_of(file.frame, file.local)
        pixels = picture.size if picture else None
        found, why = self._compared(file, pixels)
        return CloudFile(file.name, file.size, file.local, found, why, pixels)

    def _compared(self, file: Output, pixels: tuple[int, int] | None) -> tuple[Found, str]:
        why = _difference(file.local, file.size)
        if not why:
            why = look_at(file.local, Check(self._policy.check), pixels).problem or ""
        if not why:
            return Found.THERE, ""
        if file.size == NO_SIZE:
            return Found.LEFT, why
        if is_kept(file.local, self._stamps.get(file.local), self._since):
            return Found.LEFT, f"{file.local} {why}, but is newer than the burst"
        return Found.WANTED, f"{file.local} {why}"


def _copies(gateway: Gateway, start: str, to: Path, replaces: bool) -> Iterator[CloudFile]:
    for name, file in walk(gateway.client, start):
        size = NO_SIZE if file.file_size is None else file.file_size
        try:
            local = to / safe_relative(name.removeprefix(f"{start}/"))
        except InputError as error:
            yield CloudFile(ascii(name)[:200], size, None, Found.LEFT, str(error))
            continue
        why = _difference(local, size)
        found = Found.WANTED if why else Found.THERE
        if size == NO_SIZE or (why and stamp(local) is not None and not replaces):
            found = Found.LEFT
        yield CloudFile(name, size, local, found, f"{local} {why}" if why else "", within=to)


def _difference(local: Path, size: int) -> str:
    """Say how a local file differs from the cloud's; "" when it does not."""
    if size == NO_SIZE:
        return "cannot be compared: the cloud does not tell its size"
    try:
        have = local.stat().st_size
    except OSError as error:
        return f"is not there ({error.strerror})"
    return "" if have == size else f"has {have} bytes where the cloud has {size}"
