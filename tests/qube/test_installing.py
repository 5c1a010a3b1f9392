"""`renderbus install qube` and `renderbus doctor qube` on Qube's folders."""

from __future__ import annotations

import hashlib
import json
import os
import sys

import pytest
from deadline_bench import python

from qube_jobtype.bundle import bundle
from qube_jobtype.installing import qubeui_files
from qube_jobtype.job_conf import carried_over, settings


@pytest.fixture
def jobtypes(tmp_path):
    folder = tmp_path / "jobtypes"
    (folder / "maya").mkdir(parents=True)
    return folder


@pytest.fixture
def qubeui(tmp_path):
    folder = tmp_path / "plugins"
    (folder / "submission" / "3D").mkdir(parents=True)
    return folder


@pytest.fixture
def install(renderbus_here, jobtypes):
    def run(*more):
        done = renderbus_here("install", "qube", "--jobtypes", jobtypes, "--json", *more)
        assert done.returncode == 0, done.stderr
        return {each["place"]: each["act"] for each in json.loads(done.stdout)}

    return run


def installed(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in files}


def test_the_job_type_is_a_folder_of_its_own_beside_others(install, jobtypes):
    assert set(install().values()) == {"write"}
    wanted = {f"renderbus/{name}" for name in bundle()} | {"renderbus/renderbus-installed.json"}
    assert installed(jobtypes) == wanted
    assert {"renderbus/job.conf", "renderbus/execute.py", "renderbus/renderbus_link.py"} <= wanted
    assert set(install().values()) == {"keep"}
    modes = {path.stat().st_mode & 0o777 for path in (jobtypes / "renderbus").iterdir()}
    assert modes == {0o644}, "nobody but the owner may change what workers run"


def test_plug_ins_of_qubeui_are_installed_where_they_are_named(install, qubeui):
    acts = install("--qubeui", qubeui)
    places = {str(place) for place in qubeui_files()}
    assert places <= set(acts)
    assert installed(qubeui) == places | {"renderbus-installed.json"}
    assert install("--qubeui", qubeui)["panels/renderbus.py"] == "keep"
    install("--qubeui", qubeui, "--uninstall")
    assert installed(qubeui) == set()
    assert (qubeui / "submission" / "3D").is_dir(), "what is others' stays"


def test_what_one_folder_refuses_leaves_the_other_as_it_is(renderbus_here, jobtypes, qubeui):
    (qubeui / "submission" / "Renderbus").mkdir()
    done = renderbus_here("install", "qube", "--jobtypes", jobtypes, "--qubeui", qubeui)
    assert done.returncode == 1
    assert "was not installed by this command" in done.stderr
    assert installed(jobtypes) == set()


def test_a_dry_run_writes_nothing(install, jobtypes):
    assert set(install("--dry-run").values()) == {"write"}
    assert installed(jobtypes) == set()


def test_an_upgrade_keeps_what_was_set_in_job_conf(install, jobtypes):
    install()
    file = jobtypes / "renderbus" / "job.conf"
    edited = file.read_text().replace("/opt/renderbus/bin/renderbus", "/studio/renderbus")
    # What an earlier version may have brought.
    file.write_text(edited.replace("# Free keys", "# Keys"))
    assert install()["renderbus/job.conf"] == "merge"
    assert file.read_text() == edited
    assert install()["renderbus/job.conf"] == "keep"


def test_other_files_that_were_edited_are_kept_aside(install, jobtypes):
    install()
    file = jobtypes / "renderbus" / "execute.py"
    file.write_text("# ours\n")
    assert install()["renderbus/execute.py"] == "aside"
    assert file.with_name("execute.py.edited").read_text() == "# ours\n"


def test_a_removal_takes_away_what_was_not_edited(install, jobtypes):
    install()
    file = jobtypes / "renderbus" / "job.conf"
    file.write_text(file.read_text().replace("/opt/", "/studio/"))
    assert install("--uninstall")["renderbus/job.conf"] == "leave"
    assert file.is_file()
    file.unlink()
    install()
    install("--uninstall")
    assert installed(jobtypes) == set()


@pytest.mark.parametrize(
    "name", ["../victim", "renderbus/../../victim", "{victim}", "..\\victim", "C:victim", ""]
)
def test_a_record_that_names_what_is_not_below_the_folder_removes_nothing(
    install, renderbus_here, jobtypes, name
):
    install()
    victim = jobtypes.parent / "victim"
    victim.write_text("precious\n")
    record = jobtypes / "renderbus" / "renderbus-installed.json"
    document = json.loads(record.read_text())
    digest = hashlib.sha256(victim.read_bytes()).hexdigest()
    document["files"][name.format(victim=victim)] = digest
    record.write_text(json.dumps(document))
    before = installed(jobtypes)
    for more in ((), ("--uninstall",)):
        done = renderbus_here("install", "qube", "--jobtypes", jobtypes, *more)
        assert done.returncode == 1
        assert f"which is no place below {jobtypes}" in done.stderr
    assert victim.read_text() == "precious\n"
    assert installed(jobtypes) == before


def test_nothing_is_removed_behind_a_link_that_leads_out_of_the_folder(
    install, renderbus_here, jobtypes
):
    install()
    elsewhere = jobtypes.parent / "elsewhere"
    (jobtypes / "renderbus").rename(elsewhere)
    (jobtypes / "renderbus").symlink_to(elsewhere)
    before = installed(elsewhere)
    done = renderbus_here("install", "qube", "--jobtypes", jobtypes, "--uninstall")
    assert done.returncode == 1
    assert f"a link leads from there out of {jobtypes}, to {elsewhere}" in done.stderr
    assert installed(elsewhere) == before
    assert set(install().values()) == {"keep"}, "what is not removed may lie where it likes"


@pytest.mark.parametrize("files", [[], ["renderbus/job.conf"], None, "text"])
def test_a_record_that_cannot_be_read_is_one_sentence(install, renderbus_here, jobtypes, files):
    install()
    record = jobtypes / "renderbus" / "renderbus-installed.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "files": files}))
    done = renderbus_here("install", "qube", "--jobtypes", jobtypes, "--uninstall")
    assert done.returncode == 1
    assert "delete it to install as if for the first time" in done.stderr


def test_a_job_type_of_that_name_which_is_not_ours_is_left_alone(renderbus_here, jobtypes):
    (jobtypes / "renderbus").mkdir()
    (jobtypes / "renderbus" / "job.conf").write_text("")
    (jobtypes / "renderbus" / "theirs.py").write_text("")
    done = renderbus_here("install", "qube", "--jobtypes", jobtypes)
    assert done.returncode == 1
    assert "was not installed by this command" in done.stderr


def test_the_folder_of_one_job_type_is_not_the_folder_of_job_types(
    install, renderbus_here, jobtypes
):
    install()
    done = renderbus_here("install", "qube", "--jobtypes", jobtypes / "renderbus")
    assert done.returncode == 1
    assert f"name the one that holds job types: {jobtypes}" in done.stderr


def test_people_read_what_to_set_next(renderbus_here, jobtypes, qubeui):
    done = renderbus_here("install", "qube", "--jobtypes", jobtypes, "--qubeui", qubeui)
    for words in ("worker_template_path", "global.renderbus=20", "job.conf", "plugin hierarchies"):
        assert words in done.stdout


def test_what_is_said_to_be_set_is_documented(renderbus_here, jobtypes, shared):
    facts = json.loads((shared / "facts" / "qube_api.json").read_text("utf-8"))
    done = renderbus_here("install", "qube", "--jobtypes", jobtypes)
    words = done.stdout.replace("=", " ").replace(",", " ").split()
    keys = {word for word in words if word.startswith(("worker_", "supervisor_"))}
    assert keys
    assert keys <= set(facts["conf_keys"])


# -- doctor ---------------------------------------------------------------------------------------

WELL = json.dumps({
    "workers": [{"name": "a", "state": "active", "settings": {"worker_job_types": "renderbus"}}],
    "resources": {"global.renderbus": [0, 20]},
    "settings": {},
})  # fmt: skip
# Found before tests have a home of their own.
QUBES_PYTHON = str(python())
ACCOUNT = {"RAYVISION_API_ACCESS_ID": "an-id", "RAYVISION_API_KEY": "a-key"}


@pytest.fixture
def looked(renderbus_here, jobtypes, tmp_path):
    """Return a function that looks at everything, with a program that stands for Qube's Python."""
    program = tmp_path / "python"

    def look(*more, says="3.9", asked=WELL, python=program, **environment):
        program.write_text(
            f"#!/bin/sh\ncase $1 in *ask_qube.py) echo '{asked}';; *) echo {says};; esac\n"
        )
        program.chmod(0o755)
        agent = [str(python), str(jobtypes / "renderbus" / "agent.py")]
        environment.setdefault("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        config = tmp_path / "renderbus.toml"
        config.write_text(f"[farm]\nagent = {json.dumps(agent)}\n")
        done = renderbus_here(
            "--config", config, "doctor", "qube", "--jobtypes", jobtypes, "--json", *more,
            **environment,
        )  # fmt: skip
        assert done.stdout, done.stderr
        found = {each["what"]: each for each in json.loads(done.stdout)}
        assert done.returncode == (not all(each["is_fine"] for each in found.values()))
        return found

    return look


def named(jobtypes, program):
    file = jobtypes / "renderbus" / "job.conf"
    file.write_text(file.read_text().replace("/opt/renderbus/bin/renderbus", str(program)))


def test_what_is_ready_is_fine(install, looked, jobtypes, qubeui, tmp_path):
    install("--qubeui", qubeui)
    named(jobtypes, sys.executable)
    found = looked("--qubeui", qubeui, **ACCOUNT)
    assert all(each["is_fine"] for each in found.values()), found
    assert not list(tmp_path.rglob("bursts.db")), "it changes nothing"


def test_what_is_missing_is_named_with_what_to_do(install, looked, jobtypes):
    found = looked()
    assert "run: renderbus install qube" in found["files"]["found"]
    assert "install the job type, or name it in farm.agent" in found["agent"]["found"]
    assert "RAYVISION_API_ACCESS_ID" in found["credentials"]["found"]
    install()
    (jobtypes / "renderbus" / "execute.py").write_text("# older\n")
    found = looked(python="no-such-python", **ACCOUNT)
    assert "renderbus/execute.py differ" in found["files"]["found"]
    assert "name the program there" in found["program"]["found"]
    assert found["Qube's Python"]["found"].startswith("there is no no-such-python: Qube brings")


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ("3.11", "is 3.11, and Qube brings its module for 3.6 to 3.10"),
        ("2.7", "is 2.7"),
        ("", "does not say which Python it is"),
    ],
)
def test_a_python_that_qube_brings_no_module_for_is_told(install, looked, says, sentence):
    install()
    found = looked(says=says, **ACCOUNT)
    for what in ("Qube's Python", "python of jobs"):
        assert not found[what]["is_fine"]
        assert sentence in found[what]["found"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ('{"error": "the supervisor is away"}', "the supervisor is away"),
        ('{"active": 2}', "of another version; install the job type again"),
        ("3.9", "gave no answer"),
    ],
)
def test_a_qube_that_does_not_answer_is_told(install, looked, asked, sentence):
    install()
    found = looked(asked=asked, **ACCOUNT)
    assert not found["supervisor"]["is_fine"]
    assert sentence in found["supervisor"]["found"]
    assert "gateway workers" not in found, "nothing can be said of them"


@pytest.fixture
def studio(hands, renderbus_here, tmp_path):
    """Return a function that looks at a Qube which has everything, and says what it found of it."""
    hands("add_host", "gateway", 8, "renderbus")
    jobtypes = tmp_path / "jobtypes"
    agent = [QUBES_PYTHON, "-B", str(jobtypes / "renderbus" / "agent.py")]
    (tmp_path / "renderbus.toml").write_text(f"[farm]\nagent = {json.dumps(agent)}\n")
    asked = ("supervisor", "global.renderbus", "gateway workers", "job type on gateway workers")

    def look():
        done = renderbus_here(
            "--config", tmp_path / "renderbus.toml", "doctor", "qube", "--jobtypes", jobtypes,
            "--json", QB_SUPERVISOR=f"127.0.0.1:{hands.port}", QBDIR=str(tmp_path / "qube"),
        )  # fmt: skip
        found = {each["what"]: each for each in json.loads(done.stdout)}
        return {what: found[what] for what in asked if what in found}

    return look


RESOURCE, WORKERS, JOB_TYPE = "global.renderbus", "gateway workers", "job type on gateway workers"


def test_a_qube_that_has_everything_is_fine(studio, hands):
    hands("add_host", "node-1", 8, "linux")
    found = studio()
    assert all(each["is_fine"] for each in found.values()), found
    assert found[RESOURCE]["found"] == "20: so many jobs for the cloud at a time"
    assert found[WORKERS]["found"] == "1 active in the group renderbus"
    assert found[JOB_TYPE]["found"] == "gateway will find it"


def test_a_supervisor_that_is_away_is_told_and_nothing_is_said_of_what_it_has(studio, hands):
    hands("switch", "unreachable", True)
    found = studio()
    assert "does not answer; see: qbping" in found["supervisor"]["found"]
    assert set(found) == {"supervisor"}


@pytest.mark.parametrize(
    ("resources", "how_much"), [({}, "none"), ({"global.renderbus": [0, 0]}, "0")]
)
def test_a_supervisor_without_what_jobs_reserve_is_told(studio, hands, resources, how_much):
    hands("switch", "resources", resources)
    found = studio()[RESOURCE]
    assert not found["is_fine"]
    assert f"has {how_much} of it" in found["found"]
    assert "write global.renderbus=20 into supervisor_global_resources" in found["found"]


def test_what_the_supervisor_is_set_to_counts_where_it_does_not_say_what_it_has(studio, hands):
    hands("switch", "resources", {"global.maya": [0, 5], "global.renderbus": [0, 7]})
    hands("switch", "forbidden", ["getresources"])
    assert studio()[RESOURCE]["found"].startswith("7: ")
    hands("switch", "resources", {"global.renderbus_2": [0, 7]})
    assert not studio()[RESOURCE]["is_fine"]


def test_a_group_without_workers_is_told(studio, hands):
    hands("host_state", "gateway", "down")
    found = studio()
    assert not found[WORKERS]["is_fine"]
    assert "start gateway (down)" in found[WORKERS]["found"]
    assert JOB_TYPE not in found
    hands("add_host", "gateway", 8, "others")
    assert "no worker is in the group renderbus" in studio()[WORKERS]["found"]
    assert "set worker_groups in qbwrk.conf" in studio()[WORKERS]["found"]


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("worker_template_path", "/usr/local/pfx/qube/types:/mnt/types", "/mnt/types) has no /"),
        ("worker_job_types", "maya, cmdline", "(maya, cmdline) has no renderbus"),
    ],
)
def test_a_gateway_worker_that_would_not_find_the_job_type_is_told(studio, hands, key, value, why):
    hands("add_host", "gateway-2", 8, "renderbus")
    hands("configure", "gateway-2", key, value)
    found = studio()[JOB_TYPE]
    assert not found["is_fine"]
    assert why in found["found"]
    assert " on gateway-2, so no job" in found["found"]
    assert found["found"].endswith("qbadmin worker --reconfigure")


@pytest.mark.parametrize("places", ["/usr/local//pfx/types:{link}/", "{link}:/usr/local"])
def test_a_folder_of_job_types_is_known_under_its_other_names(studio, hands, tmp_path, places):
    (tmp_path / "link").symlink_to(tmp_path / "jobtypes")
    places = places.format(link=tmp_path / "link")
    hands("configure", "gateway", "worker_template_path", places)
    assert studio()[JOB_TYPE]["found"] == "gateway will find it"


def test_what_cannot_be_seen_is_told_as_such_and_is_no_failure(studio, hands):
    hands("switch", "forbidden", ["getresources", "supervisorconfig", "workerconfig"])
    found = studio()
    assert all(each["is_fine"] for each in found.values()), found
    assert "cannot be seen; look for it in supervisor_global" in found[RESOURCE]["found"]
    assert found[JOB_TYPE]["found"].startswith("cannot be seen of gateway; see: qbadmin")
    hands("switch", "forbidden", [])
    for call in ("getresources", "supervisorconfig", "workerconfig"):
        hands("break_", call)
    hands("configure", "gateway", "worker_template_path", "//server/share/jobtypes")
    assert studio() == found, "whatever the reason"
    assert studio()[JOB_TYPE] == found[JOB_TYPE], "a worker of another system"


# -- job.conf -------------------------------------------------------------------------------------

ORIGINAL = "[execute module]\nexecute_library = execute.py\n\n# Ours.\n[renderbus]\na = 1\nb =\n"
NEW = "[execute module]\nexecute_library = run.py\n\n# New.\n[renderbus]\na = 2\nc = new\n"


def test_what_was_changed_or_added_is_carried_over_and_the_rest_is_new():
    edited = ORIGINAL.replace("a = 1", "a = 7").replace("b =", "b = x\nown = y") + "\n[more]\nz = 1"
    merged = carried_over(ORIGINAL, edited, NEW)
    assert settings(merged) == {"a": "7", "c": "new", "own": "y"}
    assert "execute_library = run.py" in merged
    assert "# New." in merged
    assert merged.endswith("\n[more]\nz = 1\n")
    assert carried_over(ORIGINAL, ORIGINAL, NEW) == NEW


def test_the_file_that_is_brought_has_just_the_keys_that_the_job_type_reads(root):
    text = bundle()["job.conf"].decode()
    read = (root / "qube_jobtype" / "renderbus" / "renderbus_settings.py").read_text("utf-8")
    assert settings(text)
    for key in settings(text):
        assert key in read or key.removeprefix("renderbus_") in read, key
