"""What comes from the Web Service as JSON, read as the agent reads Deadline's own objects."""

from __future__ import annotations

import copy
import json

import pytest

from deadline_plugin.rest.jobs import Job
from deadline_plugin.rest.rows import Limit, Task, Worker
from deadline_plugin.rest.values import Moment
from renderbus_core.errors import FarmError

ID = "60ae9508f69eb6110034df45"
JOB = {
    "_id": ID,
    "Stat": 1,
    "Plug": "Blender",
    "Mach": "ws-a",
    "Date": "2021-05-26T18:35:51.53+02:00",
    "OutDir": ["/out"],
    "OutFile": ["####.png"],
    "Aux": [],
    "QueuedChunks": 3,
    "Tile": False,
    "ConcurrencyToken": "7",
    "Later": {"Deep": [1.5, None]},
    "Props": {
        "Name": "sample",
        "User": "djt",
        "Frames": "1-10",
        "Chunk": 3,
        "Tasks": 4,
        "Pri": 70,
        "OnComp": 2,
        "Schd": 0,
        "MachLmtProg": -1.0,
        "MonStart": "-10675199.02:48:05.4775808",
        "SchdDate": "0001-01-01T00:00:00Z",
        "ListedSlaves": [],
        "White": False,
        "PlugInfo": {"SceneFile": "/x/sample.blend"},
        "Env": {},
        "ExDic": {"renderbus": "allowed"},
        "Ex0": "ready",
    },
}


def job(**properties):
    """Return the job with other properties; None takes one away."""
    document = copy.deepcopy(JOB)
    document["Props"].update(properties)
    return Job({k: v for k, v in document.items() if v is not None})


def info(made):
    return {key: made.GetJobInfoKeyValue(key) for key in made.GetJobInfoKeys()}


class TestWhatAJobSays:
    def test_properties_are_those_that_it_would_be_submitted_with(self):
        assert info(job()) == {
            "Plugin": "Blender",
            "MachineName": "ws-a",
            "TileJob": "False",
            "Name": "sample",
            "UserName": "djt",
            "Frames": "1-10",
            "ChunkSize": "3",
            "Priority": "70",
            "OnJobComplete": "Nothing",
            "ScheduledType": "None",
            "MachineLimitProgress": "-1.0",
            "ExtraInfo0": "ready",
        }

    @pytest.mark.parametrize(
        ("properties", "key", "text"),
        [
            ({"Timeout": 5}, "OnTaskTimeout", "Requeue"),
            ({"Schd": 9}, "ScheduledType", "9"),
            ({"Limits": ["arnold", "maya"]}, "LimitGroups", "arnold,maya"),
            ({"ReqAss": [{"FileName": "/a.exr", "Notes": ""}]}, "RequiredAssets", "/a.exr"),
            ({"ListedSlaves": ["n1", "n2"]}, "Denylist", "n1,n2"),
            ({"ListedSlaves": ["n1"], "White": True}, "Allowlist", "n1"),
            ({"PrTskScrp": "/a.py"}, "PreTaskScript", "/a.py"),
            (
                {"SchdDate": "2021-05-26T18:35:51Z"},
                "ScheduledStartDateTime",
                "2021-05-26T18:35:51Z",
            ),
        ],
    )
    def test_states_lists_and_dates_become_texts(self, properties, key, text):
        assert info(job(**properties))[key] == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [("on", "on"), (3, "3"), ({"a": 1}, '{"a": 1}'), (["x"], "x"), (True, "True")],
    )
    def test_a_property_that_nobody_knows_is_named(self, value, text):
        """Whoever judges the job refuses it by that name; it is not passed over."""
        assert info(job(Denoise=value))["Props.Denoise"] == text

    @pytest.mark.parametrize("value", [None, "", 0, False, [], {}, "0001-01-01T00:00:00Z"])
    def test_one_that_says_nothing_is_none(self, value):
        assert "Props.Denoise" not in info(job(Denoise=value))

    def test_moments_are_utc(self):
        assert job().JobSubmitDateTime.ToUniversalTime().ToString("s") == "2021-05-26T16:35:51"

    @pytest.mark.parametrize(
        "text", ["0001-01-01T00:00:00Z", "", None, 7, "yesterday", "9999-12-31T23:59:59-08:00"]
    )
    def test_what_is_no_moment_is_the_least_of_all(self, text):
        assert Moment(text).ToString("s") == "0001-01-01T00:00:00"

    @pytest.mark.parametrize(
        "document",
        [None, [], "job", {}, {**JOB, "_id": "7"}, {**JOB, "Stat": 99}, {**JOB, "Stat": "1"},
         {**JOB, "Props": None}],
    )  # fmt: skip
    def test_what_is_no_job_is_corrupted(self, document):
        assert Job(document).IsCorrupted()
        assert not job().IsCorrupted()


class TestWhatIsChanged:
    def test_all_else_is_saved_as_it_is_by_then(self):
        mine = job()
        mine.SetJobExtraInfoKeyValue("renderbus.claims", "{}")
        mine.DeleteJobExtraInfoKey("renderbus")
        mine.JobExtraInfo0 = "IN CLOUD 1/4"
        now = copy.deepcopy(JOB)
        now["ConcurrencyToken"] = "8"
        now["Props"]["Pri"] = 10
        now["Props"]["ExDic"] = {"renderbus": "allowed", "theirs": "kept"}
        before = copy.deepcopy(now)
        saved = mine.edited(now)
        assert now == before, "what was read is not changed"
        expected = copy.deepcopy(now)
        expected["Props"]["ExDic"] = {"theirs": "kept", "renderbus.claims": "{}"}
        expected["Props"]["Ex0"] = "IN CLOUD 1/4"
        assert saved == expected
        assert json.dumps(saved, sort_keys=True) == json.dumps(expected, sort_keys=True)

    def test_it_reads_what_it_was_changed_to(self):
        mine = job()
        mine.SetJobExtraInfoKeyValue("a", "1")
        mine.DeleteJobExtraInfoKey("renderbus")
        mine.JobExtraInfo0 = ""
        assert mine.GetJobExtraInfoKeys() == ["a"]
        assert mine.GetJobExtraInfoKeyValueWithDefault("renderbus", "none") == "none"
        assert mine.JobExtraInfo0 == ""

    def test_a_job_without_extra_info_gets_some(self):
        mine = job(ExDic=None)
        mine.SetJobExtraInfoKeyValue("a", "1")
        assert mine.edited({"_id": ID, "Props": {"ExDic": None}})["Props"] == {"ExDic": {"a": "1"}}

    def test_it_is_the_same_as_long_as_it_says_the_same_and_nothing_is_changed(self):
        job = Job(JOB)
        assert job.says(copy.deepcopy(JOB))
        assert not job.says({**JOB, "QueuedChunks": 2})
        job.SetJobExtraInfoKeyValue("renderbus", "refused")
        assert not job.says(JOB)


def task(made, number, written, **more):
    row = {"TaskID": number, "Frames": written, "Stat": 2, "Slave": "", **more}
    return Task(row, made)


class TestTasks:
    @pytest.mark.parametrize(
        ("frames", "chunk", "number", "written", "found"),
        [
            ("1-10", 1, 4, "5-5", [5]),
            ("1-10", 3, 1, "4-6", [4, 5, 6]),
            ("1-10", 3, 3, "10-10", [10]),
            ("1-9x2", 3, 0, "1-5", [1, 3, 5]),
            ("10-1", 3, 0, "8-10", [10, 9, 8]),
            ("1,5,9,2-4", 2, 1, "9-2", [9, 2]),
            # Frames that were appended: the tasks of before stay as they were cut.
            ("1-10,20-25", 4, 2, "9-10", [9, 10]),
            ("1-10,20-25", 4, 3, "20-23", [20, 21, 22, 23]),
            ("what?", 3, 0, "5-5", [5]),
            ("1-10", 3, 0, "", []),
        ],
    )
    def test_frames_are_those_of_the_list_in_its_order(self, frames, chunk, number, written, found):
        assert task(job(Frames=frames, Chunk=chunk), number, written).TaskFrameList == found

    @pytest.mark.parametrize(
        ("frames", "written"), [("1-9x2,21-29x2", "3-7"), ("what?", "1-3"), ("1-10", "a-b")]
    )
    def test_where_nobody_can_tell_nothing_is_rendered(self, frames, written):
        with pytest.raises(FarmError, match=f"task 0 of job {ID}"):
            task(job(Frames=frames, Chunk=4), 0, written)

    def test_a_task_without_a_number_is_none(self):
        with pytest.raises(FarmError, match="has no number"):
            task(job(), None, "1-1")

    @pytest.mark.parametrize(
        ("times", "seconds"),
        [
            ({"StartRen": "2021-05-26T18:00:10Z", "Comp": "2021-05-26T18:01:00.5Z"}, 50.5),
            ({"Start": "2021-05-26T18:00:00Z", "Comp": "2021-05-26T18:01:00Z"}, 60.0),
            ({"Comp": "2021-05-26T18:01:00Z"}, 0.0),
            ({"StartRen": "2021-05-26T18:02:00Z", "Comp": "2021-05-26T18:01:00Z"}, 0.0),
            ({}, 0.0),
        ],
    )
    def test_it_took_from_the_begin_of_rendering_to_its_end(self, times, seconds):
        assert task(job(), 0, "1-3", **times).TaskRenderTime.TotalSeconds == seconds


class TestWorkersAndLimits:
    def test_a_worker_says_what_it_does_and_takes(self):
        row = {"Info": {"Name": "n1", "Stat": 8, "Pools": "maya, late", "Grps": ""},
               "Settings": {"Name": "n1", "Enable": False}}  # fmt: skip
        worker = Worker(row)
        assert (worker.SlaveName, worker.SlaveState) == ("n1", "StartingJob")
        assert (worker.SlaveEnabled, worker.is_known) == (False, True)
        assert (worker.SlavePools, worker.SlaveGroups) == (["maya", "late"], [])

    def test_names_may_stand_in_a_list_of_the_settings(self):
        row = {"Info": {"Stat": 2}, "Settings": {"Name": "n1", "Pools": ["maya"], "Grps": ["gpu"]}}
        worker = Worker(row)
        assert (worker.SlaveName, worker.SlavePools, worker.SlaveGroups) == (
            "n1",
            ["maya"],
            ["gpu"],
        )

    @pytest.mark.parametrize("document", ["n1", {"Info": {"Name": "n1"}}, {"Info": 7}, None, 7])
    def test_of_which_nobody_knows_what_it_does_counts_as_rendering(self, document):
        worker = Worker(document)
        assert (worker.SlaveState, worker.SlaveEnabled, worker.is_known) == (
            "Rendering",
            True,
            False,
        )

    def test_a_state_that_the_manual_does_not_name_is_no_work(self):
        assert Worker({"Info": {"Name": "n1", "Stat": 5}}).SlaveState == "Unknown"

    @pytest.mark.parametrize(
        ("document", "most"),
        [
            ({"Name": "arnold", "Limit": 3}, 3),
            ({"Name": "arnold", "Props": {"Limit": 3}}, 3),
            ({"Name": "arnold", "Limit": 0}, None),
            ({"Name": "arnold", "Limit": -1}, None),
            ({"Name": "arnold", "Limit": float("nan")}, None),
            ({"Limit": 3}, None),
            ("arnold", None),
        ],
    )
    def test_a_limit_counts_where_it_can_be_read(self, document, most):
        limit = Limit(document)
        assert (None if limit.UnlimitedLimit else limit.Limit) == most
