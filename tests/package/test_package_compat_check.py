"""`RayvisionCheck` against the simulated cloud: an id per package, and all faults at once."""

from __future__ import annotations

import inspect
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from renderbus_core.api import Seams, routes
from renderbus_core.api.compat import RayvisionAPI, RayvisionAPIError
from renderbus_core.clock import ManualClock
from renderbus_core.config import Secret
from renderbus_core.errors import DocumentError, UnknownOutcomeError
from renderbus_core.package import Severity, programs
from renderbus_core.package.compat import CheckError, EditError, RayvisionCheck
from renderbus_core.simulator import Account, Settings, SimulatedCloud, SimulatorAdapter

HARDWARE = {"model": "Default", "ram": "64GB", "gpuNum": None}
ACCOUNT = Account("SIM-ours", Secret("our-key"), user_id=10000001, user_name="ours")


class Wire(SimulatorAdapter):
    """Writes down what is asked, and changes the data of some answers."""

    def __init__(self, cloud, clock, changes):
        super().__init__(cloud, clock)
        self.asked = []
        self._changes = changes

    def send(self, request, **settings):
        name = routes()[urlsplit(request.url).path].name
        self.asked.append((name, json.loads(request.body)))
        reply = super().send(request, **settings)
        if name in self._changes:
            envelope = reply.json()
            envelope["data"] = self._changes[name]
            reply._content = json.dumps(envelope).encode()
        return reply

    def close(self):
        pass

    def bodies(self, name):
        return [body for asked, body in self.asked if asked == name]


@pytest.fixture
def cloud():
    """Return a maker: answers' data by operation -> (the script's client, what it asks)."""

    def make(changes=None, domain="task.foxrenderfarm.com", kind=RayvisionAPI):
        clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
        storage = SimpleNamespace(exists=lambda storage, path: False)  # noqa: ARG005
        simulated = SimulatedCloud(Settings(accounts=(ACCOUNT,)), storage)
        wire = Wire(simulated, clock, changes or {})
        nonces = itertools.count(10**14)
        seams = Seams(
            clock=clock,
            sleep=lambda _: None,
            nonce=lambda: str(next(nonces)),
            adapter=lambda: wire,
        )
        api = kind("SIM-ours", "our-key", domain, platform="62", protocol="http", seams=seams)
        return api, wire

    return make


@pytest.fixture
def package(documents_of, tmp_path):
    """Return a maker of folders with four documents; settings of the task may differ."""
    numbers = itertools.count()

    def make(name="maya", tips=None, software=None, without=(), **settings):
        folder = tmp_path / f"{name}{next(numbers)}"
        folder.mkdir()
        documents = documents_of(name)
        documents.task["task_info"] |= settings
        documents.task["software_config"] |= software or {}
        if tips is not None:
            documents.tips.clear()
            documents.tips.update(tips)
        for part in {"task", "upload", "asset", "tips"} - set(without):
            text = json.dumps(getattr(documents, part), ensure_ascii=False)
            (folder / f"{part}.json").write_text(text, encoding="utf-8")
        return folder

    return make


def content(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def info(folder):
    return content(folder / "task.json")["task_info"]


def machine(**changes):
    row = {"id": 40, "model": "4090", "ram": "64GB", "gpuNum": None, "platform": 62, "status": 1}
    return row | changes


def refused(api, folder, hardware=None):
    with pytest.raises(CheckError) as caught:
        RayvisionCheck(api).execute(hardware or HARDWARE, folder / "task.json")
    return caught.value


def rules(error):
    return [each.rule for each in error.findings if each.severity is Severity.ERROR]


# -- a good package -----------------------------------------------------------------------------


def test_arguments_are_the_vendors():
    made = list(inspect.signature(RayvisionCheck).parameters)
    executed = inspect.signature(RayvisionCheck.execute).parameters
    assert made[:3] == ["api", "analyze", "workspace"]
    assert {name: one.default for name, one in executed.items() if one.default != one.empty} == {
        "upload_json": "",
        "asset_json": "",
        "is_cover": True,
        "only_id": True,
    }
    assert list(executed)[1:3] == ["hardware_config", "task_json"]


def test_what_the_cloud_gives_is_filled_in(cloud, package):
    api, _ = cloud()
    folder = package(project_name="harbour", hardwareConfigIds=[], ram="1", platform="")
    task_id = RayvisionCheck(api).execute(
        HARDWARE,
        str(folder / "task.json"),
        str(folder / "upload.json"),
        str(folder / "asset.json"),
    )
    assert isinstance(task_id, int)
    found = info(folder)
    assert found["task_id"] == str(task_id)
    assert found["user_id"] == "10000001"
    assert found["platform"] == "62"
    assert found["hardwareConfigIds"] == ["20", "22"]
    assert (found["ram"], found["graphics_cards_num"]) == ("64", "2")
    projects = api.tag.get_list(2)["projectNameList"]
    assert found["project_id"] in {str(each["projectId"]) for each in projects}
    for name in ("task.json", "upload.json"):
        api.transmit.upload_json_content(task_id, (folder / name).read_text(), name)
    assert api.submit(task_id) is True


def test_a_task_without_a_project_has_none(cloud, package):
    api, wire = cloud()
    folder = package(project_name="")
    RayvisionCheck(api).execute(HARDWARE, folder / "task.json")
    assert info(folder)["project_id"] == "0"
    assert wire.bodies("get_project_list_by_flag") == []


def test_ids_that_are_there_are_kept(cloud, package):
    api, wire = cloud()
    folder = package(task_id="77", user_id="8", project_id="9")
    assert RayvisionCheck(api).execute(HARDWARE, folder / "task.json") == 77
    assert wire.bodies("create_task") == []
    assert (info(folder)["user_id"], info(folder)["project_id"]) == ("8", "9")


def test_the_content_comes_with_the_id_when_it_is_wanted(cloud, package):
    api, _ = cloud()
    folder = package()
    task, task_id = RayvisionCheck(api).execute(HARDWARE, folder / "task.json", only_id=False)
    assert task == content(folder / "task.json")
    assert task["task_info"]["task_id"] == str(task_id)


def test_numbers_of_a_script_become_text(cloud, package):
    api, _ = cloud()
    folder = package(frames_per_task=2, time_out=43200, platform=62)
    RayvisionCheck(api).execute(HARDWARE, folder / "task.json")
    found = info(folder)
    assert (found["frames_per_task"], found["time_out"]) == ("2", "43200")


def test_what_is_rendered_is_the_scene_where_nothing_else_is_said(cloud, package):
    api, _ = cloud()
    folder = package("blender")
    task = content(folder / "task.json")
    del task["scene_info_render"]
    (folder / "task.json").write_text(json.dumps(task))
    RayvisionCheck(api).execute(HARDWARE, folder / "task.json")
    assert content(folder / "task.json")["scene_info_render"] == task["scene_info"]


@pytest.mark.parametrize("name", sorted(programs()))
def test_every_program_is_found_by_the_name_that_clients_use(cloud, package, name):
    folder = package(name)
    version = content(folder / "task.json")["software_config"]["cg_version"]
    offer = {"cgVersion": [{"id": 1, "cgVersion": version}], "cgPlugin": []}
    api, wire = cloud({"query_supported_plugin": offer})
    RayvisionCheck(api).execute(HARDWARE, folder / "task.json")
    (asked,) = wire.bodies("query_supported_plugin")
    assert str(asked["cgId"]) == programs()[name].cg_id


# -- where documents come from and go to --------------------------------------------------------


def test_the_file_that_was_read_is_the_one_that_is_written(cloud, package):
    api, _ = cloud()
    folder = package()
    path = (folder / "task.json").rename(folder / "shot_v2.json")
    kept = {each.name: each.read_bytes() for each in folder.iterdir() if each != path}
    check = RayvisionCheck(api)
    task_id = check.execute(HARDWARE, path)
    assert content(path)["task_info"]["task_id"] == str(task_id)
    assert check.task_json == str(path)
    assert kept == {each.name: each.read_bytes() for each in folder.iterdir() if each != path}


def test_a_copy_is_a_whole_package_in_a_new_folder(cloud, package, tmp_path):
    api, _ = cloud()
    folder = package()
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    check = RayvisionCheck(api, workspace=str(tmp_path))
    task_id = check.execute(HARDWARE, folder / "task.json", is_cover=False)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before
    made = Path(check.task_json).parent
    assert made.parent == tmp_path
    assert {each.name for each in made.iterdir()} == set(before)
    assert info(made)["task_id"] == str(task_id)
    assert content(check.upload_json) == content(folder / "upload.json")


def test_content_goes_into_the_workspace_and_is_not_changed_itself(cloud, documents_of, tmp_path):
    api, _ = cloud()
    given = documents_of("maya")
    check = RayvisionCheck(api, workspace=tmp_path)
    check.execute(HARDWARE, given.task, given.upload, given.asset)
    assert given == documents_of("maya")
    assert check.task_json == str(tmp_path / "task.json")
    assert content(check.upload_json) == given.upload
    assert check.tips_json is None


def test_an_analysis_says_where_the_documents_are(cloud, package, tmp_path):
    api, wire = cloud()
    folder = package(tips={"10012": ["wood.png"]})
    for name in ("upload", "asset", "tips"):
        (folder / f"{name}.json").rename(tmp_path / f"left_{name}.json")
    analyze = SimpleNamespace(
        task_json=str(folder / "task.json"),
        **{
            f"{name}_json": str(tmp_path / f"left_{name}.json")
            for name in ("upload", "asset", "tips")
        },
    )
    check = RayvisionCheck(api, analyze=analyze)
    check.execute(HARDWARE, task_json=analyze.task_json)
    assert [row["code"] for row in check.error_warn_info_list] == ["10012"]
    assert check.upload_json == analyze.upload_json
    assert wire.bodies("error_detail")[0]["codes"] == ["10012"]


def test_documents_that_are_not_there_are_not_judged(cloud, package):
    api, _ = cloud()
    folder = package(without=["upload", "asset", "tips"])
    check = RayvisionCheck(api)
    check.execute(HARDWARE, folder / "task.json")
    assert not [each for each in check.findings if not each.where.startswith("task.json")]
    assert [each.name for each in folder.iterdir()] == ["task.json"]


def test_making_a_check_does_nothing(cloud, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    api, wire = cloud()
    RayvisionCheck(api)
    assert wire.asked == []
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(EditError, match=r"gone' is no folder; make it first") as caught:
        RayvisionCheck(api, workspace=str(tmp_path / "gone"))
    assert caught.value.error_code == 1000004


# -- the vendor's defects -----------------------------------------------------------------------


def test_b1_three_packages_before_the_first_submit_have_three_ids(cloud, package):
    api, _ = cloud()
    check = RayvisionCheck(api)
    folders = [package(), package(), package("blender")]
    ids = [check.execute(HARDWARE, folder / "task.json") for folder in folders]
    assert len(set(ids)) == 3
    assert [info(folder)["task_id"] for folder in folders] == list(map(str, ids))


def test_b2_one_dictionary_for_several_packages_stays_without_an_id(cloud, documents_of, tmp_path):
    api, _ = cloud()
    template = documents_of("maya")
    ids = {
        RayvisionCheck(api, workspace=tmp_path).execute(HARDWARE, template.task, template.upload)
        for _ in range(2)
    }
    assert len(ids) == 2
    assert template == documents_of("maya")


def test_b3_packages_of_one_second_have_folders_of_their_own(
    cloud, documents_of, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    api, _ = cloud()
    given = documents_of("maya")
    checks = [RayvisionCheck(api) for _ in range(2)]
    ids = [check.execute(HARDWARE, given.task, given.upload) for check in checks]
    assert [content(check.task_json)["task_info"]["task_id"] for check in checks] == [
        str(each) for each in ids
    ]
    assert {Path(check.task_json).parent.parent for check in checks} == {
        tmp_path / "renderfarm_sdk"
    }


@pytest.mark.parametrize("unsupported", [[2000], ["2000"]])
def test_b10_a_machine_that_does_not_render_the_program_is_refused(cloud, package, unsupported):
    api, _ = cloud({"get_hardware_config": [machine(notSupportCgId=unsupported)]})
    error = refused(api, package())
    assert rules(error) == ["hardware_scene"]
    assert "machine 4090 64GB does not render program 2000" in str(error)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {
            "notSupportCgId": None,
            "notSupportCode": None,
            "notSupportCgVersions": None,
            "notSupportPluginList": None,
        },
    ],
)
def test_b11_a_row_as_it_is_documented_refuses_nothing(cloud, package, more):
    api, _ = cloud({"get_hardware_config": [machine(**more)]})
    folder = package(tips={"10012": ["wood.png"]})
    RayvisionCheck(api).execute(HARDWARE, folder / "task.json")
    assert info(folder)["hardwareConfigIds"] == ["40"]


def test_b12_ten_graphics_cards_are_not_one(cloud, package):
    api, _ = cloud()
    folder = package()
    RayvisionCheck(api).execute(
        {"model": ["4090"], "ram": "256GB", "gpuNum": "10*GPU"}, folder / "task.json"
    )
    assert info(folder)["graphics_cards_num"] == "10"


def test_b13_a_document_without_the_key_of_hardware_passes(cloud, package):
    api, _ = cloud()
    folder = package("arnold_standalone")
    task = content(folder / "task.json")
    for key in ("hardwareConfigId", "hardwareConfigIds", "ram", "graphics_cards_num"):
        task["task_info"].pop(key, None)
    (folder / "task.json").write_text(json.dumps(task))
    RayvisionCheck(api).execute(HARDWARE, folder / "task.json")
    assert info(folder)["hardwareConfigIds"] == ["20", "22"]


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_b16_a_missing_file_is_named(cloud, package, missing):
    api, wire = cloud()
    folder = package()
    paths = [folder / f"{name}.json" for name in ("task", "upload", "asset")]
    paths[missing] = folder / "gone.json"
    with pytest.raises(EditError, match=r"gone.json' is not there") as caught:
        RayvisionCheck(api).execute(HARDWARE, *paths)
    assert caught.value.error_code == 1000004
    assert wire.asked == []


@pytest.mark.parametrize(
    ("domain", "language"), [("task.renderbus.com", 0), ("task.foxrenderfarm.com", 1)]
)
def test_b33_explanations_come_in_the_language_of_the_domain(cloud, package, domain, language):
    api, wire = cloud(domain=domain)
    RayvisionCheck(api).execute(HARDWARE, package(tips={"10012": []}) / "task.json")
    assert [body["language"] for body in wire.bodies("error_detail")] == [language]


def test_b33_a_client_that_says_its_language_is_believed(cloud, package):
    class Speaking(RayvisionAPI):
        language = "en"

    api, wire = cloud(domain="task.renderbus.com", kind=Speaking)
    RayvisionCheck(api).execute(HARDWARE, package(tips={"10012": []}) / "task.json")
    assert [body["language"] for body in wire.bodies("error_detail")] == [1]


@pytest.mark.parametrize("here", ["linux", "win32"])
def test_b34_versions_are_those_of_the_tasks_system(cloud, package, monkeypatch, here):
    monkeypatch.setattr("sys.platform", here)
    api, wire = cloud()
    for code in "01":
        RayvisionCheck(api).execute(HARDWARE, package(os_name=code) / "task.json")
    asked = [body["osName"] for body in wire.bodies("query_supported_plugin")]
    assert asked == ["linux", "windows"]


def test_forty_codes_are_one_question(cloud, package):
    api, wire = cloud()
    codes = [str(code) for code in range(10000, 10040)]
    folder = package(tips={code: [] for code in codes})
    RayvisionCheck(api).execute(HARDWARE, folder / "task.json")
    assert [body["codes"] for body in wire.bodies("error_detail")] == [codes]


# -- a bad package ------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_said_at_once_and_nothing_happens(cloud, package):
    api, wire = cloud()
    folder = package(
        tips={"15006": ["no camera"], "10012": ["wood.png", "oak.png"]},
        software={"cg_version": "2017"},
        tiles="4",
        frames_per_task="5",
    )
    before = (folder / "task.json").read_bytes()
    error = refused(api, folder, {"model": "28C", "ram": "512GB", "gpuNum": "2*GPU"})
    assert set(rules(error)) == {"hardware_wanted", "version_offer", "tiles", "tips_block"}
    assert error.error_code == 1000000
    assert isinstance(error, DocumentError)
    assert len(error.problems) == len(rules(error))
    assert (folder / "task.json").read_bytes() == before
    asked = {name for name, _ in wire.asked}
    assert not asked & {"create_task", "add_label", "submit_task"}


def test_a_code_that_blocks_is_said_with_what_the_cloud_says_of_it(cloud, package):
    api, _ = cloud()
    check = RayvisionCheck(api)
    with pytest.raises(CheckError, match=r"tips.json: 15006: the analysis reports 15006: persp"):
        check.execute(HARDWARE, package(tips={"15006": ["persp"]}) / "task.json")
    (row,) = check.error_warn_info_list
    assert row["details"] == ["persp"]
    (finding,) = [each for each in check.findings if each.rule == "tips_block"]
    assert row["desDescriptionCn"].rstrip(".") in finding.message
    assert finding.fix == row["desSolutionCn"].rstrip(".")


def test_a_code_that_warns_is_logged(cloud, package, caplog):
    api, _ = cloud()
    check = RayvisionCheck(api)
    check.execute(HARDWARE, package(tips={"10012": ["wood.png"]}) / "task.json")
    assert "tips.json: 10012: the analysis reports 10012: wood.png" in caplog.text
    assert "tips" in [each.rule for each in check.findings]


def test_a_studio_may_judge_a_code_otherwise(cloud, package):
    api, _ = cloud()
    folder = package(tips={"15006": [], "10012": []})
    with pytest.raises(CheckError) as caught:
        RayvisionCheck(api, blocks={"15006": False, "10012": True}).execute(
            HARDWARE, folder / "task.json"
        )
    assert [problem.where for problem in caught.value.problems] == ["tips.json: 10012"]


def test_a_code_that_the_cloud_does_not_know_warns(cloud, package):
    api, _ = cloud({"error_detail": [{"code": 10012, "type": "1"}]})
    RayvisionCheck(api).execute(HARDWARE, package(tips={"99999": ["odd"]}) / "task.json")


def test_a_document_without_its_form_is_refused_before_the_cloud_is_asked(cloud, package):
    api, wire = cloud()
    folder = package(os_name="amiga", tiles="many")
    error = refused(api, folder)
    assert set(rules(error)) == {"schema"}
    assert len(error.problems) == 2
    assert wire.asked == []


@pytest.mark.parametrize("task", [{}, "", None])
def test_an_empty_task_has_the_vendors_number(cloud, task):
    api, _ = cloud()
    with pytest.raises(EditError, match="the task is empty") as caught:
        RayvisionCheck(api).execute(HARDWARE, task)
    assert caught.value.error_code == 2000


def test_a_task_without_settings_is_refused(cloud):
    api, _ = cloud()
    with pytest.raises(EditError, match="task_info: it must be an object"):
        RayvisionCheck(api).execute(HARDWARE, {"task_info": []})


def test_a_plugin_that_is_not_offered_warns(cloud, package):
    api, _ = cloud()
    check = RayvisionCheck(api)
    check.execute(HARDWARE, package(software={"plugins": {"mtoa": "9.9"}}) / "task.json")
    assert [each.message for each in check.findings if each.rule == "plugin_offer"] == [
        "mtoa 9.9 is not offered for Maya 2024 on windows machines"
    ]


# -- machines -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hardware", "ids"),
    [
        ({"model": "28C", "ram": "64GB", "gpuNum": None}, ["22"]),
        ({"model": ["28C", "Default"], "ram": "64GB"}, ["20", "22"]),
        ({"model": ["28C"], "ram": 64, "gpuNum": ""}, ["22"]),
        ({"model": "2080Ti", "ram": "128GB", "gpuNum": "2*GPU"}, ["31"]),
        (None, ["21"]),
    ],
)
def test_machines_are_chosen_by_model_memory_and_cards(cloud, package, hardware, ids):
    api, _ = cloud()
    folder = package()
    RayvisionCheck(api).execute(hardware, folder / "task.json")
    assert info(folder)["hardwareConfigIds"] == ids


@pytest.mark.parametrize(
    "hardware",
    [
        {"model": "28C", "ram": "512GB", "gpuNum": None},
        {"model": "nobody's", "ram": "64GB", "gpuNum": None},
        {"model": "1080Ti", "ram": "64GB", "gpuNum": "2*GPU"},  # cannot be had
    ],
)
def test_a_machine_that_is_not_there_is_refused_with_those_that_are(cloud, package, hardware):
    api, _ = cloud()
    error = refused(api, package(), hardware)
    assert rules(error) == ["hardware_wanted"]
    assert "choose one of Default 64GB, Default 128GB, 28C 64GB, 2080Ti 64GB 1*GPU" in str(error)


def test_of_several_machines_those_are_asked_for_that_render_the_scene(cloud, package):
    rows = [machine(id=40), machine(id=41, model="28C", notSupportPluginList=["^MTOA"])]
    api, _ = cloud({"get_hardware_config": rows})
    folder = package()
    check = RayvisionCheck(api)
    check.execute(HARDWARE, folder / "task.json")
    assert info(folder)["hardwareConfigIds"] == ["40"]
    (finding,) = [each for each in check.findings if each.rule == "hardware_left_out"]
    assert "28C 64GB does not render with plug-in mtoa 5.4.2" in finding.message


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"notSupportCode": [10012]}, "whose analysis found code 10012"),
        (
            {"notSupportCgVersions": [{"cgId": 2000, "cgVersionName": "2024"}]},
            "does not render version 2024 of program 2000",
        ),
        ({"notSupportPluginList": ["mtoa 5\\."]}, "does not render with plug-in mtoa 5.4.2"),
        ({"notSupportPluginList": ["mtoa 5.4.2", "("]}, "does not render with plug-in mtoa 5.4.2"),
    ],
)
def test_what_a_machine_does_not_render_is_said(cloud, package, limit, words):
    api, _ = cloud({"get_hardware_config": [machine(**limit)]})
    error = refused(api, package(tips={"10012": []}))
    assert rules(error) == ["hardware_scene"]
    assert words in str(error)


@pytest.mark.parametrize(
    "hardware", [{"model": "28C"}, {"ram": "64GB"}, {"model": 5, "ram": 64}, [1]]
)
def test_hardware_that_says_too_little_is_refused(cloud, package, hardware):
    api, _ = cloud()
    with pytest.raises(EditError, match="write for example") as caught:
        RayvisionCheck(api).execute(hardware, package() / "task.json")
    assert caught.value.error_code == 1000003


# -- a cloud in trouble -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "data"),
    [
        ("get_hardware_config", [{"model": "no id"}]),
        ("get_hardware_config", {"rows": 1}),
        ("query_supported_plugin", {"cgVersion": [{}]}),
        ("query_supported_plugin", ["2024"]),
        ("error_detail", ["10012"]),
        ("create_task", {"taskIdList": []}),
        ("create_task", None),
    ],
)
def test_an_answer_without_its_form_is_named(cloud, package, operation, data):
    api, _ = cloud({operation: data})
    folder = package(tips={"10012": []})
    before = (folder / "task.json").read_bytes()
    with pytest.raises(UnknownOutcomeError, match="does not have its documented form"):
        RayvisionCheck(api).execute(HARDWARE, folder / "task.json")
    assert (folder / "task.json").read_bytes() == before


def test_a_refusal_of_the_cloud_comes_as_the_clients_own_error(cloud, package):
    api, _ = cloud()
    api._session._credentials = api._session._credentials.__class__("SIM-nobody", Secret("x"))
    with pytest.raises(RayvisionAPIError):
        RayvisionCheck(api).execute(HARDWARE, package() / "task.json")
