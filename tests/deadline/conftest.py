"""A Deadline with our files in it: the farm as the core sees it, and people's hands on it."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from deadline_bench import deadline, web_deadline
from deadline_studio import studio
from story import simulated_cloud

FACES = {"agent": deadline, "rest": web_deadline}


@pytest.fixture
def both(request, tmp_path):
    with FACES[getattr(request, "param", "agent")](tmp_path) as (farm, hands):
        yield farm, hands


@pytest.fixture
def farm(both):
    return both[0]


@pytest.fixture
def hands(both):
    return both[1]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """Return what reaches a simulated cloud."""
    with simulated_cloud(tmp_path_factory.mktemp("cloud")) as found:
        yield found


@pytest.fixture
def open_studio(tmp_path, cloud, root):
    """Return a function that opens a studio; its policy may be switched off."""

    @contextmanager
    def opened(*, enabled=False, workers=0, store=""):
        scene = root / "examples" / "spin" / "spin.blend"
        options = {"enabled": enabled, "workers": workers, "store": store}
        with studio(tmp_path, cloud, scene, **options) as found:
            yield found

    return opened
