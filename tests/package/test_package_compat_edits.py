"""The vendor's functions that edit files: the same names and places, without their defects."""

from __future__ import annotations

import inspect
import json
import os
import pickle
import stat
from pathlib import Path

import pytest

from renderbus_core.errors import InputError
from renderbus_core.package.compat import (
    CheckError,
    Code,
    EditError,
    append_to_task,
    append_to_upload,
    cutting_upload,
    update_task_info,
)
from renderbus_core.package.findings import Finding, Severity

ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="about Windows paths on another system")


@pytest.fixture
def package(documents_of, tmp_path):
    """Return a folder with the documents of a program, as the vendor's tools write them."""

    def make(name="maya", **changes):
        folder = tmp_path / name
        folder.mkdir()
        documents = documents_of(name)
        for part in ("task", "upload", "asset", "tips"):
            text = json.dumps(changes.get(part, getattr(documents, part)), indent=2)
            (folder / f"{part}.json").write_text(text)
        return folder

    return make


def content(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def files(*names):
    return [{"local": f"/show/{name}", "server": f"/show/{name}"} for name in names]


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (update_task_info, "update_info, task_path"),
        (append_to_task, "additional_info, task_path, cover=True"),
        (append_to_upload, "files_paths, upload_path"),
        (
            cutting_upload,
            "upload_path, max_resources_number=None, after_cutting_position=None",
        ),
    ],
)
def test_arguments_are_the_vendors(function, arguments):
    shown = [
        one.name if one.default is one.empty else f"{one.name}={one.default!r}"
        for one in inspect.signature(function).parameters.values()
    ]
    assert ", ".join(shown) == arguments


# -- task.json ----------------------------------------------------------------------------------


def test_a_setting_is_changed_in_the_file(package):
    path = package() / "task.json"
    before = content(path)
    assert update_task_info({"frames_per_task": 2}, str(path)) is None
    before["task_info"]["frames_per_task"] = "2"
    assert content(path) == before


def test_b14_a_package_of_machines_can_be_rented(package):
    path = package() / "task.json"
    update_task_info({"pack_node_id": "623"}, path)
    assert content(path)["task_info"]["pack_node_id"] == "623"


def test_b13_hardware_can_be_named_where_no_sample_has_the_key(package, documents_of):
    task = documents_of("arnold_standalone").task
    task["task_info"].pop("hardwareConfigIds", None)
    path = package("arnold_standalone", task=task) / "task.json"
    update_task_info({"hardwareConfigIds": ["20"]}, path)
    assert content(path)["task_info"]["hardwareConfigIds"] == ["20"]


def test_b14_the_documented_dictionary_is_changed_itself(documents_of):
    task = documents_of("maya").task
    update_task_info({"frames_per_task": "2"}, task)
    append_to_task({"shot": "sh020"}, task)
    assert task["task_info"]["frames_per_task"] == "2"
    assert task["additional_info"] == {"shot": "sh020"}


def test_b15_additions_that_cover_nothing_are_saved(package):
    path = package() / "task.json"
    append_to_task({"shot": "sh020"}, path, cover=False)
    append_to_task({"take": "木"}, path, False)
    assert content(path)["additional_info"] == {"shot": "sh020", "take": "木"}
    assert "木" in path.read_text(encoding="utf-8")


def test_a_refusal_changes_no_file_and_has_the_vendors_number(package):
    path = package() / "task.json"
    append_to_task({"shot": "sh020"}, path)
    before = path.read_bytes()
    for change in (
        lambda: update_task_info({"frame_per_task": "2"}, path),
        lambda: append_to_task({"shot": "x"}, path, cover=False),
    ):
        with pytest.raises(EditError) as caught:
            change()
        assert caught.value.error_code == 1000002
        assert caught.value.error == str(caught.value)
        assert isinstance(caught.value, InputError)
    assert path.read_bytes() == before


# -- upload.json --------------------------------------------------------------------------------


def test_files_and_folders_are_added_once(package, tmp_path):
    tex = tmp_path / "tex"
    tex.mkdir()
    for name in ("a.png", "b.png"):
        (tex / name).write_text("x")
    path = package(upload={"asset": files("x.png"), "scene": files("shot.ma")}) / "upload.json"
    append_to_upload(str(tex / "b.png"), str(path))
    append_to_upload([str(tex), tex / "a.png", f"{tmp_path}\\tex\\a.png"], path)
    assert [row["local"] for row in content(path)["asset"]] == [
        "/show/x.png",
        (tex / "b.png").as_posix(),
        (tex / "a.png").as_posix(),
    ]
    assert content(path)["scene"] == files("shot.ma")


@ON_POSIX
def test_b17_server_paths_of_posix_keep_their_first_character(package, tmp_path):
    (tmp_path / "a.png").write_text("x")
    path = package() / "upload.json"
    append_to_upload([tmp_path / "a.png"], path)
    assert content(path)["asset"][-1]["server"] == str(tmp_path / "a.png")


def test_a_folder_alone_is_as_good_as_one_in_a_list(package, tmp_path):
    (tmp_path / "tex").mkdir()
    (tmp_path / "tex" / "a.png").write_text("x")
    path = package() / "upload.json"
    append_to_upload(str(tmp_path / "tex"), path)
    assert content(path)["asset"][-1]["local"].endswith("/tex/a.png")


@pytest.mark.parametrize("wrong", [5, None, [5], {"a": 1}])
def test_what_are_no_paths_is_refused(package, wrong):
    with pytest.raises(EditError, match="give a path or a list of paths") as caught:
        append_to_upload(wrong, package() / "upload.json")
    assert caught.value.error_code == 1000003


def test_a_missing_file_is_named_and_nothing_is_added(package, tmp_path):
    (tmp_path / "a.png").write_text("x")
    path = package() / "upload.json"
    before = path.read_bytes()
    with pytest.raises(EditError, match=r"gone.png' is not there") as caught:
        append_to_upload([tmp_path / "a.png", tmp_path / "gone.png"], path)
    assert caught.value.error_code == 1000004
    assert path.read_bytes() == before


def test_a_damaged_list_is_refused_and_not_begun_anew(package, tmp_path):
    path = package() / "upload.json"
    path.write_text('{"asset": [')
    (tmp_path / "a.png").write_text("x")
    with pytest.raises(EditError, match="not valid JSON") as caught:
        append_to_upload([tmp_path / "a.png"], path)
    assert caught.value.error_code == 1000000
    assert path.read_text() == '{"asset": ['


# -- cutting ------------------------------------------------------------------------------------


def test_b18_parts_lose_nothing_and_none_is_empty(package, tmp_path):
    whole = {"asset": files(*"abcd"), "scene": files("shot.ma"), "vrmap": ["m"], "vrlmap": []}
    path = package(upload=whole) / "upload.json"
    cut = cutting_upload(str(path), 2)
    assert cut == [str(path.parent / "upload_1.json"), str(path.parent / "upload_2.json")]
    assert content(cut[0]) == whole | {"asset": files("a", "b")}
    assert content(cut[1]) == {"asset": files("c", "d")}
    assert content(path) == whole
    elsewhere = cutting_upload(path, 3, str(tmp_path / "parts"))
    assert [Path(part).parent for part in elsewhere] == [tmp_path / "parts"] * 2


@pytest.mark.parametrize("most", [None, 4, 800])
def test_a_list_that_is_short_enough_stays_whole(package, most):
    path = package(upload={"asset": files(*"abcd")}) / "upload.json"
    assert cutting_upload(str(path), most) == [str(path)]
    assert not list(path.parent.glob("upload_*"))


@pytest.mark.parametrize("most", [0, -5, "800"])
def test_b18_a_size_that_is_none_is_refused(package, most):
    path = package(upload={"asset": files(*"abcd")}) / "upload.json"
    with pytest.raises(EditError, match="cannot be cut into parts of") as caught:
        cutting_upload(path, most)
    assert caught.value.error_code == 1000000
    assert not list(path.parent.glob("upload_*"))


def test_a_part_never_overwrites_what_is_cut(package):
    folder = package(upload={"asset": files(*"abcd")})
    path = (folder / "upload.json").rename(folder / "upload_2.json")
    before = path.read_bytes()
    with pytest.raises(EditError, match="would be overwritten by one of its parts"):
        cutting_upload(path, 2)
    assert path.read_bytes() == before


# -- places -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda path: update_task_info({"tiles": "1"}, path), 1000004),
        (lambda path: append_to_task({"a": 1}, path), 1000004),
        (lambda path: append_to_upload([], path), 1000006),
        (lambda path: cutting_upload(path, 5), 200001),
    ],
)
def test_b16_a_missing_document_is_named(tmp_path, edit, code):
    for path in (tmp_path / "gone.json", tmp_path, f"{tmp_path}/a\0b"):
        with pytest.raises(EditError, match="is not there; name a JSON document") as caught:
            edit(path)
        assert caught.value.error_code == code


@pytest.mark.parametrize(
    "edit",
    [
        lambda: update_task_info({"tiles": "1"}, 5),
        lambda: update_task_info(["tiles"], {}),
        lambda: append_to_task("shot", {}),
        lambda: cutting_upload(None, 5),
    ],
)
def test_an_argument_of_another_type_is_named(edit):
    with pytest.raises(EditError) as caught:
        edit()
    assert caught.value.error_code == 1000003


@pytest.mark.parametrize(
    "text", ["", "[]", '{"task_info": {"tiles": "1", "tiles": "2"}}', "{'task_info': {}}"]
)
def test_a_damaged_document_is_named_and_kept(tmp_path, text):
    path = tmp_path / "task.json"
    path.write_text(text)
    with pytest.raises(EditError, match=r"task.json") as caught:
        update_task_info({"tiles": "1"}, path)
    assert caught.value.error_code == 1000000
    assert path.read_text() == text


@ON_POSIX
def test_who_could_read_a_file_can_read_it_afterwards_and_a_link_stays_one(package, tmp_path):
    path = package() / "task.json"
    path.chmod(0o644)
    link = tmp_path / "current.json"
    link.symlink_to(path)
    update_task_info({"frames_per_task": "2"}, link)
    assert link.is_symlink()
    assert content(path)["task_info"]["frames_per_task"] == "2"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert not list(path.parent.glob(".*"))


@ON_POSIX
def test_the_same_content_is_always_the_same_bytes(package):
    path = package() / "task.json"
    update_task_info({"tiles": "1", "frames_per_task": "2"}, path)
    before = path.read_bytes()
    update_task_info({"frames_per_task": "2"}, path)
    update_task_info({"tiles": "1"}, path)
    assert path.read_bytes() == before


def test_errors_cross_processes_with_what_they_carry():
    finding = Finding("tiles", Severity.ERROR, "task.json: task_info.tiles", "it is odd", "mend it")
    for error in (
        EditError(Code.PATH, "a sentence"),
        CheckError("the package", [finding], [finding]),
    ):
        twin = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        assert (type(twin), str(twin), vars(twin)) == (type(error), str(error), vars(error))
