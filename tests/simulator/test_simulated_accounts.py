"""Main accounts, sub-accounts, their money, storages, projects and labels."""

from __future__ import annotations

import functools
import json
import re
from decimal import Decimal

import pytest

from renderbus_core.config import Secret
from renderbus_core.errors import RequestRefusedError
from renderbus_core.simulator import Account
from renderbus_core.simulator.account_state import label_id
from renderbus_core.simulator.accounts import inputs_of, storages_of
from renderbus_core.simulator.settings import FeeKind
from renderbus_core.simulator.transfer_line import TransferLine

MAIN = Account("MAIN", Secret("main-key"), user_id=1, user_name="main", balance=Decimal(500))
APART = Account("APART", Secret("apart-key"), user_id=2, user_name="apart", main=1)
SHARING = Account(
    "SHARING", Secret("sharing-key"), user_id=3, user_name="sharing", main=1, shares_capital=True
)
STRANGER = Account("STRANGER", Secret("stranger-key"), user_id=4, user_name="stranger")


@pytest.fixture
def family(simulate):
    sim = simulate(accounts=(MAIN, APART, SHARING, STRANGER), nodes=20)
    # One client each: a second one would begin its nonces anew.
    sim.client = functools.cache(sim.client)
    return sim


def submit(sim, account, task):
    """Submit a task, with its files where the account's tasks look for them."""
    for path in (task["task_info"]["input_cg_file"], "/a/wood.png"):
        sim.storage.files.add((inputs_of(account, sim.cloud.settings), path))
    return sim.submit(sim.client(account), task, files=())


def test_a_profile_says_whose_sub_account_it_is(family):
    profiles = [family.client(a).user.query_user_profile() for a in (MAIN, APART, SHARING)]
    shown = [(p.main_user_id, p.share_main_capital, p.use_main_balance) for p in profiles]
    assert shown == [(0, 0, 0), (1, 0, 0), (1, 1, 1)]
    assert [p.raw["subaccountLimits"] for p in profiles] == [2, 0, 0]
    settings = [family.client(a).user.query_user_setting() for a in (MAIN, APART, SHARING)]
    assert [s.share_main_capital for s in settings] == [0, 0, 1]


def test_who_shares_capital_sees_and_spends_the_money_of_the_main_account(family, blender_task):
    clients = [family.client(a) for a in (MAIN, APART, SHARING)]

    def balances():
        return [c.user.query_user_profile().usdbalance for c in clients]

    assert balances() == [500, 1000, 500]
    task_id = submit(family, SHARING, blender_task("1-60[1]"))
    family.finish(clients[2], task_id)
    # 60 frames of a minute are an hour of a machine.
    assert balances() == [Decimal("499.2"), 1000, Decimal("499.2")]


def test_coupons_are_shown_and_spent_before_the_balance(simulate, blender_task):
    rich = Account("R", Secret("k"), user_id=1, coupon=Decimal("0.5"), credit=Decimal(20))
    sim = simulate(accounts=(rich,), nodes=20)
    client = sim.client(rich)
    before = client.user.query_user_profile()
    assert (before.coupon, before.credit, before.usdbalance) == (Decimal("0.5"), 20, 1000)
    sim.finish(client, sim.submit(client, blender_task("1-60[1]")))
    after = client.user.query_user_profile()
    assert (after.coupon, after.usdbalance) == (0, Decimal("999.7"))


def test_hidden_costs_are_null_in_the_profile(simulate):
    hidden = Account("H", Secret("k"), user_id=1, shows_costs=False)
    profile = simulate(accounts=(hidden,)).client(hidden).user.query_user_profile()
    names = ["rmbbalance", "usdbalance", "credit", "coupon", "cpuPrice", "gpuPrice"]
    assert [profile.raw[name] for name in names] == [None] * 6
    assert (profile.hide_balance, profile.hide_job_charge) == (1, 1)
    assert (profile.usdbalance, profile.cpu_price) == (None, None)


def test_a_package_has_no_price_per_hour(simulate):
    packed = Account("P", Secret("k"), user_id=1, fee_kind=FeeKind.MACHINE_PACKAGE)
    profile = simulate(accounts=(packed,)).client(packed).user.query_user_profile()
    assert (profile.cpu_price, profile.gpu_price) == (0, 0)


def test_in_zone_1_the_balance_is_in_yuan(simulate):
    profile = simulate(zone=1).client().user.query_user_profile()
    assert (profile.rmbbalance, profile.usdbalance) == (1000, 0)


def test_the_storages_of_an_account_are_named(family):
    main, sharing = (family.client(a) for a in (MAIN, SHARING))
    bids = main.user.get_transfer_bid()
    assert (bids.input_bid, bids.output_bid, bids.config_bid) == ("10201", "20201", "30201")
    assert bids.parent_input_bid == ""
    subs = [{"userId": "2", "outputBid": "20201"}, {"userId": "3", "outputBid": "20201"}]
    assert bids.raw["sub_user_output_bids"] == subs
    assert sharing.user.get_transfer_bid().parent_input_bid == "10201"
    assert sharing.user.get_transfer_bid().raw["sub_user_output_bids"] == []
    config = main.transmit.get_transfer_config()
    assert (config.input_bid, config.raw["parentInputBid"]) == ("10201", None)
    assert config.resq_engines == ()
    assert [(s.user_id, s.output_bid) for s in config.sub_user_output_bids] == [
        ("2", "20201"),
        ("3", "20201"),
    ]
    assert sharing.transmit.get_transfer_config().parent_input_bid == "10201"


def test_the_line_beside_the_api_is_named_with_the_password_of_the_run(family):
    passwords = {user: Secret(f"of {user}") for user in (1, 2, 3, 4)}
    family.cloud._line = TransferLine("127.0.0.1", 8080, passwords)
    (engine,) = family.client(APART).transmit.get_transfer_config().resq_engines
    assert (engine.engine_name, engine.default_line.port) == ("HTTP", "8080")
    access = engine.account("20201")
    assert (access.name, access.password.reveal()) == ("2", "of 2")


def test_who_shares_capital_may_write_the_inputs_of_the_main_account_but_not_read_its_outputs(
    family,
):
    of = {a.user_name: storages_of(a, family.cloud.settings) for a in (MAIN, APART, SHARING)}
    assert of["main"].writable == {"10201-1"}
    assert of["main"].readable == {"10201-1", "20201-1", "20201-2", "20201-3"}
    assert of["apart"].writable == {"10201-2"}
    assert of["apart"].readable == {"10201-2", "20201-2"}
    assert of["sharing"].writable == {"10201-3", "10201-1"}
    assert of["sharing"].readable == {"10201-3", "10201-1", "20201-3"}


def test_files_of_a_sharing_task_are_looked_for_in_the_main_accounts_storage(family, blender_task):
    client = family.client(SHARING)
    for path in ("/a/spin.blend", "/a/wood.png"):
        family.storage.files.add(("10201-3", path))
    lost = family.finish(client, family.submit(client, blender_task("1"), files=()))
    assert lost.task_status == 45
    found = family.finish(client, submit(family, SHARING, blender_task("1")))
    assert found.task_status == 25
    assert {event.inputs for event in family.rendered} == {"10201-1"}
    assert {event.outputs for event in family.rendered} == {"20201-3"}


def test_a_main_account_sees_and_steers_the_tasks_of_its_sub_accounts(family, blender_task):
    task_id = submit(family, APART, blender_task("1-3[1]"))
    main = family.client(MAIN)
    (task,) = main.query.iter_tasks()
    assert (task.id, task.raw["userId"], task.raw["bid"]) == (task_id, 2, "20201")
    assert list(main.query.task_info([task_id])) == [task_id]
    main.task.stop_task([task_id])
    assert family.task(family.client(APART), task_id).task_status == 10


@pytest.mark.parametrize("account", [SHARING, STRANGER], ids=lambda a: a.user_name)
def test_nobody_else_sees_them(family, blender_task, account):
    task_id = submit(family, APART, blender_task("1"))
    client = family.client(account)
    assert list(client.query.iter_tasks()) == []
    assert client.query.task_info([task_id]) == {}
    with pytest.raises(RequestRefusedError, match="404"):
        client.task.stop_task([task_id])


def test_a_sub_account_does_not_see_the_tasks_of_its_main_account(family, blender_task):
    submit(family, MAIN, blender_task("1"))
    assert list(family.client(APART).query.iter_tasks()) == []


def test_a_main_account_lists_the_outputs_of_a_task_of_its_sub_account(family, blender_task):
    task = family.finish(family.client(APART), submit(family, APART, blender_task("1")))
    main = family.client(MAIN)
    (file,) = main.transmit.get_output_files("/", task.id)
    assert file.file_path == f"/{task.id}_spin/shot_0001.png"
    assert main.transmit.get_output_files("/") == ()


def test_the_time_after_which_tasks_are_late_can_be_set(family):
    client = family.client(MAIN)
    assert client.user.query_user_setting().task_over_time_sec == 43200
    client.user.update_user_settings(7200)
    setting = client.user.query_user_setting()
    assert (setting.task_over_time_sec, setting.raw["taskOverTime"]) == (7200, 2)
    assert family.client(APART).user.query_user_setting().task_over_time_sec == 43200
    with pytest.raises(RequestRefusedError, match="taskOverTimeSec"):
        client.user.update_user_settings(10**12)


def test_a_key_for_raysync_is_the_same_every_time_and_another_for_everybody(family):
    keys = {
        account.user_name: {
            family.client(account).query.get_raysync_user_key().ray_sync_user_key.reveal()
            for _ in range(2)
        }
        for account in (MAIN, APART)
    }
    assert [len(each) for each in keys.values()] == [1, 1]
    (main,), (apart,) = keys.values()
    assert re.fullmatch("[0-9a-f]{40}", main)
    assert main != apart


def names(projects):
    return [project.project_name for project in projects]


def test_projects_are_listed_alone_with_the_main_accounts_or_with_all_of_the_family(family):
    for account in (MAIN, APART, SHARING, STRANGER):
        family.client(account).tag.add_label(f"of {account.user_name}")
    tag = family.client(APART).tag
    assert names(tag.get_label_list()) == ["of apart"]
    assert [names(tag.get_list(flag)) for flag in (0, 1, 2)] == [
        ["of apart"],
        ["of apart", "of main"],
        ["of apart", "of main", "of sharing"],
    ]
    main = family.client(MAIN).tag
    assert [names(main.get_list(flag)) for flag in (0, 1, 2)] == [
        ["of main"],
        ["of main"],
        ["of main", "of apart", "of sharing"],
    ]


def test_projects_have_ids_and_exist_once(client):
    client.tag.add_label("show")
    client.tag.add_label("film", status=1)
    assert {p.project_name: p.project_id for p in client.tag.get_list(2)} == {
        "show": 3001,
        "film": 3002,
    }
    with pytest.raises(RequestRefusedError) as twice:
        client.tag.add_label("show")
    assert twice.value.code == 503


def test_a_deleted_project_is_gone_and_its_id_is_not_given_again(client):
    client.tag.add_label("show")
    client.tag.delete_label("show")
    assert client.tag.get_label_list() == ()
    with pytest.raises(RequestRefusedError) as gone:
        client.tag.delete_label("show")
    assert gone.value.code == 404
    client.tag.add_label("show")
    assert client.tag.get_label_list()[0].project_id == 3002


def labels(sim, task_id):
    return sim.cloud._world.tasks[task_id].labels


def test_a_label_is_put_on_tasks_once(sim, client):
    created = client.task.create_task(labels=["衣帽间"])
    client.tag.add_task_tag("burst-17", created.task_id_list)
    client.tag.add_task_tag("burst-17", created.task_id_list)
    assert labels(sim, created.task_id_list[0]) == ["衣帽间", "burst-17"]


def test_labels_of_a_submitted_task_are_listed_with_their_ids(sim, client, blender_task):
    task_id = sim.submit(client, blender_task())
    assert sim.task(client, task_id).labels == "{}"
    client.tag.add_task_tag('b"1', [task_id])
    assert json.loads(sim.task(client, task_id).labels) == {str(label_id('b"1')): 'b"1'}


def removed(client, **fields):
    client.tag._call("delete_task_label", **fields)


def test_labels_are_taken_off_the_named_tasks_by_name_or_id(sim, client):
    one, two = client.task.create_task(count=2, labels=["a", "b", "c"]).task_id_list
    client.tag.delete_task_tag([one], ["a", "nothing"], [label_id("b"), 7])
    assert labels(sim, one) == ["c"]
    removed(client, task_ids=[two], label_names=["c"])
    assert labels(sim, two) == ["a", "b"]
    removed(client, task_ids=[two], label_ids=[label_id("a")])
    assert labels(sim, two) == ["b"]


def test_ids_alone_take_labels_off_all_tasks_of_the_account(sim, client):
    theirs = sim.client(sim.cloud.settings.accounts[1])
    ours = client.task.create_task(count=2, labels=["a", "b"]).task_id_list
    (other,) = theirs.task.create_task(labels=["a"]).task_id_list
    removed(client, label_ids=[label_id("a")])
    assert [labels(sim, task_id) for task_id in (*ours, other)] == [["b"], ["b"], ["a"]]


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"task_ids": [1]}, "labelNames"),
        ({"label_ids": []}, "labelNames"),
        ({"label_names": ["a"], "label_ids": [1]}, "taskIds"),
        ({"label_names": ["a"], "label_ids": [], "task_ids": []}, "taskIds"),
    ],
)
def test_names_go_with_tasks_and_something_is_named(client, fields, missing):
    with pytest.raises(RequestRefusedError, match=missing) as refused:
        removed(client, **fields)
    assert refused.value.code == 601


def test_a_label_is_not_taken_off_when_one_of_the_tasks_is_not_there(sim, client):
    (task_id,) = client.task.create_task(labels=["a"]).task_id_list
    with pytest.raises(RequestRefusedError, match="404"):
        client.tag.delete_task_tag([task_id, 7], ["a"])
    assert labels(sim, task_id) == ["a"]
