"""What no policy can do better."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderbus_core.replay import Shot, Trace, least_cloud_seconds


def shot(name, arrives, seconds, deadline):
    return Shot(name, float(arrives), tuple(map(float, seconds)), 50, deadline, "maya")


def least(*shots, workers=1):
    return least_cloud_seconds(Trace("t", workers, shots))


@pytest.mark.parametrize(
    ("shots", "seconds"),
    [
        ((), 0),
        ((shot("a", 0, [10], 10),), 0),
        ((shot("a", 0, [10], 4),), 6),
        ((shot("a", 0, [10], None),), 0),
        ((shot("a", 0, [5], 5), shot("b", 0, [5], 8)), 2),
        ((shot("b", 0, [5], 8), shot("a", 3, [5], 8)), 2),
        ((shot("late", 5, [3], 6), shot("early", 0, [5], 5)), 2),
        ((shot("never pressing", 0, [9], None), shot("a", 0, [5], 5)), 0),
    ],
)
def test_what_must_leave(shots, seconds):
    assert least(*shots) == seconds


def test_more_workers_need_less_of_the_cloud():
    one = shot("a", 0, [10, 10], 10)
    assert [least(one, workers=n) for n in (1, 2, 3)] == [10, 0, 0]


whole = st.integers(0, 6)


@settings(max_examples=200)
@given(st.lists(st.tuples(whole, st.integers(1, 5), st.integers(1, 6)), max_size=6))
def test_it_is_what_the_best_schedule_of_unit_tasks_needs(jobs):
    """Compare with the most unit tasks that one worker can do in time, found by matching."""
    shots = [shot(str(n), at, [work], at + span) for n, (at, work, span) in enumerate(jobs)]
    units = [range(at, at + span) for at, work, span in jobs for _ in range(work)]
    taken: dict[int, int] = {}

    def placed(unit, seen):
        for slot in units[unit]:
            if slot not in seen:
                seen.add(slot)
                if slot not in taken or placed(taken[slot], seen):
                    taken[slot] = unit
                    return True
        return False

    done = sum(placed(unit, set()) for unit in range(len(units)))
    assert least(*shots) == pytest.approx(len(units) - done)
