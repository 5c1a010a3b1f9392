"""Jobs as they are submitted to Qube: what they ask for, and who takes them there."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from deadline_bench import pythons
from qube_bench import qube

from qube_jobtype.asking import ask_qube
from qube_jobtype.declared import declared_outputs
from qube_jobtype.renderbus_submit import ASKED, SETTINGS, ask_jobs, pictures, render_job
from renderbus_core.cli import main
from renderbus_core.config import load
from renderbus_core.errors import FarmError
from renderbus_core.frames import Dialect, FrameSet, pad_path
from renderbus_core.jobs import IntentKind

# Asked before anything says that this user's home is elsewhere.
PYTHONS = pythons()
SUBMIT = ("qube", "submit", "/show/spin.blend", "--frames", "1-5", "--output", "/out/a.####.png")


@pytest.fixture
def facts(shared):
    return json.loads((shared / "facts" / "qube_api.json").read_text("utf-8"))


@pytest.fixture
def renderbus(tmp_path, monkeypatch, capsys):
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))

    def run(*arguments):
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def hands(tmp_path, monkeypatch):
    """Return hands on a Qube that the command line finds."""
    python = next(iter(PYTHONS.values()))
    with qube(tmp_path, python) as found:
        monkeypatch.setenv("QB_SUPERVISOR", f"127.0.0.1:{found.port}")
        monkeypatch.setenv("QBDIR", str(tmp_path / "qube"))
        agent = [str(python), "-B", str(tmp_path / "jobtypes" / "renderbus" / "agent.py")]
        config = tmp_path / "renderbus.toml"
        config.write_text(f"[farm]\nagent = {json.dumps(agent)}\n")
        monkeypatch.setenv("RENDERBUS_CONFIG", str(config))
        yield found


# -- what a job asks for --------------------------------------------------------------------------


def test_a_job_for_the_cloud_holds_nothing_but_documented_fields_and_texts(facts):
    job = render_job("shot", {"scenefile": "/a.ma", "layer": ""}, ["1", "2"], {"groups": "far"})
    assert set(job) <= set(facts["job_fields"])
    assert set(str(job["flagsstring"]).split(",")) <= set(facts["flags"])
    assert job["package"] == {"scenefile": "/a.ma"}
    assert job["agenda"] == [{"name": "1"}, {"name": "2"}]
    assert (job["groups"], job["cpus"], job["max_cpus"]) == ("far", 1, 0)
    assert "global.renderbus=1" in str(job["reservations"])
    assert SETTINGS["groups"] == "renderbus", "what one job chooses is no other's"


TEMPLATES = ["/show/out/shot.####.exr", "C:\\out\\a#b.#.png", "/o#/x#y##_z.tif", "/o/a##b.###"]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("item", ["7", "-5", "12345", "1-3", "9-1x4", "-3--1", "1, 5,9-10", "0-0"])
def test_items_name_their_pictures_as_the_gateway_does(template, item):
    outputs = declared_outputs("maya", {}, "", template)
    frames = FrameSet.parse(item, Dialect.QUBE)
    wanted = [pad_path(one, frame) for frame in frames for one in outputs]
    assert pictures(template, item).split(",") == wanted


@pytest.mark.parametrize("separator", [",", " , ", "\n"])
def test_an_item_of_several_frames_names_every_picture_of_each(separator):
    outputs = separator.join(["/o/a.##.exr", "/o/b.##.exr"])
    assert pictures(outputs, "1-2") == "/o/a.01.exr,/o/b.01.exr,/o/a.02.exr,/o/b.02.exr"


@pytest.mark.parametrize(
    "outputs",
    ["/o/<Picture>", "/o/<RenderLayer>/a.####.exr", "/o/a.####.<Extension>", "/o/a.<Frame>.exr",
     "/o/a.exr", "/o.####/a.exr", "", "\n/o, really/a.####.exr\n/o/b.exr"],
)  # fmt: skip
def test_a_name_that_is_left_to_the_scene_or_has_a_comma_is_not_foretold(outputs):
    job = render_job("shot", {"renderbus_outputs": outputs}, ["1"], {})
    assert job["agenda"] == [{"name": "1"}]


def test_of_several_outputs_those_are_named_that_are_sure():
    outputs = "/o/a.##.exr\n/o, really/b.##.exr\n/o/<RenderPass>.##.exr"
    assert pictures(outputs, "3") == "/o/a.03.exr"


@pytest.mark.parametrize("item", ["all", "", "1-", "1-9x0", "1-1001", "1,2-1001", "\u0661", "1.5"])
def test_an_item_that_is_no_frames_or_too_many_names_no_pictures(item):
    assert pictures("/o/a.####.exr", item) == ""


def test_what_is_asked_names_its_job_and_is_run_by_nobody(facts):
    job, other = ask_jobs("recall", "12, 13", "1-5")
    assert set(job) <= set(facts["job_fields"])
    assert (job["status"], job["pid"], other["pid"]) == ("blocked", 12, 13)
    assert job["status"] in facts["statuses"]["submit_job"]
    assert job["package"] == {"ask": "recall", "job": "12", "frames": "1-5"}


def test_what_concerns_the_whole_farm_is_asked_once():
    (job,) = ask_jobs("drain", "12,13", "1-5")
    assert job["package"] == {"ask": "drain"}
    assert "pid" not in job


@pytest.mark.parametrize(
    ("kind", "job", "sentence"),
    [("dance", "1", "nobody knows how to 'dance'"), ("burst", " , ", "no job is named"),
     ("burst", "7,1.2", "'1.2' is no number of a job"), ("burst", "\u0661", "is no number")],
)  # fmt: skip
def test_what_is_nonsense_is_not_asked(kind, job, sentence):
    with pytest.raises(ValueError, match=sentence):
        ask_jobs(kind, job)


@pytest.mark.parametrize("kind", ASKED)
def test_the_gateway_knows_everything_that_can_be_asked(kind, root):
    record = (root / "qube_jobtype" / "renderbus" / "renderbus_record.py").read_text("utf-8")
    assert f'"{kind}"' in record


def test_the_gateway_hears_what_is_asked(farm, hands):
    package = {"cmdline": "Render /a.ma", "range": "1-5"}
    source = hands.submit(name="shot", prototype="cmdrange", frames="12345", package=package)
    hands.qb("submit", ask_jobs("burst", source, "2-3"))
    (intent,) = farm.intents()
    assert (intent.kind, intent.job, str(intent.frames)) == (IntentKind.BURST, source, "2-3[1]")


# -- who takes it there ---------------------------------------------------------------------------


def test_a_job_of_the_command_line_is_in_qube_as_it_was_said(renderbus, hands):
    hands("add_host", "gateway", 8, "renderbus")
    status, said, problem = renderbus(*SUBMIT, "--name", "spin", "--priority", "5", "--chunk", "2")
    assert (status, problem) == (0, "")
    job = hands("job", said.strip())
    assert (job["name"], job["prototype"], job["priority"]) == ("spin", "renderbus", 5)
    assert [item["name"] for item in job["agenda"]] == ["1-2", "3-4", "5"]
    assert job["package"]["renderbus_outputs"] == "/out/a.####.png"
    assert [item["resultpackage"]["outputPaths"] for item in job["agenda"]] == [
        "/out/a.0001.png,/out/a.0002.png",
        "/out/a.0003.png,/out/a.0004.png",
        "/out/a.0005.png",
    ]


def test_a_job_that_qube_does_not_take_says_why(renderbus, hands):
    status, said, problem = renderbus(*SUBMIT)
    assert (status, said) == (1, "")
    assert problem.startswith("renderbus: Qube did not do it")
    assert "renderbus" in problem, "no worker is in that group"
    assert hands.of_type() == []


@pytest.mark.usefixtures("hands")
def test_a_request_that_asks_for_nothing_is_told_so(tmp_path):
    with pytest.raises(FarmError, match="none of submit, job"):
        ask_qube(load(tmp_path / "renderbus.toml").farm.agent, {})


def test_a_job_of_which_qube_says_nothing_may_be_there_all_the_same(renderbus, hands):
    hands("add_host", "gateway", 8, "renderbus")
    hands("drop", "submit")
    status, said, problem = renderbus(*SUBMIT)
    assert (status, said) == (1, "")
    assert problem == (
        "renderbus: Qube does not say whether it took the job; look for it before you submit it "
        "again\n"
    )


def test_a_job_of_qube_is_judged_by_its_number(renderbus, hands):
    line = "blender -b /show/spin.blend -o /out/a_ -F PNG -f QB_FRAME_NUMBER"
    package = {"cmdline": line, "range": "1-3"}
    number = hands.submit(name="spin", prototype="cmdrange", frames="123", package=package)
    status, said, _ = renderbus("qube", "convert", number, "--json")
    found = json.loads(said)
    assert (status, found["job"]["frames"], found["job"]["id"]) == (0, "1-3[1]", number)
    status, _, problem = renderbus("qube", "convert", "4711")
    assert (status, problem) == (1, "renderbus: Qube has no job 4711\n")


def test_a_job_that_nobody_answers_of_is_not_said_to_be_unknown(renderbus, hands):
    number = hands.submit(name="spin", prototype="cmdrange", frames="1", package={})
    hands("switch", "unreachable", True)
    status, _, problem = renderbus("qube", "convert", number)
    assert (status, problem) == (
        1, "renderbus: the supervisor of Qube does not answer; see: qbping\n",
    )  # fmt: skip


def test_a_number_that_no_job_has_is_one_sentence(renderbus):
    status, _, problem = renderbus("qube", "convert", "9" * 5000)
    assert (status, problem) == (1, f"renderbus: {'9' * 18}... is no number of a job\n")


def test_a_job_that_qube_has_archived_is_read_by_qube(renderbus, hands, tmp_path):
    job = render_job("spin", {"program": "blender", "scenefile": "/a.blend"}, ["1"], {})
    file = tmp_path / "spin.xja"
    file.write_text(json.dumps(job))
    status, said, _ = renderbus("qube", "convert", file)
    assert status == 1
    assert "renderbus_outputs" in said
    assert renderbus("qube", "convert", tmp_path / "gone.qja")[2].startswith("renderbus: Qube did")
    assert hands.of_type() == []


def test_a_dry_run_asks_nobody(renderbus):
    status, said, _ = renderbus(*SUBMIT, "--dry-run")
    job = json.loads(said)
    assert (status, job["prototype"], job["package"]["program"]) == (0, "renderbus", "blender")
    assert job["name"] == "spin.blend"


def test_an_output_may_have_a_comma_in_its_name(renderbus, tmp_path):
    status, said, problem = renderbus(*SUBMIT[:-1], "/out/a,b.####.png", "--dry-run")
    assert (status, problem) == (0, "")
    job = json.loads(said)
    file = tmp_path / "job.json"
    file.write_text(json.dumps({**job, "id": 7}))
    found = json.loads(renderbus("qube", "convert", file, "--json")[1])
    assert found["job"]["outputs"] == ["/out/a,b.####.png"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--output", "out/a.####.png"], "is no absolute path"),
        (["--frames", "x"], "frame list"),
        (["--program", "maya"], "is no scene of Maya"),
        (["--priority", "5", "--frames", "1-3,"], "frame list"),
        (["--output", "/out/a.png"], "has no place for the frame"),
        (["--output", "/out/a.####.mov"], "is no picture that its program makes"),
    ],
)
def test_what_the_gateway_would_refuse_is_refused_here(renderbus, more, sentence):
    status, _, problem = renderbus(*SUBMIT, *more, "--dry-run")
    assert status == 1
    assert sentence in problem


def test_without_qubes_python_it_is_one_sentence(renderbus, tmp_path, monkeypatch):
    monkeypatch.delenv("RENDERBUS_CONFIG", raising=False)
    status, _, problem = renderbus(*SUBMIT)
    assert status == 1
    assert "is the job type installed there?" in problem or "cannot be asked" in problem
    config = tmp_path / "renderbus.toml"
    config.write_text('[farm]\nagent = ["python3", "/opt/nothing.py"]\n')
    _, _, problem = renderbus("--config", config, *SUBMIT)
    assert "no agent.py is among it" in problem


@pytest.mark.heavy
def test_a_job_of_the_command_line_comes_home(open_studio, root):
    with open_studio() as studio:
        output = studio.folder / "renders"
        output.mkdir()
        done = subprocess.run(
            [sys.executable, "-m", "renderbus_core", "--config", studio.folder / "renderbus.toml",
             "qube", "submit", root / "examples" / "spin" / "spin.blend", "--frames", "1-3",
             "--output", output / "<Picture>"],
            env=studio.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        number = done.stdout.strip()
        studio.hands("dispatch", number, "gateway")
        studio.until_states(number, ["complete"] * 3)
        assert len(list(output.glob("*.png"))) == 3


# -- jobs on file ---------------------------------------------------------------------------------

DUMP = {
    "id": 7,
    "name": "shot",
    "prototype": "cmdrange",
    "priority": 9999,
    "todotally": {"pending": 2},
    "package": {"cmdline": "Render -s QB_FRAME_NUMBER -e QB_FRAME_NUMBER -rd /o /a.ma", "x": None},
    "agenda": [{"name": "1", "status": "pending"}, {"name": "2"}],
    "env": None,
}


@pytest.mark.parametrize("wrap", [lambda dump: dump, lambda dump: [dump]])
def test_what_jobinfo_says_of_a_job_can_be_judged_from_a_file(renderbus, tmp_path, wrap):
    file = tmp_path / "job.json"
    file.write_text(json.dumps(wrap(DUMP)))
    status, said, problem = renderbus("qube", "convert", file)
    assert status == 0, problem
    for words in ("shot can be sent", "/a.ma", "1-2[1], 1 a task"):
        assert words in said


def test_a_job_that_stays_is_shown_with_why(renderbus, tmp_path):
    file = tmp_path / "job.json"
    line = DUMP["package"]["cmdline"].replace("a.ma", "a.mb")
    file.write_text(json.dumps({**DUMP, "package": {"cmdline": line}}))
    status, said, _ = renderbus("qube", "convert", file)
    # A title is as wide as its table.
    assert (status, "shot is converted, and stays here" in " ".join(said.split())) == (1, True)
    file.write_text(json.dumps({**DUMP, "package": {"cmdline": "prman a.rib"}}))
    status, said, _ = renderbus("qube", "convert", file)
    assert (status, "shot cannot be sent" in said) == (1, True)


def test_what_a_job_says_controls_no_terminal_and_breaks_no_line(renderbus, tmp_path):
    file = tmp_path / "job.json"
    line = DUMP["package"]["cmdline"].replace("-rd", "-cam 'a\x1b[31m' -rd")
    odd = {**DUMP, "name": "[red]shot\x1b[2J\nspoofed", "package": {"cmdline": line}}
    file.write_text(json.dumps(odd))
    _, said, _ = renderbus("qube", "convert", file)
    assert r"a\x1b[31m" in said
    file.write_text(json.dumps({**odd, "package": {"odd\x1b": "\x1b]0;x\x07", "cmdline": line}}))
    _, also, _ = renderbus("qube", "convert", file)
    for text in (said, also):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert r"[red]shot\x1b[2J\nspoofed can" in text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("nonsense", "is no JSON"), ("{}", "it has no prototype"), ("[]", "it has no prototype")],
)
def test_a_file_that_is_no_job_is_one_sentence(renderbus, tmp_path, content, sentence):
    file = tmp_path / "job.json"
    file.write_text(content)
    assert sentence in renderbus("qube", "convert", file)[2]
    assert "cannot be read" in renderbus("qube", "convert", tmp_path / "gone.json")[2]


@pytest.mark.parametrize("python", PYTHONS.values(), ids=PYTHONS)
def test_it_runs_under_the_pythons_of_qube(python, root):
    code = "import runpy, sys; runpy.run_path(sys.argv[1])"
    file = root / "qube_jobtype" / "renderbus_submit.py"
    subprocess.run([python, "-E", "-B", "-c", code, file], check=True)
