"""Workers of the embedded farm: they render with real processes."""

from __future__ import annotations

import os
import select
import stat
from dataclasses import replace

import pytest

from renderbus_core.errors import InputError
from renderbus_core.farm import Worker
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, Claim, LocalState

FOREVER = "import signal; signal.pause()"


def only_task(farm, job):
    (task,) = farm.tasks([job])[job]
    return task


def one_frame(make, *args, **changes):
    return make(*args, frames=FrameSet.parse("7"), **changes)


def logs(tmp_path):
    return {path.name: path.read_text() for path in (tmp_path / "logs").iterdir()}


class TestRendering:
    def test_every_frame_is_rendered_to_its_file(self, farm, spec, work_off, tmp_path):
        job = farm.submit(spec(frames=FrameSet.parse("1-5"), chunk_size=2))
        work_off("node-1", "node-2")
        assert {path.name: path.read_text() for path in tmp_path.glob("shot.*.png")} == {
            f"shot.{frame:04}.png": str(frame) for frame in range(1, 6)
        }
        tasks = farm.tasks([job])[job]
        assert {task.state for task in tasks} == {LocalState.COMPLETED}
        assert {task.worker for task in tasks} <= {"node-1", "node-2"}

    def test_the_frames_of_a_task_are_rendered_in_order(self, farm, script, work_off, tmp_path):
        code = "import sys; open(sys.argv[1], 'w').write('x'); print('frame', sys.argv[2])"
        farm.submit(script(code, frames=FrameSet.parse("3,1,2"), chunk_size=3))
        work_off("node-1")
        assert logs(tmp_path) == {"job-1.task-0.run-1.log": "frame 3\nframe 1\nframe 2\n"}

    def test_the_best_job_comes_first(self, farm, spec, pool):
        low, high = farm.submit(spec(priority=10)), farm.submit(spec(priority=20))
        workers = pool("node-1")
        workers.step()
        assert farm.tasks([high])[high][0].state is LocalState.RENDERING
        assert farm.tasks([low])[low][0].state is LocalState.QUEUED

    def test_all_words_in_braces_are_filled_in_and_others_kept(
        self, farm, spec, work_off, tmp_path
    ):
        words = ("{frame}", "{start}", "{end}", "{frames}", "a{frame}b", "{other}", "{{frame}}")
        show = ("import sys; open(sys.argv[-1], 'w').write('|'.join(sys.argv[1:-1]))",)
        command = (*spec().command[:-3], *show, *words, "{output}")
        farm.submit(one_frame(spec, command=command))
        work_off("node-1")
        assert (tmp_path / "shot.0007.png").read_text() == "7|7|7|7|a7b|{other}|{7}"

    def test_a_shell_means_nothing(self, farm, script, work_off, tmp_path):
        code = "import sys; open(sys.argv[1], 'w').write('x'); print(sys.argv[2:])"
        job = one_frame(script, code)
        farm.submit(replace(job, command=(*job.command, "; rm -rf $HOME")))
        work_off("node-1")
        assert "'; rm -rf $HOME'" in logs(tmp_path)["job-1.task-0.run-1.log"]

    def test_times_come_from_the_farms_clock(self, farm, spec, pool, work_off, clock):
        job = farm.submit(one_frame(spec))
        workers = pool("node-1")
        workers.step()
        began = clock.now()
        ended = clock.advance(5)
        work_off(by=workers)
        assert (only_task(farm, job).started_at, only_task(farm, job).finished_at) == (began, ended)
        assert farm.snapshot().jobs[0].mean_seconds == 5

    def test_credentials_do_not_reach_the_command(
        self, farm, script, work_off, tmp_path, monkeypatch
    ):
        monkeypatch.setenv("RAYVISION_API_KEY", "secret")
        code = "import os, sys; open(sys.argv[1], 'w').write(str(sorted(os.environ)))"
        farm.submit(one_frame(script, code))
        work_off("node-1")
        assert "RAYVISION" not in (tmp_path / "shot.0007.png").read_text()


class TestFailure:
    def test_a_task_is_tried_three_times_and_says_why_it_failed(
        self, farm, script, work_off, tmp_path
    ):
        job = farm.submit(one_frame(script, "print('out of memory\\n'); raise SystemExit(3)"))
        work_off("node-1")
        task = only_task(farm, job)
        assert task.state is LocalState.FAILED
        assert task.error == "frame 7: the command ended with exit code 3: out of memory"
        assert len(logs(tmp_path)) == 3
        assert [event.why for event in farm.history(job)].count("started") == 3

    def test_a_failure_is_forgotten_when_the_next_try_succeeds(
        self, farm, script, work_off, tmp_path
    ):
        code = (
            f"import os, sys; seen = {str(tmp_path / 'seen')!r}\n"
            "first = not os.path.exists(seen); open(seen, 'w')\n"
            "if first: sys.exit('not yet')\n"
            "open(sys.argv[1], 'w').write('x')"
        )
        job = farm.submit(one_frame(script, code))
        work_off("node-1")
        assert (only_task(farm, job).state, only_task(farm, job).error) == (
            LocalState.COMPLETED,
            "",
        )

    @pytest.mark.parametrize("code", ["pass", "import sys; open(sys.argv[1], 'w')"])
    def test_a_missing_or_empty_output_is_named(self, farm, script, work_off, tmp_path, code):
        job = farm.submit(one_frame(script, code))
        work_off("node-1")
        assert only_task(farm, job).error == (
            f"frame 7: the command ended well, but {tmp_path}/shot.0007.png is missing or empty"
        )

    def test_a_folder_is_no_output(self, farm, script, work_off):
        job = farm.submit(one_frame(script, "import os, sys; os.makedirs(sys.argv[1], exist_ok=1)"))
        work_off("node-1")
        assert "is missing or empty" in only_task(farm, job).error

    def test_a_program_that_cannot_be_started_is_named(self, farm, spec, work_off):
        job = farm.submit(one_frame(spec, command=("/nowhere/render",)))
        work_off("node-1")
        assert only_task(farm, job).error == (
            "frame 7: the command cannot be started (No such file or directory: /nowhere/render)"
        )

    def test_a_signal_is_told_from_an_exit_code(self, farm, script, work_off):
        job = farm.submit(one_frame(script, "import os; os.kill(os.getpid(), 9)"))
        work_off("node-1")
        assert only_task(farm, job).error == "frame 7: the command was killed by signal 9"

    def test_last_words_are_made_legible(self, farm, script, work_off):
        code = "import os; os.write(2, b'\\x1b[31m\\xff' + b'x' * 9000); raise SystemExit(1)"
        job = farm.submit(one_frame(script, code))
        work_off("node-1")
        error = only_task(farm, job).error
        assert error.isprintable()
        assert len(error) < 300

    def test_a_failing_frame_ends_its_task(self, farm, script, work_off, tmp_path):
        code = (
            "import sys; frame = int(sys.argv[2])\n"
            "if frame == 2: sys.exit('bad frame')\n"
            "open(sys.argv[1], 'w').write('x')"
        )
        job = farm.submit(script(code, frames=FrameSet.parse("1-3"), chunk_size=3))
        work_off("node-1")
        assert only_task(farm, job).error.startswith("frame 2: the command ended with exit code 1")
        assert not (tmp_path / "shot.0003.png").exists()


class TestPeople:
    @pytest.mark.parametrize("act", ["suspend_tasks", "requeue_tasks", "delete_job"])
    def test_what_a_person_takes_away_is_killed(self, farm, script, pool, act):
        job = farm.submit(one_frame(script, FOREVER))
        workers = pool("node-1")
        workers.step()
        process = workers.workers[0]._render.process
        getattr(farm, act)(job)
        workers.step()
        assert process.wait(30) == -9
        if act == "suspend_tasks":
            workers.step()
            assert workers.idle
            assert only_task(farm, job).state is LocalState.SUSPENDED

    def test_a_result_that_comes_after_a_person_took_the_task_is_dropped(self, farm, spec, pool):
        job = farm.submit(one_frame(spec))
        workers = pool("node-1")
        workers.step()
        workers.workers[0]._render.process.wait(30)
        farm.suspend_tasks(job)
        workers.step()
        assert workers.idle
        assert only_task(farm, job).state is LocalState.SUSPENDED

    def test_a_claimed_task_is_left_alone(self, farm, spec, work_off):
        job = farm.submit(spec(frames=FrameSet.parse("1-2")))
        first, _second = farm.tasks([job])[job]
        farm.claim(Claim(BurstId("burst-1"), 1, 1, job, (first.ref,)))
        work_off("node-1", "node-2")
        states = [task.state.value for task in farm.tasks([job])[job]]
        assert states == ["suspended", "completed"]


class TestLife:
    def test_the_snapshot_tells_busy_workers_from_idle_ones(self, farm, script, pool):
        farm.submit(one_frame(script, FOREVER))
        workers = pool("node-1", "node-2", "node-3")
        assert (farm.snapshot().workers, farm.snapshot().idle_workers) == (0, 0)
        workers.step()
        assert (farm.snapshot().workers, farm.snapshot().idle_workers) == (3, 2)
        assert not workers.idle
        workers.stop()
        assert (farm.snapshot().workers, farm.snapshot().idle_workers) == (0, 0)

    def test_stop_leaves_nothing_running_and_gives_tasks_back(self, farm, script, pool, tmp_path):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        # The grandchild keeps the pipe open for as long as it lives.
        inner = f"import signal; f = open({str(pipe)!r}, 'w'); print('up', file=f, flush=True)"
        inner += "; signal.pause()"
        code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
        job = farm.submit(one_frame(script, code))
        workers = pool("node-1")
        workers.step()
        with pipe.open() as alive:
            assert alive.readline() == "up\n"
            workers.stop()
            assert select.select([alive], [], [], 30)[0]
            assert alive.read() == ""
        assert only_task(farm, job).state is LocalState.QUEUED
        assert farm.history(job)[-1].why == "worker node-1 was stopped"

    def test_what_a_command_leaves_in_the_background_ends_with_it(
        self, farm, script, work_off, tmp_path
    ):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        inner = f"import signal; f = open({str(pipe)!r}, 'w'); signal.pause()"
        code = (
            "import subprocess, sys\n"
            f"subprocess.Popen([sys.executable, '-c', {inner!r}])\n"
            f"open({str(pipe)!r}).close()  # waits until the other has opened it\n"
            "open(sys.argv[1], 'w').write('x')"
        )
        farm.submit(one_frame(script, code))
        held = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        try:
            work_off("node-1")
            assert select.select([held], [], [], 30)[0]
            assert os.read(held, 1) == b""
        finally:
            os.close(held)

    def test_a_silent_workers_task_is_requeued_by_another(self, farm, script, pool, clock):
        job = farm.submit(one_frame(script, FOREVER))
        silent, lively = pool("node-1"), pool("node-2")
        silent.step()
        clock.advance(9)
        lively.step()
        assert only_task(farm, job).worker == "node-1"
        clock.advance(2)
        lively.step()
        assert only_task(farm, job).worker == "node-2"
        assert farm.history(job)[-2].why == "worker node-1 does not answer"

    def test_a_worker_that_comes_back_drops_what_it_lost(self, farm, script, pool, clock):
        job = farm.submit(one_frame(script, FOREVER))
        silent, lively = pool("node-1"), pool("node-2")
        silent.step()
        lost = silent.workers[0]._render.process
        clock.advance(11)
        lively.step()
        silent.step()
        assert lost.wait(30) == -9
        assert only_task(farm, job).worker == "node-2"
        assert farm.snapshot().workers == 2

    def test_a_worker_of_the_same_name_does_not_keep_a_dead_one_alive(
        self, farm, script, pool, clock
    ):
        job = farm.submit(one_frame(script, FOREVER))
        dead, namesake = pool("node-1"), pool("node-1")
        dead.step()
        for _ in range(3):
            clock.advance(5)
            namesake.step()
        assert farm.history(job)[-2].why == "worker node-1 does not answer"
        assert not namesake.idle

    def test_a_task_whose_handing_over_failed_is_handed_out_again(self, farm, spec):
        farm.submit(one_frame(spec))
        session = farm.dispatch.beat("node-1", None)
        lost = farm.dispatch.dequeue(session)
        again = farm.dispatch.dequeue(session)
        assert (again.ref, again.number) == (lost.ref, 2)

    def test_logs_are_for_their_owner_only(self, farm, spec, work_off, tmp_path):
        farm.submit(one_frame(spec))
        (tmp_path / "logs").mkdir(mode=0o755)
        decoy = tmp_path / "decoy"
        decoy.write_text("keep")
        (tmp_path / "logs" / "job-1.task-0.run-1.log").symlink_to(decoy)
        work_off("node-1")
        (log,) = (tmp_path / "logs").iterdir()
        assert stat.S_IMODE(log.lstat().st_mode) == 0o600
        assert stat.S_ISREG(log.lstat().st_mode)
        assert decoy.read_text() == "keep"

    def test_the_name_of_the_cloud_is_taken(self, farm, tmp_path):
        with pytest.raises(InputError, match="cannot be named 'cloud'"):
            Worker(farm, "cloud", tmp_path)

    def test_nothing_queued_is_nothing_done(self, pool):
        workers = pool("node-1")
        assert workers.step() is False
        assert workers.idle
