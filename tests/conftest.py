"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# A stalled machine must not fail a property; each property bounds its own work.
settings.register_profile("bridge", deadline=None)
settings.load_profile("bridge")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of facts and scenes beside the checkout; skip where it is absent."""
    folder = (ROOT.parent / "shared").resolve()
    if not (folder / "facts").is_dir():
        pytest.skip("needs the folder ../shared (facts and scenes), which is not here")
    return folder
