"""Plug-ins of QubeUI, run as it runs them: by themselves, with its own names at hand."""

from __future__ import annotations

import ast
import json
import subprocess
import textwrap

import pytest
from deadline_bench import pythons

from qube_jobtype.installing import qubeui_files
from qube_jobtype.packages import tables
from qube_jobtype.renderbus_submit import ASKED, SETTINGS

SUBMISSION, PANEL = "submission/Renderbus/renderbus.py", "panels/renderbus.py"
FILES = {str(place): content.decode() for place, content in qubeui_files().items()}

# What stands for QubeUI: its functions write down what they are called with, and its widgets are
# as Qt's documents name them. The rest of Python is the interpreter's own.
STAND_IN = """
import json, sys, types

called, sent, infos = [], [], json.loads(sys.argv[2])
names = dict(__name__="plugin")
for name in ("add_submission_type", "add_page", "add_field"):
    def write(*given, name=name, **more):
        shown = {key: value for key, value in more.items() if not callable(value)}
        called.append([name, list(given), shown])
    names[name] = write


class QbUIPlugin(object):
    pass


class Widget(object):
    made = []

    def __init__(self, text=""):
        self.text, self.slots, self.widgets = text, {}, []
        Widget.made.append(self)

    def addWidget(self, widget):
        self.widgets.append(widget)

    def connect(self, signal, slot):
        self.slots[signal] = slot


class Selected(object):
    def __init__(self, number):
        self._number = number

    def id(self):
        return self._number


qtgui = types.SimpleNamespace(
    QVBoxLayout=Widget, QLabel=Widget, QLineEdit=Widget, QPushButton=Widget
)
ui = types.SimpleNamespace(selectedJobs=lambda: [Selected(12), Selected(13), object()])
pythonqt = types.ModuleType("PythonQt")
pythonqt.QtGui, pythonqt.pfx = qtgui, types.SimpleNamespace(QubeUI=lambda: ui)
qb = types.ModuleType("qb")


def submit(jobs):
    if any(job["package"].get("frames") == "no" for job in jobs):
        raise ValueError("the supervisor says no")
    sent.extend(jobs)
    return [dict(job, id=100 + number) for number, job in enumerate(jobs)]


qb.submit = submit
qb.jobinfo = lambda filters: [job for job in infos if job["pid"] == filters["pid"]]
sys.modules.update(PythonQt=pythonqt, qb=qb)
names.update(QbUIPlugin=QbUIPlugin)
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"), names)
"""
PANEL_TAIL = """
panel = names["UserUIPlugin"]()
box = panel.build_layout()
buttons = {one.text: one.slots["clicked()"] for one in box.widgets if one.slots}
lines = [one for one in box.widgets if not one.slots and one.text in ("12,13", "")]
"""


@pytest.fixture(params=pythons().values(), ids=pythons())
def run(request, tmp_path):
    """Return a function that runs a plug-in and then some lines, and returns what they say."""

    def runs(place, lines, infos=()):
        file = tmp_path / "plugin.py"
        file.write_text(FILES[place])
        program = STAND_IN + lines + "\nprint(json.dumps(answer))"
        done = subprocess.run(
            [request.param, "-E", "-B", "-c", program, file, json.dumps(list(infos))],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return runs


# -- the submission dialog ------------------------------------------------------------------------


def test_the_dialog_fills_in_just_what_the_conversion_reads(run):
    calls = run(SUBMISSION, "\nanswer = called")
    (kind,) = [more for name, _, more in calls if name == "add_submission_type"]
    assert (kind["prototype"], kind["type"], kind["has_range"]) == ("renderbus", "renderbus", True)
    keys = {more["destination"].partition(".")[2] for name, _, more in calls if name == "add_field"}
    table = tables()["packages"]["renderbus"]
    known = {key for keys_ in table["mapped"].values() for key in keys_} | set(tables()["own"])
    assert keys <= known
    assert {"program", "scenefile", "renderbus_outputs"} <= keys


def test_the_dialog_calls_nothing_but_what_is_documented(run, shared):
    facts = json.loads((shared / "facts" / "qube_api.json").read_text("utf-8"))
    documented = facts["qubeui_submission_plugin"]
    for name, given, more in run(SUBMISSION, "\nanswer = called"):
        assert set(more) <= set(documented["functions"][name]), name
        assert len(given) == 1
        assert more.get("type", "string") in documented["field_types"] or name != "add_field"
    hooks = ast.parse(FILES[SUBMISSION]).body
    made = {node.name for node in hooks if isinstance(node, ast.FunctionDef)}
    assert "on_post_dialog" in made & set(documented["default_hooks"])


def test_what_a_job_for_the_cloud_needs_is_set_where_the_job_can_be_found(run):
    lines = textwrap.dedent("""
        job = {"prototype": "renderbus", "cpus": 10, "groups": "far", "package": {}}
        other = {"prototype": "maya"}
        names["on_post_dialog"]("dialog", other, job)
        names["on_post_dialog"]()
        answer = [job, other]
    """)
    job, other = run(SUBMISSION, lines)
    assert other == {"prototype": "maya"}
    assert job == {**SETTINGS, "groups": "far", "package": {}}


def test_items_name_their_pictures_where_they_can_be_found(run):
    lines = textwrap.dedent("""
        stale = {"outputPaths": "/old/a.0001.png", "cloud_task": "7"}
        package = {"renderbus_outputs": "/show/a.####.png"}
        job = {"prototype": "renderbus", "package": package,
               "agenda": [{"name": "1-2"}, {"name": "3", "resultpackage": stale}]}
        other = {"prototype": "maya", "package": package, "agenda": [{"name": "1"}]}
        open_ = {"prototype": "renderbus", "package": {"renderbus_outputs": "/show/<Picture>"},
                 "agenda": [{"name": "1", "resultpackage": dict(stale)}]}
        odd = [{"prototype": "renderbus", "package": given, "agenda": agenda}
               for given in (None, "text", package) for agenda in (None, "12", [None, {}])]
        names["on_post_dialog"](job, other, open_, *odd)
        answer = [each["agenda"] for each in (job, other, open_)]
    """)
    assert run(SUBMISSION, lines) == [
        [
            {"name": "1-2", "resultpackage": {"outputPaths": "/show/a.0001.png,/show/a.0002.png"}},
            {"name": "3", "resultpackage": {"outputPaths": "/show/a.0003.png"}},
        ],
        [{"name": "1"}],
        [{"name": "1"}],
    ]


# -- the panel ------------------------------------------------------------------------------------


def test_every_button_asks_the_gateway_for_the_selected_jobs(run):
    lines = PANEL_TAIL + textwrap.dedent("""
        lines[1].text = "1-10"
        for kind in ("burst", "drain"):
            buttons[names["ASKED"][kind]]()
        answer = [sent, panel._said.text, sorted(buttons)]
    """)
    sent, said, buttons = run(PANEL, lines)
    assert [job["package"] for job in sent] == [
        {"ask": "burst", "job": "12", "frames": "1-10"},
        {"ask": "burst", "job": "13", "frames": "1-10"},
        {"ask": "drain"},
    ]
    assert {job["status"] for job in sent} == {"blocked"}
    assert said.startswith("Asked with job 100")
    assert buttons == sorted([*ASKED.values(), "Show where they stand"])


@pytest.mark.parametrize(
    ("jobs", "frames", "sentence"),
    [("", "", "no job is named"), ("12", "no", "the supervisor says no")],
)
def test_what_cannot_be_asked_is_told(run, jobs, frames, sentence):
    lines = PANEL_TAIL + textwrap.dedent(f"""
        lines[0].text, lines[1].text = {jobs!r}, {frames!r}
        buttons[names["ASKED"]["recall"]]()
        answer = [sent, panel._said.text]
    """)
    sent, said = run(PANEL, lines)
    assert sent == []
    assert said.startswith("It was not asked: ")
    assert sentence in said


@pytest.mark.parametrize(
    ("taken", "asked", "unanswered"),
    [
        (0, "", "ask the cloud: recall 12, ask the cloud: recall 13"),
        (1, "Asked with job 100; the answer comes into its notes.\n", "ask the cloud: recall 13"),
    ],
)
def test_what_qube_does_not_answer_is_not_said_to_be_asked(run, taken, asked, unanswered):
    lines = PANEL_TAIL + textwrap.dedent(f"""
        submit = qb.submit
        qb.submit = lambda jobs: submit(jobs)[:{taken}]
        buttons[names["ASKED"]["recall"]]()
        answer = panel._said.text
    """)
    assert run(PANEL, lines) == (
        f"{asked}Qube does not say whether it took {unanswered}; look for it before you ask again."
    )


def test_people_see_what_the_gateway_noted(run):
    notes = "ours\n-- renderbus --\nin the cloud: 3 of 10 home\n{}"
    infos = [{"id": 20, "pid": 12, "name": "in the cloud: shot", "status": "blocked",
              "notes": notes}]  # fmt: skip
    lines = PANEL_TAIL + '\nbuttons["Show where they stand"]()\nanswer = panel._said.text'
    assert run(PANEL, lines, infos).splitlines() == [
        "12: in the cloud: shot (blocked)",
        "  in the cloud: 3 of 10 home",
    ]
    assert run(PANEL, lines) == "Nothing of them is in the cloud."


def test_plug_ins_call_only_documented_names_of_qb(shared):
    facts = json.loads((shared / "facts" / "qube_api.json").read_text("utf-8"))
    for place, text in FILES.items():
        called = {
            f"qb.{node.attr}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "qb"
        }
        assert called <= set(facts["functions"]), place


def test_a_plug_in_needs_nothing_beside_it():
    for text in FILES.values():
        assert "renderbus_submit" not in text.replace("`renderbus_submit`", "")
