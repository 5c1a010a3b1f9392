"""A Deadline with our files in it: the farm as the core sees it, and people's hands on it."""

from __future__ import annotations

import pytest
from deadline_bench import deadline


@pytest.fixture
def both(tmp_path):
    with deadline(tmp_path) as (farm, hands):
        yield farm, hands


@pytest.fixture
def farm(both):
    return both[0]


@pytest.fixture
def hands(both):
    return both[1]
