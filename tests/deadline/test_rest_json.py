"""Jobs as Deadline's Web Service sends them, and the same jobs as they were submitted."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deadline_plugin import Dump, convert, read_jobs, rest_json, tables
from renderbus_core import schema
from renderbus_core.errors import InputError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLE = json.loads((files("deadline_plugin") / "rest_json.json").read_text("utf-8"))
NEVER = "0001-01-01T00:00:00Z"
JOB = {
    "_id": "5f0000000000000000000001", "Plug": "MayaBatch", "Mach": "ws-a", "Stat": 1,
    "Date": "2026-03-01T13:00:00.53+01:00", "DateComp": NEVER, "Errs": 3, "QueuedChunks": 10,
    "ConcurrencyToken": "a-token", "OutDir": ["/show/out"], "OutFile": ["shot.????.exr"],
    "Aux": [r"X:\tmp\shot.ma"], "Main": False, "Tile": False, "TileCount": 0, "TileFile": [],
    "Props": {
        "Name": "shot", "User": "ada", "Frames": "1-10x3", "Chunk": 2, "Pri": 70, "Dept": "",
        "Pool": "maya", "SecPool": "", "Grp": "none", "Seq": False, "OnComp": 2, "Timeout": 1,
        "Schd": 0, "SchdDate": NEVER, "MonStart": "-10675199.02:48:05.4775808", "Dep": [],
        "ReqAss": [], "White": False, "ListedSlaves": [], "PathMap": [], "Tasks": 2,
        "Region": "none", "Limits": ["maya"], "PlugDir": "", "EnvOnly": False, "Env": {},
        "ExDic": {"project": "opera", "renderbus.claims": "ours"}, "Ex0": "", "TaskEx9": "",
        "PlugInfo": {"Version": "2024", "Renderer": "Arnold", "RenderHalfFrames": None},
    },
}  # fmt: skip


def job(**changes):
    """Return a job with other properties."""
    return {**JOB, "Props": {**JOB["Props"], **changes}}


def test_a_job_of_the_web_service_is_the_job_that_was_submitted():
    found = convert(rest_json.dump(JOB, "/repository/jobs/1"), NOW)
    assert found.refusals == ()
    assert (found.traits, found.frames_per_task) == ((), 2)
    submitted = {
        "Plugin": "MayaBatch", "Name": "shot", "UserName": "ada", "Frames": "1-10x3",
        "ChunkSize": "2", "Priority": "70", "Pool": "maya", "Group": "none",
        "OutputDirectory0": "/show/out", "OutputFilename0": "shot.????.exr",
        "ExtraInfoKeyValue0": "project=opera",
    }  # fmt: skip
    same = Dump(
        submitted,
        {"Version": "2024", "Renderer": "Arnold"},
        ["/repository/jobs/1/shot.ma"],
        JOB["_id"],
    )
    assert found == convert(same, NOW)


def test_it_is_what_the_agent_inside_deadline_would_send():
    native = rest_json.native(JOB)
    assert schema.problems("deadline_job.json", native) == ()
    assert native["submitted_at"] == "2026-03-01T12:00:00.530000+00:00"
    assert native["auxiliary"] == [r"X:\tmp\shot.ma"]
    assert not [value for value in native["job_info"].values() if value.startswith("renderbus.")]


@pytest.mark.parametrize(
    ("properties", "key", "value"),
    [
        ({"Seq": True}, "Sequential", "True"),
        ({"OnComp": 0}, "OnJobComplete", "Archive"),
        ({"Schd": 2}, "ScheduledType", "Daily"),
        ({"Schd": 9}, "ScheduledType", "9"),
        ({"Timeout": 7}, "OnTaskTimeout", "Fail"),
        ({"White": True, "ListedSlaves": ["a", "b"]}, "Allowlist", "a,b"),
        ({"White": False, "ListedSlaves": ["a"]}, "Denylist", "a"),
        ({"Dep": ["5f", "60"]}, "JobDependencies", "5f,60"),
        ({"ReqAss": [{"FileName": "/a.abc", "Notes": ""}]}, "RequiredAssets", "/a.abc"),
        ({"Env": {"A": "B"}}, "EnvironmentKeyValue0", "A=B"),
        ({"Ex3": "seen"}, "ExtraInfo3", "seen"),
        ({"TaskEx0": "note"}, "TaskExtraInfoName0", "note"),
        ({"MonStart": "08:00:00"}, "ScheduledMondayStartTime", "08:00:00"),
    ],
)
def test_each_property_has_its_submission_key(properties, key, value):
    info = rest_json.dump(job(**properties)).job_info
    assert info[key] == value
    assert tables.job_info().name_of(key)


@pytest.mark.parametrize(
    ("properties", "traits"),
    [
        ({"Env": {"A": "B"}}, {"environment"}),
        ({"ScrDep": [{"FileName": "/s.py"}]}, {"dependencies"}),
        ({"PoTskScrp": "/s.py"}, {"task_scripts"}),
        ({"White": True, "ListedSlaves": ["node-7"]}, {"worker_list"}),
    ],
)
def test_what_speaks_against_the_cloud_does_so_here_too(properties, traits):
    assert set(convert(rest_json.dump(job(**properties), "/x"), NOW).traits) == traits


def test_what_stands_beside_the_properties_counts_too():
    (refusal,) = convert(rest_json.dump({**JOB, "Tile": True}), NOW).refusals
    assert (refusal.key, refusal.value) == ("TileJob", "True")


@pytest.mark.parametrize("value", [7, "x", {"a": 1}, [1], True])
def test_a_property_that_nobody_knows_keeps_the_job_here(value):
    (refusal,) = convert(rest_json.dump(job(NewThing=value)), NOW).refusals
    assert (refusal.key, refusal.why) == (
        "Props.NewThing", "nobody knows what it means for the cloud",
    )  # fmt: skip


@pytest.mark.parametrize("value", [None, "", 0, False, [], {}, NEVER])
def test_one_that_says_nothing_does_not(value):
    assert convert(rest_json.dump(job(NewThing=value)), NOW).refusals == ()


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ([], "it is no job of Deadline's Web Service"),
        ({}, "'_id', 'Plug', 'Props' are missing"),
        ({"_id": "a", "Plug": "b", "Props": {}}, "'PlugInfo' is missing"),
        ({**JOB, "OutDir": 7}, "OutDir"),
        (job(Env=[1]), "Env"),
    ],
)
def test_what_is_no_job_is_one_sentence(broken, why):
    with pytest.raises(InputError, match=re.escape(why)):
        rest_json.dump(broken)
    with pytest.raises(InputError, match="is no time"):
        rest_json.native({**JOB, "Date": "yesterday"})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([*TABLE["properties"], *TABLE["read_apart"], "Ex3", "New"]) | st.text()


@given(properties=st.dictionaries(NAMES, VALUES, max_size=6))
def test_whatever_a_property_says_the_job_is_converted_or_kept_here(properties):
    try:
        found = convert(rest_json.dump(job(**properties), "/x"), NOW)
    except InputError:
        return
    assert (found.job is None) is bool(found.refusals)


def test_names_stand_for_keys_that_jobs_have():
    keys = {*TABLE["job"].values(), *TABLE["properties"].values()}
    keys |= {f"{name}0" for name in TABLE["pairs"].values()} | {"Allowlist", "Denylist"}
    assert not [key for key in keys if tables.job_info().name_of(key) is None]
    assert set(TABLE["words"]) <= keys


@pytest.fixture
def published(shared):
    """Return the job of a real farm that the facts have."""
    text = (shared / "facts" / "deadline.md").read_text("utf-8")
    block = text[text.index("### 9.3") :].split("```")[1]
    # Runs of keys that are alike are left out there.
    return json.loads(block, object_pairs_hook=lambda pairs: {k: v for k, v in pairs if k != "..."})


def test_every_property_of_the_published_job_is_known(published):
    known = {*TABLE["properties"], *TABLE["pairs"], *TABLE["read_apart"], *TABLE["no_setting"]}
    # A list of rules of its own keeps a job here when it holds any.
    shorts = {re.sub(r"\d", "#", short) for short in published["Props"]}
    assert shorts - known == {"PathMap"}


def test_the_published_job_can_be_sent(published):
    found = convert(rest_json.dump(published), NOW)
    assert (found.refusals, found.traits, found.can_be_sent) == ((), (), True)
    assert (found.job.dcc, found.job.outputs) == ("blender", ("/out/####.png",))
    assert found.job.scene == "/x/sample.blend"
    assert rest_json.native(published)["submitted_at"] == "2021-05-26T18:35:51.530000+00:00"


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_one_job_or_a_list_of_jobs_is_read_from_a_file(tmp_path, encoding):
    file = tmp_path / "jobs.json"
    file.write_text(json.dumps(JOB), encoding=encoding)
    assert [one.id for one in read_jobs(file)] == [JOB["_id"]]
    file.write_text(json.dumps([JOB, {**JOB, "_id": "b"}]), encoding=encoding)
    assert [one.id for one in read_jobs(file)] == [JOB["_id"], "b"]


@pytest.mark.parametrize(
    ("text", "why"), [("Plugin=MayaBatch", "goes with a second one"), ("[{}]", "are missing")]
)
def test_a_file_without_jobs_says_so(tmp_path, text, why):
    file = tmp_path / "jobs.json"
    file.write_text(text)
    with pytest.raises(InputError, match=why) as refused:
        read_jobs(file)
    assert str(file) in str(refused.value)
