"""Acting on frames: exactly what was selected, and never everything by accident."""

from __future__ import annotations

import pytest

from renderbus_core.errors import InputError, RequestRefusedError, UnknownOutcomeError
from renderbus_core.frames import FrameSet

ROWS = [
    {"id": 1, "frameIndex": "1", "frameType": 1, "frameStatus": 4},
    {"id": 2, "frameIndex": "0", "frameType": 2, "frameStatus": 4},
    {"id": 11, "frameIndex": "1", "frameBlock": "", "frameType": 5, "frameStatus": 4},
    {"id": 12, "frameIndex": "2-4[1]", "frameBlock": None, "frameType": 5, "frameStatus": 5},
    {"id": 13, "frameIndex": "7-1", "frameBlock": "1", "frameType": 5, "frameStatus": 4},
    {"id": 14, "frameIndex": "7-3", "frameBlock": "3", "frameType": 5, "frameStatus": 11},
    {"id": 15, "frameIndex": "7", "frameBlock": "", "frameType": 7, "frameStatus": 1},
    {"id": 16, "frameIndex": "-5", "frameBlock": "", "frameType": 5, "frameStatus": 99},
]
ACTIONS = {"stop_frame": "stop_task_frames", "restart_frame": "restart_frame"}


@pytest.fixture
def leaf(answering):
    """Return a client whose leaf 7 has photons, several frames on a machine and tiles."""
    page = {"pageCount": 1, "total": len(ROWS), "items": ROWS}
    return answering({"query_task_frames": page})


def act(client, method, **selection):
    getattr(client.query, method)(7, **selection)


@pytest.mark.parametrize("method", ACTIONS)
@pytest.mark.parametrize(
    ("selection", "body"),
    [
        ({"ids": (11, 12)}, {"selectAll": 0, "ids": [11, 12]}),
        ({"statuses": {5}}, {"selectAll": 1, "status": [5]}),
        ({"everything": True}, {"selectAll": 1}),
        ({"numbers": [1]}, {"selectAll": 0, "ids": [11]}),
        ({"numbers": "2-4"}, {"selectAll": 0, "ids": [12]}),
        ({"numbers": FrameSet.of([-5, 7])}, {"selectAll": 0, "ids": [13, 14, 15, 16]}),
    ],
)
def test_one_selection_acts_on_just_that(leaf, method, selection, body):
    client, cloud = leaf
    act(client, method, **selection)
    assert cloud.bodies(ACTIONS[method]) == [{"taskId": 7, **body}]


@pytest.mark.parametrize("method", ACTIONS)
@pytest.mark.parametrize(
    ("selection", "why"),
    [
        ({}, "exactly one of ids, numbers, statuses or everything=True, not by 0"),
        ({"ids": [11], "everything": True}, "exactly one .* not by 2"),
        ({"ids": []}, "ids names nothing"),
        ({"statuses": []}, "statuses names nothing"),
        ({"numbers": []}, "no entry for the asked frames: none"),
        ({"numbers": "8-20"}, "no entry for the asked frames: 8, 9, 10, 11, 12 and 8 more"),
        ({"numbers": [1, 8]}, "no entry for the asked frames: 8"),
        ({"numbers": [3]}, r"entry 2-4\[1\] renders frames 2,4 too"),
        ({"numbers": "1-3"}, r"entry 2-4\[1\] renders frames 4 too"),
        ({"numbers": "x"}, "x"),
        ({"ids": ["12"]}, "ids"),
        ({"ids": 12}, "12 is no list"),
        ({"numbers": 12}, "12 is no list"),
        ({"numbers": ["12"]}, "frame numbers are whole numbers, or one text; not '12'"),
        ({"numbers": "a-b"}, "this is not a frame or a range"),
        ({"statuses": "35"}, "'35' is no list"),
        ({"statuses": ["5"]}, "status"),
        ({"everything": "no"}, "exactly one .* not by 0"),
        ({"everything": 1}, "exactly one .* not by 0"),
    ],
)
def test_a_selection_that_is_unclear_sends_nothing(leaf, method, selection, why):
    client, cloud = leaf
    with pytest.raises(InputError, match=why):
        act(client, method, **selection)
    assert cloud.bodies(ACTIONS[method]) == []


def test_a_read_by_number_gives_all_entries_that_hold_it(leaf):
    client, _ = leaf
    assert [f.id for f in client.query.iter_frames(7, numbers=[3, 7])] == [12, 13, 14, 15]
    assert [f.id for f in client.query.iter_frames(7, numbers="1")] == [11]


def test_a_read_by_status_gives_those_that_have_it(leaf):
    client, _ = leaf
    assert [f.id for f in client.query.iter_frames(7, statuses=(5, 11))] == [12, 14]
    assert [f.id for f in client.query.iter_frames(7, numbers="1-7", statuses={4})] == [11, 13]
    assert [f.id for f in client.query.iter_frames(7)] == [row["id"] for row in ROWS]


def test_an_index_that_is_no_frame_is_named_with_its_entry(answering):
    rows = [{"id": 5, "frameIndex": "wood.png"}]
    client, _ = answering({"query_task_frames": {"pageCount": 1, "total": 1, "items": rows}})
    with pytest.raises(UnknownOutcomeError, match=r"frame entry 5 has the index 'wood\.png'"):
        client.query.stop_frame(7, numbers=[1])


def test_the_leaves_of_a_task_that_is_not_known_are_asked_for_in_vain(answering):
    client, _ = answering({"query_task_info": {"items": None}})
    with pytest.raises(RequestRefusedError, match="does not know task 7"):
        client.query.get_small_task_id(7)
