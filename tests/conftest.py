"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A stalled machine must not fail a property; each property bounds its own work.
settings.register_profile("bridge", deadline=None)
settings.load_profile("bridge")

# The only reasons for which a test may be left out; in CI any other one fails the run.
FINE_SKIPS = (
    "needs the folder ../shared",
    "Blender is not installed",
    "about Windows paths on another system",
    "about signals of another system",
    "this file system does not tell upper from lower case",
    "this system has no named pipes",
)

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


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in CI that left out a test for a reason that nobody agreed to."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return
    reasons = {str(report.longrepr[2]) for report in reporter.stats.get("skipped", [])}
    odd = [why for why in reasons if not why.removeprefix("Skipped: ").startswith(FINE_SKIPS)]
    if odd:
        reporter.write_line(f"left out without a reason that is listed: {'; '.join(odd)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
