"""Documents on the disk are judged as many as there are, and whatever lies in their place."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from renderbus_core.errors import InputError
from renderbus_core.package import Documents, is_package, programs, review
from renderbus_core.package.documents import NAMES
from renderbus_core.package.judgement import check_some
from renderbus_core.package.rules import RULES, Subject


@pytest.fixture
def folder(documents_of, tmp_path):
    """Return a folder with good documents."""
    for name, document in asdict(documents_of("maya")).items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document, indent=2))
    return tmp_path


def told(groups):
    return [(each.first.rule, each.first.severity.value, each.first.where) for each in groups]


def change(path: Path, **members):
    path.write_text(json.dumps(json.loads(path.read_text()) | members, indent=2))


def test_good_documents_have_no_findings(folder):
    assert review(folder) == ()
    assert all(review(folder / name) == () for name in NAMES)


def test_a_folder_and_a_json_file_are_no_scene(folder):
    assert is_package(folder)
    assert all(is_package(Path("nowhere", name)) for name in NAMES)
    assert not is_package(folder / "shot.ma")


def test_a_missing_document_of_a_folder_is_an_error_and_the_others_are_judged(folder):
    (folder / "asset.json").unlink()
    change(folder / "upload.json", asset=[{"local": "/a"}])
    assert told(review(folder)) == [
        ("missing_document", "error", "asset.json"),
        ("schema", "error", "upload.json: asset[0]"),
    ]


def test_one_document_alone_may_be_alone(folder):
    for name in NAMES[:-1]:
        (folder / name).unlink()
    groups = review(folder / "tips.json")
    assert told(groups) == [("missing_document", "info", name) for name in NAMES[:-1]]


def test_rules_about_one_document_are_asked_when_the_others_are_missing(folder):
    for name in ("upload.json", "asset.json", "tips.json"):
        (folder / name).unlink()
    task = json.loads((folder / "task.json").read_text())
    task["task_info"]["time_out"] = "12"
    (folder / "task.json").write_text(json.dumps(task))
    assert ("time_out", "warning", "task.json: task_info.time_out") in told(
        review(folder / "task.json")
    )


def test_two_files_on_one_place_are_found_in_upload_alone(folder):
    (folder / "task.json").unlink()
    files = [{"local": "/a", "server": "/x"}, {"local": "/b", "server": "/x"}]
    change(folder / "upload.json", asset=files)
    assert "upload_conflict" in [rule for rule, _, _ in told(review(folder / "upload.json"))]


def test_every_finding_has_its_line(folder):
    change(folder / "upload.json", asset=[{"local": "/a", "server": "/a"}, {"local": 5}])
    lines = (folder / "upload.json").read_text().split("\n")
    for group in review(folder):
        place = group.first.place
        assert place.file == str(folder / "upload.json")
        rest = lines[place.position.line - 1][place.position.column - 1 :]
        assert rest.startswith({"asset[1]": "{", "asset[1].local": "5"}[group.first.where[13:]])


DAMAGE = {
    "not JSON": (b'{"a": 1,}', "a comma stands before the end", (1, 9)),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "not UTF-8", None),
    "Latin": (b'{\n"a": "\xe4"}', "not UTF-8", (2, 7)),
    "a key twice": (b'{"50001": [],\n"50001": []}', "stands twice", (2, 10)),
    "NaN": (b'{"50001": [NaN]}', "no JSON number", (1, 12)),
    "deep": (b"[" * 100_000, "nested too deeply", None),
    "deep inside": (b'{"50001": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too deeply", None),
    "a list": (b"[]", "holds no JSON object", None),
    "empty": (b"", "the file is empty", (1, 1)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_document_is_an_error_with_its_place_and_the_others_are_judged(folder, damage):
    content, words, place = DAMAGE[damage]
    (folder / "tips.json").write_bytes(content)
    change(folder / "upload.json", asset=5)
    groups = review(folder)
    assert [rule for rule, _, _ in told(groups)] == ["unreadable", "schema"]
    first = groups[0].first
    assert words in first.message
    assert first.place.file == str(folder / "tips.json")
    position = first.place.position
    assert (position and (position.line, position.column)) == place


def test_a_byte_order_mark_is_told_and_what_follows_is_judged(folder):
    upload = folder / "upload.json"
    change(upload, asset=5)
    upload.write_bytes(b"\xef\xbb\xbf" + upload.read_bytes())
    assert told(review(folder)) == [
        ("byte_order_mark", "error", "upload.json"),
        ("schema", "error", "upload.json: asset"),
    ]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["folder", "loop", "pipe", "device", "huge"])
def test_what_is_no_document_is_refused_at_once(folder, kind):
    path = folder / "tips.json"
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(1 << 30)
    assert told(review(folder)) == [("unreadable", "error", "tips.json")]


def test_nothing_to_judge_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds none of task\.json, upload\.json"):
        review(tmp_path)
    with pytest.raises(InputError, match=r"upload.json cannot be read \(No such file"):
        review(tmp_path / "upload.json")
    with pytest.raises(InputError, match=r"other\.json is none of task\.json, upload\.json"):
        review(tmp_path / "other.json")


def test_thousands_of_the_same_mistake_are_one_group(folder):
    change(folder / "upload.json", asset=[{"local": f"/{n}", "server": n} for n in range(800)])
    (group,) = review(folder)
    assert group.count == 800
    assert group.findings[3].place.position.line == 17


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_reads_only_what_it_says(documents_of, rule):
    good = asdict(documents_of("maya"))
    there = {name: document if name in rule.reads else {} for name, document in good.items()}
    program = programs()["maya"] if "task" in rule.reads else None
    assert list(rule.findings(Subject(Documents(**there), program))) == []


def test_a_document_that_is_wrong_does_not_silence_rules_about_the_others(documents_of):
    good = asdict(documents_of("maya"))
    good["task"]["task_info"]["time_out"] = "12"
    found = check_some(good | {"tips": {"x": 5}})
    assert {"schema", "time_out"} <= {each.rule for each in found}
