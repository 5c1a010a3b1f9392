"""What the platform offers: machines, programs, plug-ins, explanations, servers, files."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from renderbus_core.config import Secret
from renderbus_core.errors import RequestRefusedError
from renderbus_core.package import programs
from renderbus_core.simulator import Account
from renderbus_core.simulator.settings import FeeKind


def test_platforms_are_listed_by_zone(client):
    assert 62 in [row.platform for row in client.query.platforms(2)]
    assert {row.type for row in client.query.platforms(1)} == {0, 1, 2}


def test_every_program_of_the_table_is_offered(client):
    offer = client.query.supported_software()
    assert {row.cg_name for row in offer.render_info_list} == {
        program.cg_name for program in programs().values()
    }
    assert offer.default_cg_id == 2000


def test_every_program_has_versions_and_ids_are_given_once(client):
    ids = []
    for row in client.query.supported_software().render_info_list:
        detail = client.query.supported_plugin(row.cg_id, "windows")
        assert detail.cg_version, row.cg_name
        ids += [version.id for version in detail.cg_version]
        first = detail.plugins_of(detail.cg_version[0])
        ids += [release.plugin_id for plugin in first for release in plugin.plugin_versions]
    assert len(ids) == len(set(ids))


def test_versions_and_plug_ins_are_listed_by_system(client):
    maya = client.query.supported_plugin(2000, "linux")
    assert "2023" in [version.cg_version for version in maya.cg_version]
    plugins = maya.plugins_of(maya.cg_version[0])
    assert {plugin.plugin_name for plugin in plugins} >= {"mtoa"}
    assert client.query.supported_plugin(2001, "linux").cg_version == ()
    assert client.query.supported_plugin("2001", "windows").cg_version != ()


@pytest.mark.parametrize("cg_id", [2099, -1, 10**40, "2099", "maya", "", "\uff12000"])
def test_a_program_that_is_not_there_is_refused(client, cg_id):
    with pytest.raises(RequestRefusedError, match="cgId"):
        client.query._call("query_supported_plugin", cg_id=cg_id, os_name="windows")


def test_machines_tell_what_they_do_not_render(client):
    machines = {row.id: row for row in client.user.get_hardware_config()}
    assert {row.platform for row in machines.values()} == {62}
    assert machines[33].gpu_count == 10
    assert "does not render" in machines[31].objections(2015)[0]
    assert "version 2018" in machines[33].objections(2000, "2018")[0]
    assert "code 15004" in machines[31].objections(2000, codes=["15004"])[0]
    assert (
        "redshift_GPU 3.0.67"
        in machines[33].objections(2000, "2023", {"redshift_GPU": "3.0.67"})[0]
    )
    assert machines[20].objections(2000, "2023", {"mtoa": "5.4.2"}) == ()
    assert machines[20].objections(2000, "2023", {"redshift_GPU": "3.6.04"})
    assert machines[32].status == 0


def test_lists_of_a_machine_may_be_null(client):
    (row,) = (row for row in client.user.get_hardware_config() if row.id == 32)
    assert (row.raw["notSupportCgVersions"], row.raw["notSupportPluginList"]) == (None, None)


def test_the_machines_of_a_task_are_marked(sim, client, blender_task):
    asked = sim.submit(client, blender_task("1", hardwareConfigIds=["21", "22"]))
    sim.clock.advance(15)

    def current(task_ids):
        return [row.id for row in client.user.get_hardware_config(task_ids) if row.current]

    assert current([]) == []
    assert current([asked]) == [21, 22]
    machines = {row.id: row for row in client.user.get_hardware_config()}
    client.task.edit_task_hardware_config([asked], machines[31])
    assert current([asked]) == [31]
    with pytest.raises(RequestRefusedError, match="404"):
        current([7])
    with pytest.raises(RequestRefusedError, match="taskIds"):
        current(["x"])


CODES = [
    "999",
    *map(str, [*range(10010, 10029), 10030, 10032, 10033]),
    *map(str, [15002, 15004, 15005, 15006, *range(15009, 15014), *range(15015, 15025)]),
    *map(str, range(15028, 15034)),
]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_named_code_of_the_analysis_is_explained(client, language):
    details = client.query.error_detail(CODES, language)
    assert [row.code for row in details] == CODES
    is_chinese = re.compile("[\u4e00-\u9fff]")
    for row in details:
        for text in (row.des_description_cn, row.des_solution_cn):
            assert bool(is_chinese.search(text)) == (language == "zh")
    types = {row.code: row.type for row in details}
    assert (types["10012"], types["15006"]) == (0, 1)


def test_codes_may_be_numbers_and_come_alone_and_unknown_ones_have_no_entry(client):
    def asked(**fields):
        return [row["code"] for row in client.query._call("error_detail", **fields)]

    assert asked(code=15006) == ["15006"]
    assert asked(code="15006", codes=[10012, "15006"], language="1") == ["15006", "10012"]
    assert asked(code="15000") == []
    assert asked(codes=[10**30]) == []


def test_raysync_servers_are_named_by_zone_with_addresses_of_nobody(client):
    infos = [client.query._call("get_transfer_server_msg", zone=zone) for zone in (1, 2)]
    assert [info["raysyncTransfer"]["proxyIp"] for info in infos] == ["192.0.2.10", "198.51.100.10"]
    assert infos[0]["clientVersion"] == "3.2.8.2"
    assert client.query.get_transfer_server_msg(1).raysync_transfer.ssl_port == 2443


def test_packages_are_listed_for_who_pays_by_package(simulate):
    packed = Account("P", Secret("p"), user_id=1, fee_kind=FeeKind.MACHINE_PACKAGE)
    by_use = Account("U", Secret("u"), user_id=2)
    sub = Account("S", Secret("s"), user_id=3, main=1, shares_capital=True)
    sim = simulate(accounts=(packed, by_use, sub))
    listed = [[p.pack_node_id for p in sim.client(a).query.get_pack_node_info()]
              for a in (packed, by_use, sub)]  # fmt: skip
    assert listed == [[501, 502], [], [501, 502]]


def test_files_are_listed_some_time_after_they_are_done(simulate, blender_task):
    sim = simulate(listing_lag_seconds=120, speed=2)
    client = sim.client()
    task = sim.finish(client, sim.submit(client, blender_task("1")))
    assert client.transmit.get_output_files("/", task.id) == ()
    assert client.transmit.get_output_files("/") == ()
    sim.clock.advance(60)
    assert len(client.transmit.get_output_files("/", task.id)) == 1
    assert len(client.transmit.get_output_files("/")) == 1


def test_sizes_may_be_kept_back(simulate, blender_task):
    sim = simulate(list_sizes=False)
    client = sim.client()
    task = sim.finish(client, sim.submit(client, blender_task("1")))
    (file,) = client.transmit.get_output_files("/", task.id)
    assert (file.file_size, file.directory, file.file_type) == (None, False, "png")
    (folder,) = client.transmit.get_output_files("/")
    assert folder.directory


def test_files_of_who_owes_money_are_marked(simulate, blender_task):
    poor = Account("P", Secret("p"), user_id=1, balance=Decimal("0.001"))
    sim = simulate(accounts=(poor,))
    client = sim.client(poor)
    task_id = sim.submit(client, blender_task("1-10[1]"))
    sim.finish(client, task_id)
    assert sim.task(client, task_id).task_status == 20
    rows = client.transmit.get_output_files("/")
    assert all(row.is_arrears == 1 for row in rows)
