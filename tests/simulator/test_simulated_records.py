"""The logs: what was done to tasks, and who came in."""

from __future__ import annotations

import json

import pytest

from renderbus_core.config import Secret
from renderbus_core.errors import AuthError, RequestRefusedError
from renderbus_core.simulator import Account

DAY = 86_400


def buttons(client, **filters):
    return [row.button_name for row in client.user.iter_task_records(**filters)]


def test_what_is_done_to_tasks_is_written_down(sim, client, blender_task):
    task_id = sim.submit(client, blender_task())
    client.query.task_info([task_id])
    client.task.stop_task([task_id])
    stop, submit = client.user.task_record().items
    assert stop.raw == {
        "userName": "ours",
        "taskType": "",
        "buttonName": "btn_stop",
        "taskIds": json.dumps([f"W{task_id}"]),
        "channel": "4",
        # The vendor's dates are China's.
        "createTime": "2026-03-01 20:00:00",
        "details": "",
        "operateSource": 4,
        "userId": "10000001",
        "requestIp": "127.0.0.1",
        "requestURI": "/api/rendering/task/renderingTask/stopTask",
        "requestParam": json.dumps({"taskIds": [task_id]}),
    }
    assert (submit.button_name, submit.task_ids) == ("btn_submit", stop.task_ids)


def test_what_is_refused_or_only_read_is_not_written_down(client):
    with pytest.raises(RequestRefusedError):
        client.task.stop_task([7])
    list(client.query.iter_tasks())
    assert buttons(client) == []


def test_the_log_is_read_page_by_page_newest_first(client):
    (task_id,) = client.task.create_task().task_id_list
    for number in range(1, 26):
        client.task.update_task_limit(task_id, number)
    pages = [client.user.task_record(page_num=number) for number in (1, 2, 3, 4)]
    assert [len(page.items) for page in pages] == [10, 10, 5, 0]
    assert (pages[0].page_count, pages[0].total, pages[0].size) == (3, 25, 10)
    limits = [json.loads(row.request_param)["taskLimit"] for row in pages[0].items]
    assert limits == list(range(25, 15, -1))


def test_the_log_is_cut_by_days_and_moments_in_china(sim, client):
    (task_id,) = client.task.create_task().task_id_list
    client.task.update_task_limit(task_id, 1)
    sim.clock.advance(5 * 3600)
    client.tag.add_task_tag("late", [task_id])
    limited, labelled = ["btn_limit"], ["btn_add_label"]
    assert buttons(client, end_date="2026-03-01") == limited
    assert buttons(client, start_date="2026-03-02") == labelled
    assert buttons(client, start_date="2026-03-01", end_date="2026-03-02") == labelled + limited
    assert buttons(client, start_date="2026-03-01 20:00:01") == labelled
    assert buttons(client, end_date="2026-03-02 00:59:59") == limited
    for wrong in ("yesterday", "2026-02-30", "9999-12-31 25:00:00"):
        with pytest.raises(RequestRefusedError, match="startDate"):
            buttons(client, start_date=wrong)


def test_the_last_day_of_all_is_refused_rather_than_counted_beyond(client):
    with pytest.raises(RequestRefusedError, match="endDate"):
        buttons(client, end_date="9999-12-31")


def test_the_first_call_of_a_day_is_a_log_in(sim, client):
    client.user.query_user_profile()
    client.user.query_user_profile()
    sim.clock.advance(DAY)
    rows = list(client.user.iter_login_records())
    assert [row.login_time for row in rows] == [1772452800000, 1772366400000]
    assert [(row.user_id, row.login_status, row.login_sta_desc) for row in rows] == [
        (10000001, "200", "success")
    ] * 2
    assert [row.id for row in rows] == [2, 1]
    assert len(list(client.user.iter_login_records(end_date="2026-03-01"))) == 1


def test_a_main_account_reads_what_its_sub_accounts_did_and_who_was_locked_out(simulate):
    main = Account("M", Secret("m"), user_id=1, user_name="main")
    sub = Account("S", Secret("s"), user_id=2, user_name="sub", main=1)
    locked = Account("L", Secret("l"), user_id=3, user_name="locked", main=1, refusal=804)
    sim = simulate(accounts=(main, sub, locked))
    client, working, shut_out = (sim.client(account) for account in (main, sub, locked))
    (task_id,) = working.task.create_task().task_id_list
    working.task.update_task_limit(task_id, 1)
    for _ in range(2):
        with pytest.raises(AuthError):
            shut_out.user.query_user_profile()
    (deed,) = client.user.task_record().items
    assert (deed.user_id, deed.user_name) == ("2", "sub")
    logins = {row.user_name: row for row in client.user.iter_login_records()}
    assert sorted(logins) == ["locked", "main", "sub"]
    assert logins["locked"].login_status == "804"
    assert logins["locked"].login_sta_desc == "ACCOUNT_LOCKED"
    assert [row.user_name for row in working.user.iter_login_records()] == ["sub"]


def test_a_wrong_key_is_no_log_in(sim, client):
    with pytest.raises(AuthError):
        sim.client(key="guess").user.query_user_profile()
    assert [row.login_status for row in client.user.iter_login_records()] == ["200"]
