"""Named render environments."""

from __future__ import annotations

import pytest

from renderbus_core.api import PluginVersion, RenderEnv
from renderbus_core.config import Secret
from renderbus_core.errors import RequestRefusedError
from renderbus_core.simulator import Account


def env(name="film", **changes):
    return RenderEnv(
        **{
            "edit_name": name,
            "cg_id": 2000,
            "cg_name": "Maya",
            "cg_version": "2023",
            "os_name": 1,
            "render_layer_type": 1,
            "plugins": (PluginVersion(plugin_id=101), PluginVersion(plugin_id=400)),
        }
        | changes
    )


def names(client, cg_ids=(2000,), os_name=None):
    return [found.edit_name for found in client.env.get_render_env(cg_ids, os_name)]


def refused(code, call, *args):
    with pytest.raises(RequestRefusedError) as refusal:
        call(*args)
    assert refusal.value.code == code
    return str(refusal.value)


def test_an_environment_comes_back_with_the_names_of_its_plug_ins(client):
    client.env.add_render_env(env(project_path="D:/film"))
    (found,) = client.env.get_render_env([2000])
    assert found.raw == {
        "cgId": 2000,
        "editName": "film",
        "cgName": "Maya",
        "cgVersion": "2023",
        "osName": 1,
        "renderLayerType": 1,
        "isDefault": 0,
        "projectPath": "D:/film",
        "isMainUserId": 0,
        "respUserPluginInfoVos": [
            {"pluginId": 101, "pluginName": "mtoa", "pluginVersion": "mtoa 4.0.4"},
            {"pluginId": 400, "pluginName": "yeti", "pluginVersion": "yeti 3.7.0"},
        ],
    }


def test_numbers_may_be_written_as_text_as_in_the_samples(client):
    client.env._call(
        "add_render_env",
        cg_id="2000",
        cg_name="Maya",
        cg_version="2018",
        edit_name="old",
        render_system="0",
        plugin_ids=[],
    )
    (found,) = client.env._call("get_render_env", cg_id="2000")
    assert (found["editName"], found["osName"], found["renderLayerType"]) == ("old", 0, 0)


def test_a_name_is_added_once_and_changed_only_when_it_is_there(client):
    message = refused(404, client.env.update_render_env, env())
    assert "there is no environment film" in message
    client.env.add_render_env(env())
    assert "film exists already" in refused(600, client.env.add_render_env, env())
    client.env.update_render_env(env(cg_version="2024", plugins=()))
    (found,) = client.env.get_render_env([2000])
    assert (found.cg_version, found.plugins) == ("2024", ())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cg_id": 2002}, "cgId"),
        ({"cg_version": "1.0"}, "cgVersion"),
        ({"cg_id": 2001, "cg_name": "3ds Max", "os_name": 0}, "cgVersion"),
        ({"plugins": (PluginVersion(plugin_id=10101),)}, "pluginIds"),
    ],
)
def test_what_the_platform_does_not_have_is_refused(client, changes, field):
    assert field in refused(600, client.env.add_render_env, env(**changes))
    assert names(client) == []


def test_one_environment_of_a_program_is_the_default(client):
    for name in ("a", "b"):
        client.env.add_render_env(env(name))
    client.env.add_render_env(env("c", cg_id=2007, cg_name="Blender", cg_version="4.2", plugins=()))
    for name in ("a", "b", "c"):
        client.env.set_default_render_env(name)
    found = client.env.get_render_env([2000, 2007])
    assert {row.edit_name: row.is_default for row in found} == {"a": 0, "b": 1, "c": 1}
    client.env.delete_render_env("b")
    assert [row.is_default for row in client.env.get_render_env([2000])] == [0]
    client.env.add_render_env(env("b"))
    assert [row.is_default for row in client.env.get_render_env([2000])] == [0, 0]


def test_a_default_that_moves_to_another_program_is_none_there(client):
    client.env.add_render_env(env("a"))
    client.env.set_default_render_env("a")
    client.env.update_render_env(
        env("a", cg_id=2007, cg_name="Blender", cg_version="4.2", plugins=())
    )
    assert [row.is_default for row in client.env.get_render_env([2000, 2007])] == [0]


def test_environments_are_found_by_programs_and_system(client):
    client.env.add_render_env(env("windows"))
    client.env.add_render_env(env("linux", os_name=0))
    client.env.add_render_env(
        env("blender", cg_id=2007, cg_name="Blender", cg_version="4.2", plugins=())
    )
    assert names(client) == ["windows", "linux"]
    assert names(client, [2000, "2007"]) == ["windows", "linux", "blender"]
    assert names(client, [2000, 2007], "linux") == ["linux"]
    assert names(client, [2002]) == []
    assert "cgIds" in refused(600, names, client, ["maya"])


def test_a_deleted_environment_is_gone(client):
    client.env.add_render_env(env())
    client.env.delete_render_env("film")
    assert names(client) == []
    refused(404, client.env.delete_render_env, "film")
    refused(404, client.env.set_default_render_env, "film")


def test_a_sub_account_sees_the_main_accounts_environments_and_cannot_change_them(simulate):
    main = Account("M", Secret("m"), user_id=1)
    sub = Account("S", Secret("s"), user_id=2, main=1)
    sim = simulate(accounts=(main, sub))
    house, client = sim.client(main), sim.client(sub)
    house.env.add_render_env(env("house"))
    client.env.add_render_env(env("mine"))
    found = client.env.get_render_env([2000])
    assert [(row.edit_name, row.is_main_user_id) for row in found] == [("mine", 0), ("house", 1)]
    refused(404, client.env.delete_render_env, "house")
    assert names(house) == ["house"]
