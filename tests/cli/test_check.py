"""`renderbus check` on task documents: lines that editors jump to, JSON, annotations of GitHub."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

TASK = Path(__file__).parent.parent / "package" / "tasks" / "maya.json"


@pytest.fixture
def folder(tmp_path):
    """Return a folder with good documents of a Maya task."""
    made = tmp_path / "shot, 100%"
    made.mkdir()
    for name, document in json.loads(TASK.read_text()).items():
        (made / f"{name}.json").write_text(json.dumps(document, indent=2))
    return made


def spoil(folder, name, section, key, value):
    """Change one value and return the line and the column where it stands."""
    path = folder / name
    document = json.loads(path.read_text())
    (document[section] if section else document)[key] = value
    text = json.dumps(document, indent=2)
    path.write_text(text)
    line = next(n for n, row in enumerate(text.split("\n"), 1) if f"{json.dumps(key)}: " in row)
    return line, text.split("\n")[line - 1].index(": ") + 3


def test_good_documents_exit_0(renderbus, folder):
    answer = renderbus("check", folder)
    assert (answer.status, answer.out) == (0, "Nothing found that would fail.\n")
    assert renderbus("check", folder, "--json").json == []
    assert renderbus("check", folder, "--format", "github").out == ""


@pytest.mark.parametrize("which", ["", "task.json", "upload.json"])
def test_a_wrong_value_is_told_with_line_and_column(renderbus, folder, which):
    line, column = spoil(folder, "task.json", "task_info", "tiles", "0")
    answer = renderbus("check", folder / which if which else folder)
    assert answer.status == 1
    first, last = answer.out.splitlines()
    assert first == (
        f"{folder}/task.json:{line}:{column}: task_info.tiles: "
        '"0" does not have the expected form, for example "1"; '
        "write it in that form [error schema]"
    )
    assert last == "Found 1 error."


def test_json_has_every_part_of_a_finding(renderbus, folder):
    line, column = spoil(folder, "task.json", "task_info", "os_name", "2")
    answer = renderbus("check", folder, "--format", "json")
    assert answer.status == 1
    (finding,) = answer.json
    place = {
        "where": "task.json: task_info.os_name",
        "file": str(folder / "task.json"),
        "path": ["task_info", "os_name"],
        "line": line,
        "column": column,
    }
    assert finding == place | {
        "rule": "schema",
        "severity": "error",
        "message": '"2" is not one of "0", "1"',
        "fix": "choose one of them",
        "found": '"2"',
        "expected": 'one of "0", "1"',
        "waived_by": "",
        "count": 1,
        "places": [place],
    }


def test_github_gets_workflow_commands_with_their_signs_escaped(renderbus, folder):
    line, column = spoil(folder, "task.json", "task_info", "tiles", "50%\n")
    spoil(folder, "task.json", "task_info", "time_out", "12")
    answer = renderbus("check", folder, "--format", "github")
    assert answer.status == 1
    (command,) = answer.out.splitlines()
    place = f"{folder}/task.json".replace("%", "%25").replace(",", "%2C")
    assert command.startswith(
        f"::error file={place},line={line},col={column},title=renderbus schema::task_info.tiles: "
        '"50%25\\n" does not'
    )


def test_github_gets_paths_from_the_folder_that_the_workflow_runs_in(renderbus, folder, tmp_path):
    spoil(folder, "tips.json", None, "50001", ["odd"])
    moved = tmp_path / "home" / "job"
    folder.rename(moved)
    answer = renderbus("check", "job", "--format", "github")
    assert answer.status == 0
    assert answer.out.startswith("::warning file=job/tips.json,line=2,col=12,title=renderbus tips:")


def test_thousands_of_the_same_mistake_are_one_line(renderbus, folder):
    files = [{"local": f"/{n}", "server": f"/{n}", "hash": str(n)} for n in range(900)]
    spoil(folder, "upload.json", None, "asset", files)
    answer = renderbus("check", folder)
    (line,) = [line for line in answer.out.splitlines() if "hash" in line]
    assert "asset[0].hash, asset[1].hash, asset[2].hash and 897 more: " in line
    assert "Found 900 errors." in answer.out
    (group,) = renderbus("check", folder, "--json").json
    assert group["count"] == 900
    assert [place["path"][1] for place in group["places"]] == list(range(10))


def test_what_is_missing_beside_a_document_is_said_and_is_no_error(renderbus, folder):
    for name in ("task.json", "asset.json", "tips.json"):
        (folder / name).unlink()
    answer = renderbus("check", folder / "upload.json")
    assert answer.status == 0
    assert answer.out.count("the document is missing") == 3
    assert renderbus("check", folder).status == 1


def test_a_document_that_is_no_json_is_told_with_its_place(renderbus, folder):
    (folder / "tips.json").write_text("{\n  'a': 1}")
    answer = renderbus("check", folder)
    assert answer.status == 1
    assert f"{folder}/tips.json:2:3: not valid JSON: expecting property name" in answer.out


def test_nothing_in_a_document_moves_the_terminal(renderbus, folder):
    spoil(folder, "upload.json", None, "a\x1b[2J\n", "\x9b2J\u202e")
    spoil(folder, "tips.json", None, "50001", ["\x1b[2J\x9b2J\u202e"])
    for form in ("text", "github", "json"):
        out = renderbus("check", folder, "--format", form).out
        assert not {"\x1b", "\x9b", "\u202e"} & set(out)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no pseudo terminals")
def test_there_is_colour_on_a_terminal(folder):
    import pty  # noqa: PLC0415 - there is none on Windows

    spoil(folder, "task.json", "task_info", "tiles", "0")
    shown = bytearray()

    def read(descriptor):
        data = os.read(descriptor, 4096)
        shown.extend(data)
        return b""

    command = [sys.executable, "-m", "renderbus_core", "check", str(folder)]
    pty.spawn(["env", "TERM=xterm-256color", *command], read)
    assert b"\x1b[1;31m[error schema]" in shown
