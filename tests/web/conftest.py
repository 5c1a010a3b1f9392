"""Pictures for the tests of pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def png(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that makes a picture of one colour."""
    image = pytest.importorskip("PIL.Image")

    def make(size=(640, 360), mode="RGB", colour=(200, 30, 30)) -> Path:
        path = tmp_path / "a.png"
        image.new(mode, size, colour).save(path)
        return path

    return make
