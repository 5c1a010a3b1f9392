"""Saved jobs that run without a supervisor."""

from __future__ import annotations

import subprocess

import pytest
from deadline_bench import python
from qube_story import remote_tasks


def saved(studio, name, count):
    """Save a job as `qb.archivejob` does, and return its file."""
    output = studio.folder / "renders" / name
    output.mkdir(parents=True)
    package = {
        "program": "blender",
        "scenefile": str(studio._scene),
        "renderbus_outputs": f"{output}/{name}.####.png",
    }
    agenda = [{"name": str(number)} for number in range(1, count + 1)]
    job = {"name": name, "prototype": "renderbus", "user": "ada", "package": package,
           "agenda": agenda}  # fmt: skip
    archive = studio.folder / f"{name}.xja"
    save = f"import sys, qb; qb.archivejob({str(archive)!r}, {job!r})"
    environment = {**studio.environment, "PYTHONPATH": str(studio.folder / "qube/api/python")}
    subprocess.run([python(), "-c", save], env=environment, check=True)
    studio.environment.pop("QB_SUPERVISOR", None)
    return archive


def bootstrap(studio, archive):
    """Return how a saved job is run without a supervisor."""
    program = studio.folder / "jobtypes" / "renderbus" / "bootstrap.py"
    return [str(python()), "-B", str(program), str(archive)]


@pytest.mark.heavy
def test_a_saved_job_runs_without_a_supervisor(open_studio):
    """As Qube's own examples are tried out: a bootstrap script, and a job on file."""
    with open_studio() as studio:
        done = subprocess.run(
            bootstrap(studio, saved(studio, "shot", 2)), env=studio.environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        told = [line for line in done.stdout.splitlines() if line.startswith("report")]
        ends = [line for line in told if not line.endswith(" running")]
        assert ends == ["reportwork 1 complete", "reportwork 2 complete", "reportjob complete"]
        assert studio.pictures() == ["shot.0001.png", "shot.0002.png"]


@pytest.mark.heavy
def test_saved_jobs_are_taken_for_no_other_and_go_on_where_they_stood(open_studio, cloud):
    with open_studio() as studio:
        before = len(remote_tasks(cloud))
        first, other = saved(studio, "a", 60), saved(studio, "b", 2)
        with subprocess.Popen(
            bootstrap(studio, first), env=studio.environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert any(" is at work" in line for line in process.stdout)
            process.kill()
        subprocess.run(bootstrap(studio, other), env=studio.environment, timeout=120, check=True)
        assert studio.pictures("b") == ["b.0001.png", "b.0002.png"]
        subprocess.run(bootstrap(studio, first), env=studio.environment, timeout=120, check=True)
        assert len(studio.pictures("a")) == 60
        assert len(remote_tasks(cloud)) == before + 2
