"""Several files at the same time: a bounded number of threads, and every result read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from renderbus_core.errors import LocalDiskError, TransferError
from renderbus_core.transfer.plan import Download, Progress, Upload

Item = TypeVar("Item", bound=Upload | Download)
Tell = Callable[[int], None]
"""How a worker says that so many bytes have moved; raises when it shall stop."""

_TICK = 1.0
_CAUSES_SHOWN = 3


class _StoppedError(Exception):
    """The transfer is not wanted any more."""


class _Workers(Generic[Item]):
    """The threads of one transfer, and what they say.

    Args:
        move: moves one file.
        count: most threads.
    """

    def __init__(self, move: Callable[[Item, Tell], bool], count: int) -> None:
        self._move = move
        self._said: SimpleQueue[int | Future[bool]] = SimpleQueue()
        self._stop = threading.Event()
        self._full: LocalDiskError | None = None
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="transfer")

    def begin(self, item: Item) -> Future[bool]:
        future = self._pool.submit(self._one, item)
        future.add_done_callback(self._said.put)
        return future

    def hear(self) -> int | Future[bool]:
        """Return what was said next: bytes that moved, or a file that is done."""
        try:
            return self._said.get(timeout=_TICK)
        except Empty:
            return 0

    def end(self) -> None:
        self._stop.set()
        self._pool.shutdown(cancel_futures=True)

    def _one(self, item: Item) -> bool:
        if self._full is not None:
            raise self._full
        try:
            return self._move(item, self._tell)
        except LocalDiskError as error:
            if error.everywhere:
                self._full = error
            raise

    def _tell(self, count: int) -> None:
        if self._stop.is_set():
            raise _StoppedError
        self._said.put(count)


def move_all(
    plan: Sequence[Item],
    move: Callable[[Item, Tell], bool],
    progress: Progress,
    workers: int,
    name: Callable[[Item], str],
) -> None:
    """Move every file of a plan; one that fails does not keep the others from moving.

    Args:
        plan: the files.
        move: moves one, on a thread of its own; tells bytes as they go and returns whether the
            file was there already.
        progress: hears of it on this thread; an error that it raises ends everything.
        workers: most files at the same time.
        name: of a file, for people and for `remaining`.

    Raises:
        LocalDiskError: a disk of this host was among the causes.
        TransferError: some files did not move.
    """
    failures: dict[str, TransferError] = {}
    threads = _Workers(move, workers)
    try:
        waiting = {threads.begin(item): item for item in plan}
        while waiting:
            said = threads.hear()
            if isinstance(said, int):
                progress.bytes_moved(said)
                continue
            item = waiting.pop(said)
            try:
                skipped = said.result()
            except TransferError as error:
                failures[name(item)] = error
            else:
                progress.file_done(item.server_name, item.size, skipped=skipped)
    finally:
        threads.end()
    if failures:
        raise _summary(failures, len(plan))


def _summary(failures: Mapping[str, TransferError], count: int) -> TransferError:
    left = list(failures)
    wait = f"{len(left)} of {count} files"
    disks = [error for error in failures.values() if isinstance(error, LocalDiskError)]
    if disks:
        everywhere = any(disk.everywhere for disk in disks)
        return LocalDiskError(f"{wait} wait: {disks[0]}", left, everywhere=everywhere)
    causes: dict[str, str] = {}
    for file, error in failures.items():
        causes.setdefault(str(error), file)
    shown = [f"{file} ({cause})" for cause, file in causes.items()][:_CAUSES_SHOWN]
    more = f" and {len(left) - len(shown)} more" if len(left) > len(shown) else ""
    return TransferError(
        f"{', '.join(shown)}{more} did not move; {wait} are left and will be tried again", left
    )
