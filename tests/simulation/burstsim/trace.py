"""What happened, line by line; the same for equal cases, whatever the machine and its folders."""

from __future__ import annotations

import hashlib
from collections.abc import Callable


class Trace:
    """Lines of one history.

    Args:
        seconds: tells the time since the start.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self.lines: list[str] = []

    def note(self, actor: str, what: str) -> None:
        """Add a line.

        Args:
            actor: who did it.
            what: and what came of it.
        """
        self.lines.append(f"{self._seconds():8.1f}  {actor:<10}  {what}")

    @property
    def digest(self) -> str:
        """A short name of the whole history."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()[:16]
