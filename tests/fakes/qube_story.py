"""What stories of jobs for the cloud alone share: their cores, and what is waited for."""

from __future__ import annotations

import sys

import requests

# A core that carries what waits as it begins, and ends it once a file is there.
CORE = """
import pathlib, sys, time
from renderbus_core.farm.stdio import open_stdio_farm
from renderbus_core.jobs import BurstId, Claim, JobId, LocalState
job, folder = JobId(sys.argv[-1]), pathlib.Path(__file__).parent
with open_stdio_farm(lambda _: None) as farm:
    waiting = [t.ref for t in farm.tasks([job])[job] if t.state is LocalState.QUEUED]
    burst = BurstId("burst-" + "-".join(ref.id for ref in waiting))
    claim = Claim(burst, 1, 1, job, tuple(waiting))
    farm.claim(claim)
    print("claimed", *(ref.id for ref in waiting), file=sys.stderr, flush=True)
    while not (folder / "home").exists():
        time.sleep(0.05)
    files = {"renderbus.files " + r.id: f"/show/4/s.{int(r.id):04d}.exr" for r in waiting}
    nodes = {"renderbus.node " + r.id: f"10.0.0.{int(r.id) // 3},\u2028" for r in waiting}
    farm.annotate(claim, {**files, **nodes})
    farm.complete(claim, claim.tasks)
"""


def scripted(studio, core=CORE):
    """Put another core in the place of the bridge's program."""
    program = studio.folder / "renderbus"
    program.write_text(f"#!{sys.executable}{core}")


def at_work(studio, job):
    """Wait until the cloud renders a job."""
    studio.until(lambda: any(" is at work" in line for line in studio.log(job)),
                 lambda: studio.log(job))  # fmt: skip


def said(studio, job, words):
    studio.until(lambda: any(words in line for line in studio.log(job)), lambda: studio.log(job))


def over(studio, job, status="complete"):
    studio.until(lambda: studio.hands("job", job)["status"] == status, lambda: studio.log(job))
    studio.until(lambda: not studio.hands("alive", job), lambda: studio.log(job))


def remote_tasks(cloud):
    url = f"http://{cloud['RENDERBUS_CLOUD_DOMAIN']}/simulator/state"
    tasks = requests.get(url, timeout=30).json()["tasks"]
    return sorted(tasks, key=lambda task: task["id"])


def submit_to_cloud(studio, count=6, **job):
    return studio.submit(range(1, count + 1), prototype="renderbus", **job)
