"""The embedded farm as people use it, and its database file."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from renderbus_core.errors import FarmError, InputError
from renderbus_core.farm import LocalFarm
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, Claim, IntentKind, JobId, LocalState


def states(farm, job):
    return [task.state.value for task in farm.tasks([job])[job]]


def first_ref(farm, job):
    return farm.tasks([job])[job][0].ref


def claim_first(farm, job, burst="burst-1", epoch=1):
    claim = Claim(BurstId(burst), epoch, 1, job, (first_ref(farm, job),))
    farm.claim(claim)
    return claim


class TestPeople:
    def test_a_job_becomes_tasks_in_the_order_of_its_frames(self, farm, spec):
        job = farm.submit(spec(frames=FrameSet.parse("5,1-3,10-7"), chunk_size=3))
        assert [tuple(task.ref.frames) for task in farm.tasks([job])[job]] == [
            (5, 1, 2),
            (3, 10, 9),
            (8, 7),
        ]
        assert tuple(farm.job(job).frames) == (5, 1, 2, 3, 10, 9, 8, 7)

    def test_suspend_and_resume_act_on_the_tasks_they_fit(self, farm, spec):
        job = farm.submit(spec(frames=FrameSet.parse("1-3")))
        assert farm.suspend_tasks(job, ["0", "2"]) == ("0", "2")
        assert farm.suspend_tasks(job) == ("1",)
        assert farm.resume_tasks(job, ["1"]) == ("1",)
        assert states(farm, job) == ["suspended", "queued", "suspended"]

    def test_requeue_begins_anew_and_forgets_the_burst(self, farm, spec):
        job = farm.submit(spec(frames=FrameSet.parse("1")))
        claim = claim_first(farm, job)
        farm.fail(claim, claim.tasks, "no licence")
        assert farm.requeue_tasks(job) == ("0",)
        (task,) = farm.tasks([job])[job]
        assert (task.state, task.claim, task.error, task.worker) == (
            LocalState.QUEUED,
            None,
            "",
            "",
        )

    def test_retry_takes_failed_tasks_only(self, farm, spec):
        job = farm.submit(spec(frames=FrameSet.parse("1-2")))
        claim = claim_first(farm, job)
        farm.fail(claim, claim.tasks, "no licence")
        second = Claim(BurstId("b"), 1, 1, job, (farm.tasks([job])[job][1].ref,))
        farm.claim(second)
        farm.complete(second, second.tasks)
        assert farm.retry_tasks(job) == ("0",)
        assert states(farm, job) == ["queued", "completed"]

    def test_priority_moves_a_job_up(self, farm, spec):
        farm.submit(spec())
        second = farm.submit(spec())
        farm.set_priority(second, 51, who="eve")
        assert farm.jobs()[0].job.id == second
        assert farm.history(second)[-1].why == "priority 50 is now 51"

    def test_the_id_of_a_deleted_job_is_never_given_again(self, farm, spec):
        first = farm.submit(spec())
        farm.delete_job(first)
        assert farm.submit(spec()) != first

    def test_the_history_of_a_deleted_job_stays(self, farm, spec):
        job = farm.submit(spec())
        farm.delete_job(job, who="eve")
        assert [(event.who, event.why) for event in farm.history(job)] == [
            ("ada", "submitted"),
            ("eve", "deleted"),
        ]

    def test_the_history_tells_who_did_what_when(self, farm, spec, clock):
        job = farm.submit(spec(frames=FrameSet.parse("1")))
        clock.advance(60)
        claim = claim_first(farm, job)
        clock.advance(60)
        farm.complete(claim, claim.tasks)
        told = [
            (event.task, event.before, event.after, event.who, event.why)
            for event in farm.history(job)
        ]
        queued, suspended = LocalState.QUEUED, LocalState.SUSPENDED
        assert told == [
            ("", None, queued, "ada", "submitted"),
            ("0", queued, suspended, "burst-1", "claimed with epoch 1"),
            ("0", suspended, LocalState.COMPLETED, "burst-1", "rendered in the cloud"),
            ("", None, LocalState.COMPLETED, "farm", "all tasks are complete"),
        ]
        assert (farm.history(job)[-1].at - farm.job(job).submitted_at).total_seconds() == 120

    @pytest.mark.parametrize(
        "act",
        [
            lambda farm, job: farm.suspend_tasks(job),
            lambda farm, job: farm.delete_job(job),
            lambda farm, job: farm.set_priority(job, 1),
            lambda farm, job: farm.annotate(Claim(BurstId("b"), 1, 1, job, ()), {}),
        ],
    )
    def test_an_unknown_job_is_named(self, farm, act):
        with pytest.raises(FarmError, match="the farm has no job 'job-9'"):
            act(farm, JobId("job-9"))

    def test_an_unknown_task_is_named_and_nothing_is_done(self, farm, spec):
        job = farm.submit(spec(frames=FrameSet.parse("1")))
        with pytest.raises(FarmError, match="job-1 has no task '8'"):
            farm.suspend_tasks(job, ["0", "8"])
        assert states(farm, job) == ["queued"]


class TestNotes:
    def test_notes_are_kept_per_burst_and_replaced_by_name(self, database, farm, spec, clock):
        job = farm.submit(spec())
        claim = claim_first(farm, job)
        farm.annotate(claim, {"task": "R1", "state": "rendering"})
        farm.annotate(claim, {"state": "done"})
        farm.annotate(Claim(BurstId("burst-2"), 1, 1, job, ()), {"task": "R2"})
        with LocalFarm(database, clock) as again:
            assert again.annotations(job) == {
                "burst-1": {"task": "R1", "state": "done"},
                "burst-2": {"task": "R2"},
            }

    def test_a_note_that_cannot_be_shown_is_refused(self, farm, spec):
        claim = claim_first(farm, farm.submit(spec()))
        with pytest.raises(InputError, match="the note 'state' holds a control character"):
            farm.annotate(claim, {"state": "\x1b[2J"})


class TestSubmission:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"name": ""}, "the job's name is empty"),
            ({"user": "a\nb"}, "the job's user holds a control character"),
            ({"scene": "x" * 5000}, "the job's scene has 5,000 characters"),
            ({"outputs": ("shot.####.png",)}, "the output 'shot.####.png' is not absolute"),
            ({"outputs": ("/out/shot.png",)}, "has no place for the frame"),
            ({"command": ()}, "the job's command is empty"),
            ({"command": ("render", "a\0b")}, "no process can be given the argument"),
            ({"command": ("render", "{output}"), "outputs": ()}, "no output is declared"),
            ({"priority": 101}, "the priority 101 is not between 0 and 100"),
            ({"frames": FrameSet()}, "the job has no frames"),
            ({"chunk_size": 0}, "the job's chunk size is 0"),
        ],
    )
    def test_what_cannot_be_rendered_is_refused_in_a_sentence(self, spec, changes, sentence):
        with pytest.raises(InputError, match=sentence):
            spec(**changes)

    def test_a_frame_list_too_long_to_be_read_back_is_refused(self, spec):
        zigzag = FrameSet.of(2**30 + n + n % 2 * 10**6 for n in range(120_000))
        with pytest.raises(InputError, match="takes more than 1,000,000 characters"):
            spec(frames=zigzag)

    def test_names_of_every_script_are_kept(self, farm, spec):
        job = farm.submit(spec(name="Größe 場面 🎬", scene="/szenen/日本語 ü.blend"))
        assert farm.job(job).name == "Größe 場面 🎬"
        assert farm.job(job).scene == "/szenen/日本語 ü.blend"


class TestDatabase:
    def test_what_was_stored_is_there_after_reopening(self, database, clock, spec):
        with LocalFarm(database, clock) as farm:
            job = farm.submit(spec())
            before = farm.snapshot([job])
        with LocalFarm(database, clock) as farm:
            assert farm.snapshot([job]) == before

    def test_a_newer_version_is_refused(self, database, clock):
        LocalFarm(database, clock).close()
        with sqlite3.connect(database) as raw:
            raw.execute("PRAGMA user_version = 99")
        raw.close()
        with pytest.raises(FarmError, match="has version 99 where 5 is known"):
            LocalFarm(database, clock)

    def test_a_farm_of_the_first_release_learns_about_intents(self, database, clock, spec):
        with LocalFarm(database, clock) as farm:
            job = farm.submit(spec())
        with sqlite3.connect(database) as raw:
            raw.executescript("DROP TABLE intents; PRAGMA user_version = 1")
        raw.close()
        with LocalFarm(database, clock) as farm:
            farm.ask_recall(job, note="too dark")
            (asked,) = farm.intents()
        assert (asked.job, asked.kind, asked.note) == (job, IntentKind.RECALL, "too dark")

    def test_jobs_of_an_older_farm_have_no_deadline(self, database, clock, spec):
        with LocalFarm(database, clock) as farm:
            job = farm.submit(spec())
        with sqlite3.connect(database) as raw:
            raw.executescript("ALTER TABLE jobs DROP COLUMN deadline; PRAGMA user_version = 2")
        raw.close()
        with LocalFarm(database, clock) as farm:
            assert farm.job(job).deadline is None
            later = farm.submit(spec(deadline=clock.now()))
            assert farm.job(later).deadline == clock.now()

    def test_the_database_of_another_program_is_refused_untouched(self, tmp_path, clock):
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as raw:
            raw.execute("CREATE TABLE theirs (x)")
        raw.close()
        before = path.read_bytes()
        with pytest.raises(FarmError, match=r"other\.db is not a farm database"):
            LocalFarm(path, clock)
        assert path.read_bytes() == before

    def test_a_file_that_is_no_database_is_refused(self, tmp_path, clock):
        path = tmp_path / "notes.txt"
        path.write_text("just some text\n" * 100)
        with pytest.raises(FarmError, match="file is not a database"):
            LocalFarm(path, clock)

    def test_a_missing_folder_is_a_sentence(self, tmp_path, clock):
        with pytest.raises(FarmError, match="No such file or directory"):
            LocalFarm(tmp_path / "absent" / "farm.db", clock)

    def test_threads_share_one_farm(self, farm, spec):
        job = farm.submit(spec(frames=FrameSet.parse("1-40")))
        taken = []

        def drain(name):
            session = farm.dispatch.beat(name, None)
            while run := farm.dispatch.dequeue(session):
                taken.append(run.ref.id)
                farm.dispatch.finish(run)

        threads = [threading.Thread(target=drain, args=(f"t{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(taken, key=int) == [str(n) for n in range(40)]
        assert set(states(farm, job)) == {"completed"}
