"""A fake of PipelineFX's `qb`: a thin client of a supervisor in another process.

It offers documented names only, with their parameters (`tests/qube/test_fakes.py` compares them
with what is known of the real one); another name is told to the supervisor, and fails the test. As
the real one it cannot be imported by a Python that is newer than 3.10.
"""

import json
import os
import socket
import sys

if sys.version_info >= (3, 11):
    raise ImportError("no module _qb{}{} for this Python".format(*sys.version_info[:2]))

QB_API_BINARY = 1
QB_API_XML = 2
QB_TIME_EPOCH_OFFSET = 946702800

# What a backend gets that runs without a supervisor; see `_setjob`.
_alone = {}


class QBObject(dict):
    """Base of what the supervisor tells of: a dict."""

    def __init__(self, data={}):  # noqa: B006 - as documented; it is only read
        super().__init__(data)


class Job(QBObject):
    """A job."""

    def __init__(self, data={}, name="", prototype="", package={}):  # noqa: B006 - as above
        super().__init__(data)
        given = {"name": name, "prototype": prototype, "package": package}
        self.update({key: value for key, value in given.items() if value})


class Work(QBObject):
    """An item of an agenda."""


class Subjob(QBObject):
    """An instance of a job."""


class Callback(QBObject):
    """A callback."""


class Host(QBObject):
    """A worker."""


def _ask(call, *arguments, **keywords):
    """Have the supervisor do something and return what it answers."""
    me = {name: os.environ.get(name) for name in ("QBJOBID", "QBSUBID", "QBASSIGNMENT")}
    request = {"call": call, "arguments": arguments, "keywords": keywords, "me": me}
    host, _, port = os.environ["QB_SUPERVISOR"].rpartition(":")
    with socket.create_connection((host, int(port)), 60) as channel:
        stream = channel.makefile("rwb")
        stream.write(json.dumps(request).encode("ascii") + b"\n")
        stream.flush()
        answer = json.loads(stream.readline().decode("ascii"))
    if "error" in answer:
        raise {"ValueError": ValueError}.get(answer["kind"], RuntimeError)(answer["error"])
    return answer["value"]


def __getattr__(name):
    """Tell the supervisor of a name that is not documented."""
    if not name.startswith("__"):
        _ask("violation", "qb." + name)
    raise AttributeError("module 'qb' has no attribute " + repr(name))


# Asking.


def jobinfo(
    fields=[],  # noqa: B006 - as documented
    filters={},  # noqa: B006 - as documented
    id=None,  # noqa: A002 - as documented
    status=None,
    agenda=False,
    subjobs=False,
    callbacks=False,
    updatedAfter=None,
    updatedBefore=None,
    submittedAfter=None,
    submittedBefore=None,
    minid=None,
    maxid=None,
    limit=None,
    orderby=None,
):
    keywords = {
        "filters": filters,
        "id": id,
        "status": status,
        "agenda": agenda or "agenda" in fields,
        "subjobs": subjobs or "subjobs" in fields,
        "minid": minid,
    }
    return [_job(one) for one in _ask("jobinfo", **keywords)]


def hostinfo(fields=[], filters={}, name=None, state=None, subjobs=False):  # noqa: B006
    return [Host(one) for one in _ask("hostinfo", filters, name, state)]


def currenttime():
    return _ask("currenttime")


def getresources():
    # That the counts are a pair is assumed: `updateresources` takes them so. Tests try others.
    found = _ask("getresources") or {}
    return {name: tuple(one) if isinstance(one, list) else one for name, one in found.items()}


def supervisorconfig():
    # That parameters have their names of qb.conf was seen of others than those that are asked for.
    return _ask("supervisorconfig")


def workerconfig(name):
    return _ask("workerconfig", name)


def error():
    return _ask("error")


def jobconfig(jobtype, parameter):
    return _ask("jobconfig", jobtype, parameter)


# What a person or a program does to jobs.


def submit(*jobs, deferTableCreation=True):
    flat = []
    for one in jobs:
        flat.extend(one if isinstance(one, (list, tuple)) else [one])
    given = [_submitted(one) for one in flat]
    return [_job(one) for one in _ask("submit", given, deferTableCreation)]


def modify(modifyParamDict, jobid, *extrajobids):
    return _ask("modify", modifyParamDict, [jobid, *extrajobids])


def block(jobid, *extraJobids):
    return _ask("block", [jobid, *extraJobids])


def unblock(jobid, *extraJobids):
    return _ask("unblock", [jobid, *extraJobids])


def kill(jobid, *extraJobids):
    return _ask("kill", [jobid, *extraJobids])


def retire(jobid, *extraJobids):
    return _ask("retire", [jobid, *extraJobids])


def retry(jobid, *extraJobids):
    return _ask("retry", [jobid, *extraJobids])


def requeue(jobid, *extraJobids):
    return _ask("requeue", [jobid, *extraJobids])


def preempt(jobid, *extraJobids):
    return _ask("preempt", [jobid, *extraJobids])


def migrate(jobid, *extraJobids):
    return _ask("migrate", [jobid, *extraJobids])


def suspend(jobid, *extraJobids):
    return _ask("suspend", [jobid, *extraJobids])


def resume(jobid, *extraJobids):
    return _ask("resume", [jobid, *extraJobids])


def remove(jobid, *extraJobids):
    return _ask("remove", [jobid, *extraJobids])


def blockwork(workid, *extraWorkids):
    return _ask("blockwork", [workid, *extraWorkids])


def unblockwork(workid, *extraWorkids):
    return _ask("unblockwork", [workid, *extraWorkids])


def killwork(workid, *extraWorkids):
    return _ask("killwork", [workid, *extraWorkids])


def retirework(workid, *extraWorkids):
    return _ask("retirework", [workid, *extraWorkids])


def retrywork(workid, *extraWorkids):
    return _ask("retrywork", [workid, *extraWorkids])


def requeuework(workid, *extraWorkids):
    return _ask("requeuework", [workid, *extraWorkids])


# What a backend does.


def jobobj():
    if _alone:
        return {name: value for name, value in _alone["job"].items() if name != "agenda"}
    return _job(_ask("jobobj"))


def jobid():
    return int(_alone["job"].get("id", 0) if _alone else os.environ["QBJOBID"])


def subid():
    return 0 if _alone else int(os.environ["QBSUBID"])


def requestwork():
    if _alone:
        left = _alone["left"]
        return Work(dict(left.pop(0), status="running") if left else {"status": "complete"})
    return Work(_ask("requestwork"))


def reportwork(work):
    if _alone:
        sys.stdout.write("reportwork {} {}\n".format(work["name"], work["status"]))
    else:
        _ask("reportwork", dict(work))


def reportjob(job):
    if _alone:
        sys.stdout.write("reportjob {}\n".format(job))
    else:
        _ask("reportjob", job)


# Files.


def archivejob(filename, job, format=QB_API_XML):  # noqa: A002 - as documented
    """Save a job; the fake's form is JSON, because nobody reads it but itself."""
    text = json.dumps(_submitted(job))
    with open(filename, "w") as file:  # noqa: PTH123 - the file's name is text
        return file.write(text)


def recoverjob(filename):
    with open(filename) as file:  # noqa: PTH123 - as above
        return _job(json.load(file))


def _setjob(archive):
    """Run this process as the backend of a saved job, without a supervisor."""
    job = recoverjob(archive)
    agenda = [dict(one, status="pending", resultpackage={}) for one in job.get("agenda") or []]
    _alone.update(job=dict(job, agenda=agenda), left=agenda)


def _job(data):
    job = Job(data)
    job["agenda"] = [Work(one) for one in job.get("agenda") or []]
    job["subjobs"] = [Subjob(one) for one in job.get("subjobs") or []]
    return job


def _submitted(job):
    job = dict(job)
    job["agenda"] = [dict(one) for one in job.get("agenda") or []]
    return job
