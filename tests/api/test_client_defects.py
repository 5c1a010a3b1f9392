"""Situations in which the vendor's client fails, by the id of the defect, and what ours does."""

from __future__ import annotations

import pytest

from renderbus_core.api import HardwareConfig, PluginVersion, RenderEnv
from renderbus_core.errors import DocumentError, InputError

# As the vendor's documents show a row: three members that its client needs are in none of them.
ROW = {
    "id": 31,
    "type": 2,
    "model": "2080Ti",
    "ram": "128GB",
    "gpuNum": "10*GPU",
    "platform": 62,
    "current": True,
    "notSupportCgId": [2000],
    "status": 1,
}


def one_page(*rows):
    return {"pageCount": 1, "pageNum": 1, "total": len(rows), "size": 100, "items": list(rows)}


def hardware(answering, **more):
    client, _ = answering({"get_hardware_config": [ROW | more]})
    (row,) = client.user.get_hardware_config()
    return row


# -- statuses and trees -------------------------------------------------------------------------


@pytest.mark.parametrize("code", [15, 50, 60, 65, 70, 100, None, 4711])
def test_b4_every_status_can_be_looked_at(answering, code):
    client, _ = answering({"query_task_info": one_page({"id": 1, "taskStatus": code})})
    task = client.query.task_info([1])[1]
    assert task.status.code == (-1 if code is None else code)
    assert task.status.meaning
    assert task.is_over == (code in {15, 65, 70})


def test_b7_a_task_without_layers_is_its_own_leaf(answering):
    task = {"id": 1000, "isOpen": 0, "respRenderingTaskList": None}
    client, _ = answering({"query_task_info": one_page(task)})
    assert client.query.get_small_task_id(1000) == (1000,)


def test_b7_a_task_with_layers_has_theirs(answering):
    shell = {"id": 1000, "isOpen": 1, "respRenderingTaskList": [{"id": 1001}, {"id": 1002}]}
    client, _ = answering({"query_task_info": one_page(shell)})
    assert client.query.get_small_task_id(1000) == (1001, 1002)


@pytest.mark.parametrize("children", [None, []])
@pytest.mark.parametrize("is_open", [None, 0, 1])
def test_b25_a_shell_without_children_is_neither_an_error_nor_over(answering, is_open, children):
    task = {"id": 1, "taskStatus": 0, "isOpen": is_open, "respRenderingTaskList": children}
    client, _ = answering({"query_task_info": one_page(task)})
    found = client.query.task_info([1])[1]
    assert [leaf.id for leaf in found.leaves()] == [1]
    assert not found.is_over


# -- frames -------------------------------------------------------------------------------------


def test_b8_sixteen_tiles_of_a_frame_are_sixteen_entries(answering):
    tiles = [
        {"id": tile, "frameIndex": "0", "frameBlock": str(tile), "frameStatus": 4}
        for tile in range(1, 17)
    ]
    client, _ = answering({"query_task_frames": one_page(*tiles)})
    assert [frame.id for frame in client.query.get_all_frames(1)] == list(range(1, 17))
    assert len(list(client.query.iter_frames(1))) == 16


@pytest.mark.parametrize("method", ["stop_frame", "restart_frame"])
def test_b29_a_forgotten_list_does_not_act_on_the_whole_task(answering, method):
    client, cloud = answering()
    with pytest.raises(InputError, match="exactly one of ids, numbers, statuses"):
        getattr(client.query, method)(1000)
    assert cloud.sent == []


@pytest.mark.parametrize("method", ["stop_frame", "restart_frame"])
def test_b28_the_list_of_entries_is_judged_before_it_is_sent(answering, method):
    client, cloud = answering()
    with pytest.raises(DocumentError, match="ids"):
        getattr(client.query, method)(1000, ids=["12", None])
    assert cloud.sent == []


def test_b30_a_log_is_always_that_of_a_frame(answering):
    client, cloud = answering()
    with pytest.raises(TypeError):
        client.query.get_render_log()
    with pytest.raises(DocumentError, match="id"):
        client.query.get_render_log(None)
    assert cloud.sent == []


# -- machines -----------------------------------------------------------------------------------


@pytest.mark.parametrize("listed", [[2000], ["2000"]])
@pytest.mark.parametrize("asked", [2000, "2000"])
def test_b10_a_dcc_that_a_machine_does_not_render_is_found_in_either_form(answering, listed, asked):
    row = hardware(answering, notSupportCgId=listed)
    assert row.objections(asked) == ("machine 2080Ti 128GB 10*GPU does not render program 2000",)
    assert row.objections(2001) == ()


@pytest.mark.parametrize(
    "more",
    [{}, {"notSupportCode": None, "notSupportCgVersions": None, "notSupportPluginList": None}],
    ids=["missing", "null"],
)
def test_b11_members_that_no_document_lists_may_be_absent(answering, more):
    row = hardware(answering, **more)
    assert row.objections("2007", "3.4", {"x": "1"}, ["10012"]) == ()


def test_b11_where_they_are_they_count(answering):
    row = hardware(
        answering,
        notSupportCode=["15015"],
        notSupportCgVersions=[{"cgId": 2007, "cgVersionName": "2.79"}],
        notSupportPluginList=["redshift.* 2\\.", "bad(pattern 1"],
    )
    plugins = {"Redshift_GPU": "2.5.48", "bad(pattern": "1"}
    reasons = row.objections(2007, "2.79", plugins, [15015, 1])
    assert [reason.split("does not render ")[1] for reason in reasons] == [
        "version 2.79 of program 2007",
        "a scene whose analysis found code 15015",
        "with plug-in Redshift_GPU 2.5.48",
        "with plug-in bad(pattern 1",
    ]


@pytest.mark.parametrize(
    ("text", "count"), [("10*GPU", 10), ("2*GPU", 2), (None, 0), ("", 0), ("GPU", 0)]
)
def test_b12_gpus_are_counted_as_a_number(answering, text, count):
    row = hardware(answering, gpuNum=text)
    assert row.gpu_count == count
    assert row.ram_gigabytes == 128


def test_b12_a_machine_without_gpu_is_asked_for_as_the_protocol_wants_it(answering):
    client, cloud = answering()
    client.task.edit_task_hardware_config([1], HardwareConfig.read(ROW | {"gpuNum": None}))
    (body,) = cloud.bodies("edit_task_hardware_config")
    assert body["gpuNum"] == ""


# -- account, zones, environments ---------------------------------------------------------------


def test_b42_settings_never_overwrite_the_profile(answering):
    profile = {"userId": 7, "infoStatus": 2, "accountType": 1, "shareMainCapital": 1}
    setting = {"infoStatus": None, "accountType": None, "shareMainCapital": 0}
    client, _ = answering({"query_user_profile": profile, "query_user_setting": setting})
    before, settings, after = (
        client.user.query_user_profile(),
        client.user.query_user_setting(),
        client.user.query_user_profile(),
    )
    assert before == after
    assert (after.info_status, after.account_type, after.share_main_capital) == (2, 1, 1)
    assert (settings.info_status, settings.share_main_capital) == (None, 0)


@pytest.mark.parametrize("domain", ["task.renderbus.com", "jop.foxrenderfarm.com"])
@pytest.mark.parametrize("zone", [1, 2])
def test_b9_both_questions_about_a_zone_send_the_zone_that_was_asked_for(answering, domain, zone):
    client, cloud = answering({"get_transfer_server_msg": {}}, domain=domain)
    client.query.platforms(zone)
    client.query.get_transfer_server_msg(zone)
    assert [body for _, _, body in cloud.sent] == [{"zone": zone}, {"zone": zone}]


@pytest.mark.parametrize("domain", ["task.foxrenderfarm.com", "jop.foxrenderfarm.com"])
@pytest.mark.parametrize(("language", "number"), [("zh", 0), ("en", 1)])
def test_b33_explanations_are_in_the_language_of_the_endpoint_not_of_the_domain(
    answering, domain, language, number
):
    client, cloud = answering({"error_detail": []}, domain=domain, language=language)
    assert client.query.error_detail(["10012"]) == ()
    assert cloud.bodies("error_detail") == [{"codes": ["10012"], "language": number}]


@pytest.mark.parametrize("os_name", ["windows", "linux"])
def test_b34_plug_ins_are_those_of_the_render_machines_not_of_the_workstation(answering, os_name):
    client, cloud = answering({"query_supported_plugin": {}})
    client.query.supported_plugin(2000, os_name)
    assert cloud.bodies("query_supported_plugin") == [{"cgId": 2000, "osName": os_name}]


@pytest.mark.parametrize("cg_id", [2004, "2004"])
def test_b5_environments_are_listed_by_the_id_of_the_dcc(answering, cg_id):
    client, _ = answering({"get_render_env": [{"cgId": 2004, "editName": "fx", "osName": 0}]})
    (env,) = client.env.get_render_env([cg_id])
    assert (env.edit_name, env.os_name) == ("fx", 0)


def test_b44_an_environment_that_was_read_can_be_stored_again(answering):
    stored = {
        "cgId": 2000,
        "editName": "maya",
        "cgName": "Maya",
        "cgVersion": "2023",
        "osName": "0",
        "renderLayerType": 0,
        "isDefault": 1,
        "projectPath": None,
        "respUserPluginInfoVos": [{"pluginId": 7, "pluginName": "mtoa"}],
    }
    client, cloud = answering({"get_render_env": [stored]})
    (env,) = client.env.get_render_env([2000])
    client.env.update_render_env(env)
    client.env.add_render_env(RenderEnv(plugins=(PluginVersion(plugin_id=7),), **named(env)))
    assert cloud.bodies("add_render_env") == cloud.bodies("update_render_env")
    assert cloud.bodies("add_render_env")[0]["renderSystem"] == 0


def named(env):
    names = ("edit_name", "cg_id", "cg_name", "cg_version", "render_layer_type")
    return {name: getattr(env, name) for name in names}


def test_b44_labels_are_taken_off_by_name_alone(answering):
    client, cloud = answering()
    client.tag.delete_task_tag([1], ["burst-1"])
    assert cloud.bodies("delete_task_label")[0]["labelNames"] == ["burst-1"]


def test_b43_seconds_that_are_no_whole_number_are_refused_at_once(answering):
    client, cloud = answering()
    with pytest.raises(DocumentError, match="overTime"):
        client.task.set_task_overtime_stop([1], 3600.5)
    assert cloud.sent == []


# -- storage ------------------------------------------------------------------------------------


def test_b27_a_folder_below_a_task_can_be_listed(answering):
    client, cloud = answering({"get_output_files": [{"fileName": "a.png", "fileSize": 5}]})
    (file,) = client.transmit.get_output_files("/layer", task_id=1001)
    assert file.file_size == 5
    assert cloud.bodies("get_output_files") == [{"treePath": "/layer", "taskId": 1001}]
