"""Before a burst costs anything, the cloud is asked what it offers and what the account has."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from decimal import Decimal

import pytest

from renderbus_core.burst import BurstState, Order
from renderbus_core.errors import RequestRefusedError


def counted(world, group, method):
    """Count the calls of an operation."""
    operations, calls = getattr(world.gateway.client, group), []
    asked = getattr(operations, method)

    def count(*args):
        calls.append(args)
        return asked(*args)

    setattr(operations, method, count)
    return calls


def sent(world, burst):
    """Return task.json as it was sent."""
    folder = world.gateway.config.burst.work_folder / burst
    return json.loads((folder / "task.json").read_text())


def checked(world, burst):
    """Return what a burst's record says of its check."""
    (reason,) = {e.reason for e in world.store.events(burst) if e.reason.startswith("checked,")}
    return reason


def test_the_cloud_is_asked_once_for_all_bursts_of_some_minutes(world):
    calls = counted(world, "query", "supported_plugin")
    machines = counted(world, "user", "get_hardware_config")
    for tasks in (("0", "1"), ("2", "3")):
        burst = world.order(*tasks)
        assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    world.clock.advance(3600)
    burst = world.order("4")
    world.carry(world.runner(burst), burst)
    assert calls == [("2000", "linux"), ("2000", "linux")]
    assert len(machines) == 2


def test_a_burst_asks_for_its_account_itself(world):
    calls = counted(world, "user", "query_user_profile")
    for tasks in (("0", "1"), ("2", "3")):
        burst = world.order(*tasks)
        world.carry(world.runner(burst), burst)
    assert len(calls) == 2


def test_a_version_that_is_not_offered_ends_a_burst_before_anything_is_sent(world):
    scene = world.folder / "shot.ma"
    scene.write_text(scene.read_text().replace("2023", "2030"))
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.FAILED
    assert "the cloud does not render Maya 2030 on Linux machines" in end.reason
    assert not world.engine
    assert world.remote_tasks() == []


def test_the_wanted_machines_are_asked_for(make_world):
    world = make_world(config='hardware_model = "2080Ti"\nhardware_ram = 128')
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    info = sent(world, burst)["task_info"]
    sizes = (info["hardwareConfigIds"], info["ram"], info["graphics_cards_num"])
    assert sizes == (["31"], "128", "2")


def test_machines_that_nobody_has_end_a_burst_with_those_that_are_there(make_world):
    world = make_world(config='hardware_model = "2080Ti"\nhardware_gpus = 8')
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.FAILED
    assert "platform 62 has no machine with 2080Ti, 8 graphics cards" in end.reason


def test_nobody_who_asks_for_nothing_gets_a_choice_made(world):
    burst = world.order()
    world.carry(world.runner(burst), burst)
    assert sent(world, burst)["task_info"]["hardwareConfigIds"] == []


def test_a_refused_question_is_a_warning_and_no_end(world):
    def refused(*_):
        raise RequestRefusedError("no rights")

    world.gateway.client.user.get_hardware_config = refused
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    # The other one is about the scene, whose last line is missing.
    assert checked(world, burst) == "checked, 2 warnings"


def test_arrears_end_a_burst_before_anything_is_sent(world):
    profile = world.gateway.client.user.query_user_profile()
    owing = replace(profile, rmbbalance=Decimal(-5), usdbalance=Decimal(-5))
    world.gateway.client.user.query_user_profile = lambda: owing
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.FAILED
    assert "is in arrears by 5.00 " in end.reason
    assert not world.engine


@pytest.mark.parametrize("changes", [{"hide_balance": 1}, {"cpu_price": Decimal(0)}])
def test_a_hidden_balance_or_prepaid_machines_are_no_arrears(world, changes):
    profile = world.gateway.client.user.query_user_profile()
    owing = {"rmbbalance": Decimal(-5), "usdbalance": Decimal(-5), "gpu_price": None}
    world.gateway.client.user.query_user_profile = lambda: replace(profile, **owing | changes)
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE


def test_a_project_is_created_once_and_its_number_sent(world):
    config = world.gateway.config
    world.gateway = replace(
        world.gateway, config=replace(config, cloud=replace(config.cloud, project_name="film"))
    )
    numbers = set()
    for tasks in (("0", "1"), ("2", "3")):
        burst = world.order(*tasks)
        world.carry(world.runner(burst), burst)
        numbers.add(sent(world, burst)["task_info"]["project_id"])
    (project,) = world.gateway.client.tag.get_list()
    assert project.project_name == "film"
    assert numbers == {str(project.project_id)}


def test_a_scene_saved_after_its_upload_is_not_rendered(world):
    burst = world.order()
    runner = world.runner(burst)
    world.carry(runner, burst, lambda b: b.state is BurstState.ID_RESERVED)
    scene = world.folder / "shot.ma"
    times = scene.stat().st_atime, scene.stat().st_mtime
    scene.write_text(scene.read_text() + "// a later thought\n")
    os.utime(scene, times)
    end = world.carry(runner, burst)
    assert end.state is BurstState.FAILED
    assert "was saved after it had been uploaded" in end.reason
    assert not any(task.is_submitted for task in world.remote_tasks())


def test_a_waived_warning_is_not_counted(make_world):
    waived = make_world(config='[preflight]\nwaive = ["frames_outside"]')
    counted = make_world()
    found = []
    for world in (waived, counted):
        scene = world.folder / "shot.ma"
        scene.write_text(scene.read_text().replace('".ef" 10', '".ef" 9'))
        burst = world.order()
        world.carry(world.runner(burst), burst)
        found.append(checked(world, burst))
    assert found == ["checked, 1 warning", "checked, 2 warnings"]


def events(world, burst, subject):
    return [(e.who, e.after, e.reason) for e in world.store.events(burst) if e.subject == subject]


def test_a_waiver_of_the_configuration_stands_in_the_log_with_what_it_waived(make_world):
    world = make_world(config='[preflight]\nwaive = ["frames_outside", "collision"]')
    scene = world.folder / "shot.ma"
    scene.write_text(scene.read_text().replace('".ef" 10', '".ef" 9'))
    burst = world.order()
    world.carry(world.runner(burst), burst)
    ((who, rule, reason),) = events(world, burst, "waiver")
    assert (who, rule) == ("gateway-1", "frames_outside")
    assert "frames 10 are not in the scene's own range" in reason
    assert "waived by preflight.waive" in reason


def test_a_waiver_by_hand_holds_for_its_burst_and_is_logged_with_who_gave_it(world):
    scene = world.folder / "shot.ma"
    scene.write_text(scene.read_text().replace('".ef" 10', '".ef" 9'))
    refs = tuple(task.ref for task in world.tasks())
    order = Order("local", world.job, refs, "a test", waived=("frames_outside",))
    (burst,) = world.store.plan([order], world.clock.now(), who="ada")
    world.carry(world.runner(burst.id), burst.id)
    assert events(world, burst.id, "waiver") == [("ada", "frames_outside", "waived by hand by ada")]
    assert checked(world, burst.id) == "checked, 1 warning"


def test_an_account_that_does_not_submit_by_itself_is_a_warning(world):
    setting = replace(world.gateway.client.user.query_user_setting(), auto_commit="1")
    world.gateway.client.user.query_user_setting = lambda: setting
    burst = world.order()
    world.carry(world.runner(burst), burst)
    assert checked(world, burst) == "checked, 2 warnings"


def test_an_account_that_may_not_download_ends_a_burst_before_anything_is_sent(world):
    setting = replace(world.gateway.client.user.query_user_setting(), download_disable=1)
    world.gateway.client.user.query_user_setting = lambda: setting
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.FAILED
    assert "may not download, so no frame could come home" in end.reason
    assert not world.engine


def test_a_missing_sound_is_written_as_the_code_that_the_vendor_has_for_it(world):
    add_sound(world)
    burst = world.order()
    assert world.carry(world.runner(burst), burst).state is BurstState.DONE
    folder = world.gateway.config.burst.work_folder / burst
    ((code, lines),) = json.loads((folder / "tips.json").read_text()).items()
    assert code == "50001"
    assert "voice.wav" in lines[0]


def test_a_code_that_the_site_calls_an_error_ends_the_burst_in_the_clouds_words(make_world):
    world = make_world(config='[preflight]\nseverity = {"50001" = "error"}')
    add_sound(world)
    burst = world.order()
    end = world.carry(world.runner(burst), burst)
    assert end.state is BurstState.FAILED
    assert "the analysis reports 50001" in end.reason
    assert "Files that the scene uses are missing" in end.reason


def add_sound(world):
    """Let the scene name a sound that is not there; no picture needs it."""
    scene = world.folder / "shot.ma"
    sound = 'createNode audio -n "voice";\n\tsetAttr ".f" -type "string" "voice.wav";\n'
    scene.write_text(
        scene.read_text().replace("select -ne :defaultRes", f"{sound}select -ne :defaultRes")
    )
