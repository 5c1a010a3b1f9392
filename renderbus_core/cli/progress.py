"""How a transfer is shown while it runs: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn


class TransferBar:
    """A bar on standard error that counts bytes and names the last file.

    Args:
        total: bytes that will move.
    """

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        # A name from outside is never read as markup.
        name = TextColumn("{task.fields[file]}", markup=False)
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), name)
        self._shown = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._shown.add_task("", total=total, file="")

    def __enter__(self) -> Self:
        self._shown.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._shown.stop()

    def bytes_moved(self, count: int) -> None:
        """Move the bar."""
        self._shown.advance(self._task, count)

    def file_done(self, name: str, size: int, *, skipped: bool) -> None:
        """Name the file."""
        del size, skipped
        self._shown.update(self._task, file=name.rpartition("/")[2])
