"""Listings: nothing is lost, nothing is endless, and no more is read than may be held."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderbus_core.api import Page, RemoteFrame
from renderbus_core.api.paging import MOST_PARALLEL, distinct, pages
from renderbus_core.errors import InputError, RequestRefusedError, UnknownOutcomeError

SIZE = 100


def page_of(rows, number, size=SIZE, **counts):
    counts = {"page_count": -(-len(rows) // size), "total": len(rows)} | counts
    return Page(page_num=number, items=tuple(rows[(number - 1) * size : number * size]), **counts)


def read_all(read, **options):
    return [row for page in pages(read, page_size=SIZE, **options) for row in page.items]


def frames(body, count, **counts):
    """Answer query_task_frames for a leaf of so many frames."""
    number, size = body["pageNum"], body["pageSize"]
    rows = range((number - 1) * size, min(number * size, count))
    return {
        "pageCount": -(-count // size),
        "pageNum": number,
        "total": count,
        "size": size,
        "items": [{"id": i + 1, "frameIndex": str(i)} for i in rows],
        **counts,
    }


def counted(read):
    asked = []

    def reading(number):
        asked.append(number)
        return read(number)

    return asked, reading


@pytest.mark.parametrize("parallel", [1, 3, 16])
@pytest.mark.parametrize("total", [0, 1, 99, 100, 101, 1000, 1050])
def test_every_frame_comes_once_and_in_order(answering, total, parallel):
    client, _ = answering({"query_task_frames": lambda body: frames(body, total)})
    found = client.query.iter_frames(7, parallel=parallel)
    assert [frame.frame_index for frame in found] == [str(i) for i in range(total)]


def test_a_short_listing_is_one_request(answering):
    client, cloud = answering({"query_task_frames": lambda body: frames(body, 42)})
    assert len(client.query.get_all_frames(7)) == 42
    assert len(cloud.sent) == 1


def test_ten_thousand_frames_are_a_hundred_pages_and_the_proof_that_they_end(answering):
    client, cloud = answering({"query_task_frames": lambda body: frames(body, 10_000)})
    assert len(client.query.get_all_frames(7)) == 10_000
    asked = Counter(body["pageNum"] for body in cloud.bodies("query_task_frames"))
    assert asked == Counter(range(1, 102))


@given(
    total=st.integers(0, 700),
    parallel=st.integers(1, MOST_PARALLEL),
    page_count=st.one_of(st.none(), st.integers(0, 12)),
    wrong_total=st.one_of(st.none(), st.integers(0, 1000)),
)
def test_counts_that_disagree_with_the_pages_lose_nothing(total, parallel, page_count, wrong_total):
    rows = list(range(total))
    wrong = {"page_count": page_count, "total": wrong_total}
    counts = {name: count for name, count in wrong.items() if count is not None}
    asked, reading = counted(lambda number: page_of(rows, number, **counts))
    assert read_all(reading, parallel=parallel) == rows
    assert len(asked) <= -(-total // SIZE) + 4 + parallel


@given(
    total=st.integers(0, 700), size=st.integers(20, SIZE), parallel=st.integers(1, MOST_PARALLEL)
)
def test_a_cloud_that_cuts_smaller_pages_than_asked_for_loses_nothing(total, size, parallel):
    rows = list(range(total))
    asked, reading = counted(lambda number: page_of(rows, number, size))
    assert read_all(reading, parallel=parallel) == rows
    assert len(asked) <= -(-total // size) + 1


def test_a_count_that_is_too_low_loses_nothing(answering):
    client, _ = answering({"query_task_frames": lambda body: frames(body, 450, pageCount=2)})
    assert len(client.query.get_all_frames(7)) == 450


def test_counts_that_are_both_too_low_lose_nothing(answering):
    wrong = {"pageCount": 2, "total": 200}
    client, _ = answering({"query_task_frames": lambda body: frames(body, 450, **wrong)})
    assert len(client.query.get_all_frames(7)) == 450


def test_counts_that_are_missing_lose_nothing(answering):
    wrong = {"pageCount": None, "total": None}
    client, _ = answering({"query_task_frames": lambda body: frames(body, 450, **wrong)})
    assert len(list(client.query.iter_frames(7))) == 450


def test_a_count_that_is_far_too_high_ends_with_two_empty_pages():
    rows = list(range(150))
    asked, read = counted(lambda n: page_of(rows, n, page_count=10**9, total=10**11))
    assert read_all(read) == rows
    assert asked == [1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("kept", [0, 90])
@pytest.mark.parametrize("parallel", [1, 4])
def test_a_page_that_came_empty_or_short_is_read_once_more(kept, parallel):
    rows = list(range(500))
    asked = Counter()

    def read(number):
        asked[number] += 1
        page = page_of(rows, number)
        is_hiccup = (number, asked[number]) == (3, 1)
        return dataclasses.replace(page, items=page.items[:kept]) if is_hiccup else page

    assert read_all(read, parallel=parallel) == rows
    assert asked[3] == 2


@pytest.mark.parametrize("order", [(90, 0), (0, 90)])
def test_of_two_readings_of_a_page_the_fuller_one_counts(order):
    rows, kept = list(range(500)), list(order)

    def read(number):
        page = page_of(rows, number)
        return dataclasses.replace(page, items=page.items[: kept.pop(0)]) if number == 3 else page

    assert read_all(read) == [*range(290), *range(300, 500)]


@pytest.mark.parametrize("kept", [0, 90])
def test_a_page_that_stays_empty_or_short_hides_no_others(kept):
    rows = list(range(500))

    def read(number):
        page = page_of(rows, number)
        return dataclasses.replace(page, items=page.items[:kept]) if number == 3 else page

    assert read_all(read, parallel=4) == [*range(200 + kept), *range(300, 500)]


@pytest.mark.parametrize("parallel", [1, 4])
def test_what_is_added_while_it_is_read_comes_too(parallel):
    rows = list(range(250))
    lock = threading.Lock()

    def read(number):
        with lock:
            if len(rows) < 600:
                rows.extend(range(len(rows), len(rows) + 50))
            return page_of(list(rows), number)

    found = read_all(read, parallel=parallel)
    assert found == list(range(len(found)))
    assert len(found) >= 500


def test_a_cloud_that_repeats_its_last_page_is_left():
    rows = list(range(200))
    asked, read = counted(lambda n: page_of(rows, min(n, 2)))
    assert read_all(read) == rows
    assert asked == [1, 2, 3]


def test_a_listing_without_end_is_given_up_with_a_sentence(monkeypatch):
    monkeypatch.setattr("renderbus_core.api.paging.MOST_PAGES", 5)
    listing = pages(lambda n: Page(items=tuple(range(n * 100, n * 100 + 100))), page_size=SIZE)
    with pytest.raises(UnknownOutcomeError, match="has not ended after 5 pages"):
        list(listing)


def test_no_more_records_is_an_empty_page(answering, refused):
    def none(_):
        raise refused(700)

    client, _ = answering({"query_task_frames": none, "task_record": none})
    assert client.query.get_all_frames(7) == ()
    assert client.user.task_record().items == ()


def test_a_row_that_moved_to_the_next_page_comes_once(answering):
    def listing(body):
        # Somebody submits task 1000 between the first page and the second.
        ids = [*range(150, 0, -1)] if body["pageNum"] == 1 else [1000, *range(150, 0, -1)]
        start = (body["pageNum"] - 1) * 100
        rows = [{"id": task_id} for task_id in ids[start : start + 100]]
        return {"pageCount": 2, "total": len(ids), "items": rows}

    client, _ = answering({"get_task_list": listing})
    assert [task.id for task in client.query.iter_tasks()] == [*range(150, 0, -1)]


def test_a_log_in_that_moved_to_the_next_page_comes_once(answering):
    def listing(body):
        # Somebody logs in between the first page and the second.
        ids = [*range(150, 0, -1)] if body["pageNum"] == 1 else [1000, *range(150, 0, -1)]
        start = (body["pageNum"] - 1) * 100
        rows = [{"id": record_id} for record_id in ids[start : start + 100]]
        return {"pageCount": 2, "total": len(ids), "items": rows}

    client, _ = answering({"login_record": listing})
    assert [record.id for record in client.user.iter_login_records()] == [*range(150, 0, -1)]


def test_rows_without_an_id_all_come():
    rows = [RemoteFrame(), RemoteFrame(), RemoteFrame(id=1), RemoteFrame(id=1)]
    assert list(distinct(rows)) == rows[:3]


def test_records_come_page_by_page(answering):
    def records(body):
        start = (body["pageNum"] - 1) * 100
        rows = [{"id": i, "userName": f"u{i}"} for i in range(start, min(start + 100, 130))]
        return {"pageCount": 2, "total": 130, "items": rows}

    client, cloud = answering({"login_record": records, "task_record": records})
    assert [record.id for record in client.user.iter_login_records()] == list(range(130))
    names = [record.user_name for record in client.user.iter_task_records("2026-01-01")]
    assert names == [f"u{i}" for i in range(130)]
    assert {body["startDate"] for body in cloud.bodies("task_record")} == {"2026-01-01"}


def test_a_log_is_read_line_by_line(answering):
    def log(body):
        return {"pageCount": 2, "total": 29967, "size": 16384, "items": [f"line {body['pageNum']}"]}

    client, cloud = answering({"get_render_log": log})
    assert list(client.query.iter_render_log(7)) == ["line 1", "line 2"]
    assert client.query.get_render_log(7).total == 29967
    assert {body["id"] for body in cloud.bodies("get_render_log")} == {7}


# -- reading ahead ------------------------------------------------------------------------------


def readers():
    return [t.name for t in threading.enumerate() if t.name.startswith("renderbus-page")]


@pytest.mark.parametrize("parallel", [1, 2, 5])
def test_no_more_pages_are_held_than_allowed(parallel):
    rows = list(range(3000))
    held, most, lock = 0, 0, threading.Lock()

    def read(number):
        nonlocal held, most
        with lock:
            held += 1
            most = max(most, held)
        return page_of(rows, number)

    for _ in pages(read, page_size=SIZE, parallel=parallel):
        with lock:
            held -= 1
    # The page in the consumer's hands was given back when it asked for the next one.
    assert most <= parallel


def test_pages_are_read_at_the_same_time():
    rows = list(range(1000))
    together = threading.Barrier(4, timeout=10)

    def read(number):
        if 2 <= number <= 9:
            together.wait()
        return page_of(rows, number)

    assert read_all(read, parallel=4) == rows


def test_a_consumer_that_stops_early_ends_the_reading():
    rows = list(range(5000))
    asked, read = counted(lambda n: page_of(rows, n))
    listing = pages(read, page_size=SIZE, parallel=4)
    assert [next(listing).items[0], next(listing).items[0]] == [0, 100]
    listing.close()
    begun = len(asked)
    assert begun <= 6
    assert readers() == []
    assert len(asked) == begun


def test_a_loop_over_frames_that_is_left_ends_the_reading(answering):
    client, cloud = answering({"query_task_frames": lambda body: frames(body, 5000)})
    first = next(frame for frame in client.query.iter_frames(7, numbers="50-90", parallel=8))
    assert first.frame_index == "50"
    assert len(cloud.sent) <= 9
    assert readers() == []


def test_a_page_that_fails_ends_the_reading_after_those_before_it():
    rows = list(range(5000))
    asked, lock = [], threading.Lock()

    def read(number):
        with lock:
            asked.append(number)
        if number == 3:
            raise RequestRefusedError("page 3")
        return page_of(rows, number)

    listing = pages(read, page_size=SIZE, parallel=4)
    assert [next(listing).items[0], next(listing).items[0]] == [0, 100]
    with pytest.raises(RequestRefusedError, match="page 3"):
        next(listing)
    assert max(asked) <= 6
    assert readers() == []


@pytest.mark.parametrize("parallel", [0, -1, 17])
def test_parallel_has_bounds_which_are_told_at_once(answering, parallel):
    client, cloud = answering()
    with pytest.raises(InputError, match="parallel must be 1 to 16"):
        client.query.iter_frames(7, parallel=parallel)
    assert cloud.sent == []
