"""One instance of a job of the type renderbus, from its begin to what it reports of itself.

The job's items are frames; `renderbus run` renders them in the cloud and brings their pictures
home. Standard library only, Python 3.6 and up.
"""

import os
import signal
import sys
import threading

from renderbus_instance import Instance
from renderbus_link import LinkError
from renderbus_qb import QbError, find_qb
from renderbus_record import RENDER, About
from renderbus_settings import Settings, SettingsError

_MOST_REPORTS = 3

HERE = os.path.dirname(os.path.abspath(__file__))


def main(qb=None):
    """Work as one instance of a job, and report it last: that may end this process.

    Args:
        qb: Qube's module; None to find it.

    Returns:
        The exit code.
    """
    stop = threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name) and threading.current_thread() is threading.main_thread():
            signal.signal(getattr(signal, name), lambda *_: stop.set())
    try:
        qb = qb or find_qb()
    except QbError as error:
        log(str(error))
        return 1
    status = _work(qb, stop)
    sys.stdout.flush()
    sys.stderr.flush()
    if not status:
        # Who ended this process has told Qube so. Code 0 would mean that all is done.
        return 1
    _report(qb, status)
    # Code 0 would be taken for a success where the report got lost.
    return 0 if status in ("complete", "pending") else 1


def _report(qb, status):
    """Report the instance, which may end this process; once more where Qube does not show it."""
    turn = _turn(qb)
    for _ in range(_MOST_REPORTS):
        qb.reportjob(status)
        # Begun once more it has another turn, and is another process's to report.
        if turn is None or _turn(qb) != turn:
            return


def _turn(qb):
    """Return which time it is that this instance is at work; None where Qube shows that of none."""
    try:
        found = qb.jobinfo(id=[qb.jobid()], subjobs=True) or []
        mine = qb.subid()
    except Exception as error:  # noqa: BLE001 - what qb raises is not documented
        log("whether Qube knows how this instance ended cannot be seen: {}".format(error))
        return None
    for one in (found[0].get("subjobs") or []) if found else ():
        if str(one.get("id")) == str(mine) and one.get("status") == "running":
            return one.get("count")
    return None


def _work(qb, stop):
    """Do what the job says; return what to report of this instance, "" for nothing."""
    job = qb.jobobj()
    about = About(job)
    if about.kind != RENDER:
        log("this job only shows or asks something; no worker has anything to do for it")
        return "blocked"
    try:
        settings = Settings(os.path.join(HERE, "job.conf"))
        return Instance(qb, int(job.get("id") or 0), settings, stop.is_set, log).run()
    except (LinkError, SettingsError) as error:
        log(str(error))
        return "failed"
    except Exception as error:  # noqa: BLE001 - what qb raises is not documented
        # It may be ours no longer: another worker has it after a lost heartbeat.
        log("this instance ends, what is in the cloud goes on: {}".format(error))
        return ""


def log(sentence):
    """Say something to people, in the log of the job."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()
