"""What every command promises: help, one sentence on stderr, exit statuses, JSON."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from renderbus_core.cli.app import app, main

VERBS = tuple(app.list_commands(None))


def test_the_overview_lists_every_verb_and_nothing_that_is_not_there(renderbus):
    answer = renderbus("--help")
    assert answer.status == 0
    listed = re.findall(r"^  ([a-z-]+) {2,}", answer.out.split("Commands:")[1], re.MULTILINE)
    assert tuple(listed) == VERBS


def commands():
    """Yield every command with its words, groups opened."""
    for verb in VERBS:
        found = app.get_command(click.Context(app), verb)
        yield pytest.param((verb,), found, id=verb)
        for name, inner in getattr(found, "commands", {}).items():
            yield pytest.param((verb, name), inner, id=f"{verb} {name}")


@pytest.mark.parametrize(("words", "found"), list(commands()))
def test_every_command_and_every_option_says_what_it_is_for(words, found, capsys):
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert found.help
    for option in found.params:
        if isinstance(option, click.Option):
            assert option.help, f"{option.name} of {' '.join(words)} says nothing"
        else:
            assert option.make_metavar(click.Context(found)) in shown


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("inspect",), ("status", "--nonsense"), ("simulator", "--port", "x"),
     ("demo", "--speed", "0")],
)  # fmt: skip
def test_wrong_usage_exits_with_2(renderbus, arguments):
    answer = renderbus(*arguments)
    assert answer.status == 2
    assert answer.out == ""
    assert "Usage" in answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("inspect", "/no/such/scene.ma"), "/no/such/scene.ma"),
        (("inspect", "/etc/hostname"), "/etc/hostname"),
        (("check", "/no/such/folder"), "neither a task's folder nor a scene /no/such/folder"),
        (("status", "nope"), "there is no burst nope"),
        (("--config", "/no/such.toml", "status"), "/no/such.toml"),
        (("run", "x"), "RAYVISION_API_ACCESS_ID"),
        (("farm", "submit", "/etc/hostname", "--output", "/x.####.png"), "/etc/hostname"),
    ],
)
def test_a_failure_is_one_sentence_on_stderr_and_exit_1(renderbus, arguments, words):
    answer = renderbus(*arguments)
    assert answer.status == 1
    assert words in answer.err
    assert answer.err.startswith("renderbus: ")
    assert "Traceback" not in answer.err
    assert len(answer.err.strip().splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("--help",), ("status", "--json"), ("farm", "jobs")])
def test_a_full_disk_under_the_output_is_told_as_such(home, arguments):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "renderbus_core", *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, env=home, cwd=home["HOME"], timeout=60,
            check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "renderbus: the output cannot be written: the disk is full; make room and run it again\n"
    )


@pytest.mark.parametrize("verb", ["inspect", "check"])
def test_a_name_in_a_failure_moves_no_terminal(renderbus, verb):
    answer = renderbus(verb, "a\x1b[31mb\nc.ma")
    assert answer.status == 1
    assert r"a\x1b[31mb\nc.ma" in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_farm_database_whose_folder_cannot_be_made_is_named(renderbus, tmp_path):
    (tmp_path / "file").touch()
    answer = renderbus(
        "farm", "jobs", env={"RENDERBUS_FARM_DATABASE": str(tmp_path / "file" / "x" / "farm.db")}
    )
    assert answer.status == 1
    assert "of the farm database cannot be made" in answer.err
    assert "internal" not in answer.err


def test_debug_shows_the_traceback(renderbus):
    answer = renderbus("--debug", "inspect", "/no/such/scene.ma")
    assert answer.status == 1
    assert "Traceback" in answer.err


def test_an_unknown_key_of_the_configuration_is_named_with_a_suggestion(renderbus, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[cloud]\ndomian = 'x'\n")
    answer = renderbus("--config", file, "status")
    assert answer.status == 1
    assert "mine.toml" in answer.err
    assert "domain" in answer.err


def test_inspect_shows_facts_with_their_origin(renderbus, spin):
    answer = renderbus("inspect", spin)
    assert answer.status == 0
    assert "wood.png" in answer.out
    document = renderbus("inspect", spin, "--json").json
    assert document["facts"]["dcc"] == "blender"
    assert document["facts"]["frames"] == {"value": "1-16[1]", "origin": "stored"}
    (file,) = document["files"]
    assert file["missing"] is None


def test_check_of_a_good_scene_exits_0_and_of_a_bad_one_1(renderbus, spin, tmp_path):
    output = tmp_path / "spin.####.png"
    assert renderbus("check", spin, "--output", output).status == 0
    alone = tmp_path / "alone.blend"
    alone.write_bytes(spin.read_bytes())
    answer = renderbus("check", alone, "--output", output, "--json")
    assert answer.status == 1
    errors = [finding for finding in answer.json if finding["severity"] == "error"]
    assert any("wood.png" in finding["message"] for finding in errors)


def test_check_of_a_package_names_what_is_wrong_in_it(renderbus, tmp_path):
    for name, content in {
        "task.json": {"task_info": {"frames_per_task": "zero"}},
        "upload.json": {"asset": [{"local": "/a"}]},
        "asset.json": {"asset": []},
        "tips.json": {},
    }.items():
        (tmp_path / name).write_text(json.dumps(content))
    answer = renderbus("check", tmp_path, "--json")
    assert answer.status == 1
    places = {finding["where"] for finding in answer.json}
    assert any("upload.json" in place and "asset[0]" in place for place in places)
    assert any("task.json" in place for place in places)


def test_what_costs_money_is_not_done_unasked(renderbus, spin, tmp_path):
    env = {"RAYVISION_API_ACCESS_ID": "AKIDNOBODY00", "RAYVISION_API_KEY": "nothing"}
    job = renderbus("farm", "submit", spin, "--output", tmp_path / "r" / "s.####.png")
    assert job.status == 0
    answer = renderbus("burst", job.out.strip(), env=env)
    assert answer.status == 2
    assert "add --yes" in answer.err
    assert renderbus("status", "--json").json["bursts"] == []


def test_a_dry_run_shows_findings_and_sends_nothing(renderbus, spin, tmp_path):
    env = {
        "RAYVISION_API_ACCESS_ID": "AKIDNOBODY00",
        "RAYVISION_API_KEY": "nothing",
        "RENDERBUS_CLOUD_DOMAIN": "127.0.0.1:9",
    }
    job = renderbus("farm", "submit", spin, "--output", tmp_path / "r" / "s.####.png").out.strip()
    answer = renderbus("burst", job, "--dry-run", env=env)
    assert answer.status == 0, answer.err
    assert "16 tasks of spin would cost" in answer.out
    assert renderbus("status", "--json").json["bursts"] == []


def test_an_empty_frame_list_is_refused_and_does_not_mean_all(renderbus, spin, tmp_path):
    env = {"RAYVISION_API_ACCESS_ID": "AKIDNOBODY00", "RAYVISION_API_KEY": "nothing"}
    job = renderbus("farm", "submit", spin, "--output", tmp_path / "r" / "s.####.png").out.strip()
    for arguments in (("burst", job, "--dry-run"), ("check", spin)):
        answer = renderbus(*arguments, "--frames", "", env=env)
        assert answer.status == 1
        assert "frame list" in answer.err


def test_what_people_type_moves_no_terminal(renderbus):
    renderbus("drain", "--why", "the line\x1b[2J\nis down")
    for answer in (renderbus("drain", "--show"), renderbus("status")):
        assert r"the line\x1b[2J\nis down" in answer.out


def test_a_farm_that_nothing_installed_brings_is_refused_with_those_that_there_are(renderbus):
    answer = renderbus("overflow", "decide", env={"RENDERBUS_FARM_KIND": "tractor"})
    assert answer.status == 1
    assert "'tractor', and there is no such farm here; choose one of local, link" in answer.err
