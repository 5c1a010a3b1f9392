"""Deadline over its Web Service: how it is opened, what is asked, and what this way cannot do."""

from __future__ import annotations

import json
import logging

import pytest
from deadline_bench import INFO, check, started, submit

from deadline_plugin.rest import open_farm
from renderbus_core.cli import main
from renderbus_core.config import load
from renderbus_core.errors import ConfigError, FarmError
from renderbus_core.jobs import BurstId, Claim, IntentKind, LocalState, Outcome


@pytest.fixture
def hands(tmp_path):
    with started("web", tmp_path, None) as (_, hands):
        hands("add_worker", "node-1", ["none"], [])
        yield hands
        check(hands)


@pytest.fixture
def config(tmp_path, hands):
    """Return a function from lines of [farm], and more, to a Config."""

    def read(farm="", more=""):
        file = tmp_path / "renderbus.toml"
        file.write_text(f'[farm]\nurl = "{hands("web_url")}"\n{farm}\n{more}')
        return load(file, env={})

    return read


@pytest.fixture
def farm(config, hands):
    with open_farm(config(), lambda _: None) as farm:
        hands("web_asked")
        yield farm


def claim_of(farm, job, *ids):
    tasks = tuple(t.ref for t in farm.tasks([job])[job] if not ids or t.ref.id in ids)
    return Claim(BurstId("burst-1"), 1, 1, job, tasks)


def states(hands, job):
    return [state for state, _ in hands("state", job)["tasks"]]


class TestOpening:
    def test_user_and_password_are_those_of_the_file(self, config, hands, tmp_path):
        hands("web_set", "login", ["ada", "S3crét"])
        file = tmp_path / "farm.toml"
        file.touch(0o600)
        file.write_text('user = "ada"\npassword = "S3crét"\n')
        with open_farm(config(f'credentials_file = "{file}"'), lambda _: None) as farm:
            assert farm.snapshot().workers == 1

    def test_a_service_that_refuses_us_is_told_before_anything_begins(self, config, hands):
        hands("web_set", "login", ["ada", "S3cret"])
        with pytest.raises(FarmError, match="wants a user and a password"):
            open_farm(config(), lambda _: None)
        assert len(hands("web_asked")) == 1

    def test_a_service_that_is_something_else_is_told(self, config, hands):
        hands("web_set", "faults", [[200, "<html>Welcome</html>"]])
        with pytest.raises(FarmError, match=r"check that farm\.url is a Deadline Web Service"):
            open_farm(config(), lambda _: None)

    def test_a_service_that_is_not_there_is_told(self, config, hands):
        hands("web_set", "faults", [None] * 3)
        with pytest.raises(FarmError, match="no usable reply from the Web Service"):
            open_farm(config(), lambda _: None)

    def test_without_an_address_there_is_nothing_to_open(self):
        with pytest.raises(ConfigError, match=r"farm\.url names no Web Service"):
            open_farm(load(env={}), lambda _: None)

    @pytest.mark.parametrize("name", ["ExtraInfo10", "Comment", "extrainfo0"])
    def test_a_column_that_deadline_does_not_have_is_refused(self, config, name):
        with pytest.raises(ConfigError, match="write ExtraInfo0 to ExtraInfo9"):
            open_farm(config(f'status_column = "{name}"'), lambda _: None)


class TestDoctor:
    @pytest.fixture
    def looked(self, tmp_path, config, capsys, monkeypatch):
        """Return a function from lines of [farm] to what `renderbus doctor deadline` finds."""
        for name, value in (("RAYVISION_API_ACCESS_ID", "id"), ("RAYVISION_API_KEY", "key")):
            monkeypatch.setenv(name, value)

        def run(farm=""):
            config(farm, f'[store]\nurl = "sqlite:///{tmp_path}/bursts.db"\n')
            file = str(tmp_path / "renderbus.toml")
            status = main(["--config", file, "doctor", "deadline", "--json"])
            found = {each["what"]: each for each in json.loads(capsys.readouterr().out)}
            assert status == (not all(each["is_fine"] for each in found.values()))
            return found

        return run

    def test_a_service_that_answers_says_what_it_shows(self, looked, hands):
        submit(hands)
        found = looked()
        assert set(found) == {"Web Service", "credentials", "store"}
        assert "answers: 1 jobs that wait, 1 workers" in found["Web Service"]["found"]
        assert all(each["is_fine"] for each in found.values())

    def test_what_stands_in_the_way_is_told(self, looked, hands):
        hands("web_set", "login", ["ada", "S3cret"])
        assert "wants a user and a password" in looked()["Web Service"]["found"]
        assert "no such column" in looked('status_column = "Comment"')["Web Service"]["found"]

    def test_jobs_that_a_script_may_prepare_are_named(self, looked, hands):
        submit(hands)
        hands("switch", "root", "Z:/DeadlineRepository10")
        assert "1 of the jobs may need an environment" in looked()["Web Service"]["found"]


class TestWhatIsAsked:
    def test_the_queue_takes_one_request_however_many_states_there_are(self, farm, hands):
        submit(hands)
        assert len(farm.snapshot().jobs) == 1
        asked = hands("web_asked")
        assert asked[0] == "GET /api/jobs?States=Active%2CPending%2CSuspended%2CFailed"
        assert [one.partition("?")[0] for one in asked].count("GET /api/jobs") == 1

    def test_many_jobs_are_read_at_once(self, farm, hands):
        jobs = [submit(hands) for _ in range(3)]
        assert list(farm.tasks(jobs)) == jobs
        asked = hands("web_asked")
        assert asked[0] == "GET /api/jobs?JobID=" + "%2C".join(jobs)
        assert len(asked) == 4, "and the tasks of each"

    def test_wishes_are_read_from_a_queue_that_was_read_a_moment_ago(self, farm, hands):
        farm.snapshot()
        hands("web_asked")
        assert farm.intents() == farm.intents() == ()
        assert hands("web_asked") == []

    def test_what_changes_a_job_leaves_the_queue_as_it_was_read(self, farm, hands):
        job = submit(hands)
        farm.snapshot()
        claim = claim_of(farm, job)
        farm.claim(claim)
        farm.annotate(claim, {"renderbus.task": "7"})
        hands("web_asked")
        assert farm.intents() == ()
        assert hands("web_asked") == []
        assert [row.claimed for row in farm.snapshot().jobs] == [4], "whoever decides looks anew"

    def test_what_is_no_id_is_not_asked_for(self, farm, hands):
        job = submit(hands)
        assert list(farm.tasks([f"{job},{job}", "all", job])) == [job]
        assert hands("web_asked")[0] == f"GET /api/jobs?JobID={job}"

    def test_a_job_is_saved_as_it_is_by_then(self, farm, hands):
        """The fake holds it against us when anything else of the job is another."""
        job = submit(hands, ExtraInfo0="theirs")
        claim = claim_of(farm, job)
        hands("before", "GetJobTasks", "set_extra", job, "note", "kept")
        farm.claim(claim)
        assert hands("state", job)["extra"]["note"] == "kept"
        asked = [one.partition("?")[0] for one in hands("web_asked")]
        save = asked.index("PUT /api/jobs")
        assert asked[save - 1] == "GET /api/jobs", "read again just before"


class TestWhatPeopleAsk:
    def test_a_job_may_ask_for_the_cloud_when_it_is_submitted(self, config, hands):
        job = submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
        submit(hands, ExtraInfoKeyValue0="renderbus_when=overflow")
        with open_farm(config(), lambda _: None) as farm:
            (intent,) = farm.intents()
            assert (intent.kind, intent.job, intent.who) == (IntentKind.BURST, job, "ada")
            assert farm.intents() == (intent,)
            farm.acknowledge([intent.id])
            assert farm.intents() == ()
        with open_farm(config(), lambda _: None) as farm:
            hands("copy", job)
            assert farm.intents() == (), "it was heard, and copies do not ask again"
            assert farm.job(job).refusal == "", "what we write on a job says nothing of it"

    def test_a_job_that_was_in_the_cloud_does_not_ask_again(self, config, hands):
        job = submit(hands, ExtraInfoKeyValue0="renderbus_when=now")
        with open_farm(config(), lambda _: None) as farm:
            farm.claim(claim_of(farm, job))
        with open_farm(config(), lambda _: None) as farm:
            assert farm.intents() == ()

    def test_what_scripts_of_the_monitor_write_on_a_job_is_heard(self, farm, hands):
        job = submit(hands)
        hands("script", "Jobs/RenderbusBurst", [job])
        (intent,) = farm.intents()
        assert (intent.kind, intent.job) == (IntentKind.BURST, job)
        farm.acknowledge([intent.id])
        assert farm.intents() == ()
        assert not any("renderbus.ask." in key for key in hands("state", job)["extra"])

    def test_the_history_is_our_log_and_the_column_is_theirs(self, config, hands, caplog):
        job = submit(hands)
        caplog.set_level(logging.INFO)
        with open_farm(config('status_column = "ExtraInfo0"'), lambda _: None) as farm:
            farm.claim(claim_of(farm, job, "0", "1"))
        assert f"job {job}: Renderbus: holds 2 tasks for the cloud" in caplog.text
        assert hands("state", job)["history"] == []
        column = hands("jobs")[job]["ExtraInfo0"]
        assert column == "IN CLOUD 2/4: use Recall to render it here"


class TestOutages:
    def test_a_queue_of_which_a_part_is_missing_is_none(self, farm, hands):
        """Jobs that are not in it would look as if they were gone."""
        job = submit(hands)
        good = farm.snapshot([job])
        hands("web_set", "faults", [[503, "starting"]] * 3)
        with pytest.raises(FarmError, match="does not answer now"):
            farm.snapshot([job])
        assert farm.snapshot([job]).tasks == good.tasks

    @pytest.mark.parametrize("call", ["SaveJob", "SuspendTasks"])
    def test_a_claim_that_was_cut_off_is_unknown_and_taken_again(self, farm, hands, call):
        job = submit(hands)
        claim = claim_of(farm, job)
        hands("before", call, "web_set", "loses", 1)
        assert farm.claim(claim) == Outcome(unknown=claim.tasks)
        assert farm.claim(claim) == Outcome(taken=claim.tasks)
        assert states(hands, job) == ["Suspended"] * 4

    def test_a_completion_that_was_cut_off_is_found_done(self, farm, hands):
        job = submit(hands)
        claim = claim_of(farm, job)
        farm.claim(claim)
        hands("before", "CompleteTasks", "web_set", "loses", 1)
        assert farm.complete(claim, claim.tasks).unknown == claim.tasks
        assert states(hands, job) == ["Completed"] * 4
        assert farm.complete(claim, claim.tasks) == Outcome(taken=claim.tasks)
        assert {task.worker for task in farm.tasks([job])[job]} == {"cloud"}

    def test_a_completion_that_did_not_arrive_is_done_again(self, farm, hands):
        job = submit(hands)
        claim = claim_of(farm, job)
        farm.claim(claim)
        hands("before", "SaveJob", "web_set", "faults", [None])
        assert farm.complete(claim, claim.tasks).unknown == claim.tasks
        assert states(hands, job) == ["Suspended"] * 4
        assert farm.complete(claim, claim.tasks) == Outcome(taken=claim.tasks)


class TestWhatThisWayCannotKnow:
    def test_who_rendered_what_came_home_is_shown_by_us(self, farm, hands):
        job = submit(hands)
        claim = claim_of(farm, job, "0")
        farm.claim(claim)
        farm.complete(claim, claim.tasks)
        assert hands("state", job)["tasks"][0] == ["Completed", "web-1"]
        task = farm.tasks([job])[job][0]
        assert (task.state, task.worker) == (LocalState.COMPLETED, "cloud")

    @pytest.mark.parametrize("shape", ["odd", "names"])
    def test_workers_that_do_not_say_what_they_do_all_count(self, farm, hands, shape, caplog):
        caplog.set_level(logging.INFO)
        hands("add_worker", "node-2", ["maya"], [], "Offline")
        hands("web_set", "shape", shape)
        farm.snapshot()
        snapshot = farm.snapshot()
        assert (snapshot.workers, snapshot.idle_workers) == (2, 0)
        assert caplog.text.count("2 of 2 workers do not say what they do") == 1

    def test_a_folder_that_this_host_does_not_see_may_hold_anything(self, config, hands):
        submit(hands)
        hands("switch", "root", "Z:/DeadlineRepository10")
        with open_farm(config(), lambda _: None) as farm:
            assert farm.snapshot().jobs[0].traits == ("environment",)

    def test_it_is_looked_for_where_this_host_sees_it(self, config, hands, tmp_path):
        submit(hands)
        hands("switch", "root", "Z:/DeadlineRepository10")
        rule = f'{{stored = "Z:/DeadlineRepository10", local = "{tmp_path}"}}'
        mapped = config(more=f"[paths]\nmapping = [{rule}]\n")
        with open_farm(mapped, lambda _: None) as farm:
            assert farm.snapshot().jobs[0].traits == ()

    @pytest.mark.parametrize(
        ("root", "folder"),
        [
            ("/mnt/repository", "/mnt/repository/jobs/{}/"),
            ("\\\\server\\dl", "\\\\server\\dl\\jobs\\{}\\"),
        ],
    )
    @pytest.mark.parametrize("file", ["shot.ma", "C:\\Users\\ada\\shot.ma", "/home/ada/shot.ma"])
    def test_a_scene_that_was_submitted_lies_where_the_service_sees_it(
        self, farm, hands, root, folder, file
    ):
        hands("switch", "root", root)
        job = hands("submit", INFO, {"Version": "2024"}, [file])
        assert farm.job(job).scene == folder.format(job) + "shot.ma"

    def test_a_property_of_a_later_deadline_keeps_the_job_here(self, farm, hands):
        job = submit(hands, **{"Props.Denoise": "on"})
        refusal = farm.job(job).refusal
        assert "Props.Denoise=on: nobody knows what it means for the cloud" in refusal
