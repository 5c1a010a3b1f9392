"""`renderbus install deadline` and `renderbus doctor deadline` on a repository's folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from deadline_plugin.bundle import bundle
from deadline_plugin.settings_file import as_edited, carried_over, defaults

PARAM = "plugins/Renderbus/Renderbus.param"


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "DeadlineRepository10"
    for name in ("plugins", "events", "scripts", "custom/plugins"):
        (folder / name).mkdir(parents=True)
    return folder


@pytest.fixture
def install(renderbus_here, repository):
    def run(*more):
        done = renderbus_here("install", "deadline", "--repository", repository, "--json", *more)
        assert done.returncode == 0, done.stderr
        return {each["place"]: each["act"] for each in json.loads(done.stdout)}

    return run


def installed(repository):
    custom = repository / "custom"
    files = (path for path in custom.rglob("*") if path.is_file())
    return {str(path.relative_to(custom)) for path in files} - {
        "plugins/Renderbus/renderbus-installed.json"
    }


def test_everything_of_the_bundle_is_copied_once(install, repository):
    acts = install()
    assert set(acts.values()) == {"write"}
    assert installed(repository) == {str(place) for place in bundle()}
    assert set(install().values()) == {"keep"}
    modes = {path.stat().st_mode & 0o777 for path in (repository / "custom").rglob("*.py")}
    assert modes == {0o644}, "nobody but the owner may change what workers run"


def test_a_dry_run_writes_nothing(install, repository):
    assert set(install("--dry-run").values()) == {"write"}
    assert installed(repository) == set()


def test_an_upgrade_keeps_defaults_that_were_edited(install, repository):
    install()
    file = repository / "custom" / PARAM
    edited = file.read_text().replace("Default=60", "Default=90")
    # What an earlier version may have brought.
    file.write_text(edited.replace("Label=Executable", "Label=Program"))
    assert install()[PARAM] == "merge"
    assert file.read_text() == edited
    assert install()[PARAM] == "keep"


def test_presets_that_the_studio_edited_stay_as_they_are(install, repository):
    presets = "scripts/Submission/RenderbusPresets.ini"
    install()
    file = repository / "custom" / presets
    file.write_text("[ours]\ntiles = 4\n")
    assert install()[presets] == "keep"
    assert install("--uninstall")[presets] == "leave"
    assert file.read_text() == "[ours]\ntiles = 4\n"
    assert as_edited("a", "a", "b") == "b"


def test_other_files_that_were_edited_are_kept_aside(install, repository):
    install()
    file = repository / "custom/plugins/Renderbus/Renderbus.py"
    file.write_text("# ours\n")
    assert install()["plugins/Renderbus/Renderbus.py"] == "aside"
    assert file.with_name("Renderbus.py.edited").read_text() == "# ours\n"
    assert "class RenderbusPlugin" in file.read_text()


def test_what_was_edited_survives_a_removal(install, repository):
    install()
    file = repository / "custom" / PARAM
    file.write_text(file.read_text().replace("Default=60", "Default=90"))
    install()
    acts = install("--uninstall")
    assert acts[PARAM] == "leave"
    assert installed(repository) == {PARAM}
    assert install("--uninstall") == {PARAM: "leave"}
    assert install()[PARAM] == "keep", "it is known, and its edits are kept"


def test_what_a_version_does_not_bring_any_more_goes(install, repository):
    install()
    record = repository / "custom/plugins/Renderbus/renderbus-installed.json"
    document = json.loads(record.read_text())
    old = repository / "custom/plugins/Renderbus/renderbus_old.py"
    old.write_text("")
    document["files"]["plugins/Renderbus/renderbus_old.py"] = (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    record.write_text(json.dumps(document))
    assert install()["plugins/Renderbus/renderbus_old.py"] == "remove"
    assert not old.exists()


def test_a_record_that_names_what_is_not_below_the_folder_removes_nothing(
    install, renderbus_here, repository
):
    install()
    victim = repository / "victim"
    victim.write_text("precious\n")
    record = repository / "custom/plugins/Renderbus/renderbus-installed.json"
    document = json.loads(record.read_text())
    document["files"]["../victim"] = hashlib.sha256(victim.read_bytes()).hexdigest()
    record.write_text(json.dumps(document))
    for more in ((), ("--uninstall",)):
        done = renderbus_here("install", "deadline", "--repository", repository, *more)
        assert done.returncode == 1
        assert "names '../victim', which is no place below" in done.stderr
    assert victim.read_text() == "precious\n"
    assert installed(repository) == {str(place) for place in bundle()}


def test_what_an_attempt_that_failed_has_left_is_gone_over(install, repository):
    install()
    (repository / "custom/plugins/Renderbus/renderbus-installed.json").unlink()
    cache = repository / "custom/plugins/Renderbus/__pycache__"
    cache.mkdir()
    (cache / "renderbus_ask.cpython-310.pyc").write_bytes(b"")
    install()
    install("--uninstall")
    assert not (repository / "custom/plugins/Renderbus").exists()
    install()


@pytest.mark.parametrize(("made", "sentence"), [
    ("custom/plugins/Renderbus", "was not installed by this command"),
    ("custom/events/renderbus", "was not installed by this command"),
])  # fmt: skip
def test_what_bears_our_name_and_is_not_ours_is_left_alone(
    renderbus_here, repository, made, sentence
):
    (repository / made).mkdir(parents=True)
    done = renderbus_here("install", "deadline", "--repository", repository)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert installed(repository) == set()


def test_a_folder_that_is_no_repository_is_refused(renderbus_here, tmp_path):
    done = renderbus_here("install", "deadline", "--repository", tmp_path)
    assert done.returncode == 1
    assert "is no Deadline repository: it has no folder plugins" in done.stderr


def test_people_read_what_to_click_next(renderbus_here, repository):
    done = renderbus_here("install", "deadline", "--repository", repository)
    assert "Configure Events > Renderbus: set State to Global Enabled" in done.stdout
    done = renderbus_here("install", "--help")
    assert "deadline" in done.stdout


# -- doctor ---------------------------------------------------------------------------------------

ACCOUNT = {"RAYVISION_API_ACCESS_ID": "an-id", "RAYVISION_API_KEY": "a-key"}


def looked(renderbus_here, repository, **environment):
    done = renderbus_here("doctor", "deadline", "--repository", repository, "--json", **environment)
    assert done.stdout, done.stderr
    found = {each["what"]: each for each in json.loads(done.stdout)}
    assert done.returncode == (not all(each["is_fine"] for each in found.values()))
    return found


def test_what_is_ready_is_fine(install, renderbus_here, repository):
    install()
    found = looked(renderbus_here, repository, **ACCOUNT)
    assert all(each["is_fine"] for each in found.values()), found
    assert not list(Path(repository.parent).rglob("bursts.db")), "it changes nothing"


def test_what_is_missing_is_named_with_what_to_do(install, renderbus_here, repository):
    found = looked(renderbus_here, repository)
    assert "run: renderbus install deadline" in found["files"]["found"]
    assert "RAYVISION_API_ACCESS_ID" in found["credentials"]["found"]
    install()
    (repository / "custom/events/Renderbus/Renderbus.py").unlink()
    (repository / "custom/plugins/GlobalJobPreLoad.py").write_text("")
    url = "postgresql+psycopg://nobody:secret@127.0.0.1:9/none"
    found = looked(renderbus_here, repository, RENDERBUS_STORE_URL=url, **ACCOUNT)
    assert "events/Renderbus/Renderbus.py differ" in found["files"]["found"]
    assert "what it changes for jobs, the cloud does not do" in found["GlobalJobPreLoad"]["found"]
    assert "does not answer" in found["store"]["found"]
    assert "secret" not in json.dumps(found)


# -- settings files -------------------------------------------------------------------------------


def test_only_defaults_that_were_changed_are_carried_over():
    original = "[A]\nType=integer\nDefault=1\n[B]\nDefault=x\n"
    edited = "[A]\nType=string\nDefault=7\n[B]\nDefault=x\n[Z]\nDefault=gone\n"
    new = "[A]\nType=integer\nDefault=2\n[B]\nDefault=y\n[C]\nDefault=new\n"
    merged = carried_over(original, edited, new)
    assert defaults(merged) == {"A": "7", "B": "y", "C": "new"}
    assert "Type=integer" in merged
    assert carried_over(original, original, new) == new
