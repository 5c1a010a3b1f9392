"""Answers one request with Qube's own Python: submits a job, or reads one.

The request is one JSON object on standard input, the answer one line on standard output. Of
`{"submit": {job}}` it is `{"ids": [number]}`; of `{"job": number}` and of `{"archive": path}` it
is `{"native": {job in Qube's words}}`; of `{"gateways": group}` it is what Qube says of the workers
of that group and of what all share: `{"workers": [{"name": text, "state": text, "settings":
texts}], "resources": {name: [used, total]}, "settings": texts}`. What went wrong is
`{"error": sentence}`, with exit status 1.

Standard library only, Python 3.6 and up.
"""

import json
import os
import sys

# The files that it needs lie beside it.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from renderbus_jobs import Jobs, SupervisorError
from renderbus_link import own_pipes
from renderbus_qb import QbError, find_qb
from renderbus_words import names, native, resources, texts

# A configuration has passwords in it: nothing else of it is passed on.
_OF_SUPERVISOR = ("supervisor_global_resources",)
_OF_WORKER = ("worker_job_types", "worker_template_path")


class RequestError(Exception):
    """It cannot be done; one sentence."""


def main():
    """Answer the request; return the exit status."""
    # Taken before anything is printed: what `qb` says is no part of the answer.
    reader, writer = own_pipes()
    try:
        answer = _answer(find_qb(), json.loads(reader.read().decode("utf-8")))
    except (QbError, RequestError, SupervisorError) as error:
        answer = {"error": str(error)}
    except Exception as error:  # noqa: BLE001 - what qb raises is not documented
        answer = {"error": "Qube did not do it ({}: {})".format(type(error).__name__, error)}
    writer.write(json.dumps(answer).encode("ascii") + b"\n")
    writer.flush()
    return 1 if "error" in answer else 0


def _answer(qb, request):
    if "submit" in request:
        sent = qb.submit([request["submit"]])
        if not sent:
            raise RequestError(
                "Qube does not say whether it took the job; look for it before you submit it again"
            )
        return {"ids": [int(job["id"]) for job in sent]}
    if "job" in request:
        found = _jobs(qb).read([int(request["job"])])
        return {"native": _native(found[0] if found else None, "job {job}".format(**request))}
    if "archive" in request:
        found = qb.recoverjob(request["archive"])
        return {"native": _native(found, request["archive"])}
    if "gateways" in request:
        return _gateways(qb, request["gateways"])
    raise RequestError("the request has none of submit, job, archive, gateways")


def _jobs(qb):
    """Return what tells silence from nothing."""
    return Jobs(qb, lambda sentence: sys.stderr.write(sentence + "\n"))


def _gateways(qb, group):
    hosts = _jobs(qb).sure(qb.hostinfo)
    return {
        "workers": [
            _worker(qb, str(host.get("name")), str(host.get("state")))
            for host in hosts
            if group in names(host.get("groups"))
        ],
        "resources": resources(_said(qb.getresources)),
        "settings": _settings(_OF_SUPERVISOR, qb.supervisorconfig),
    }


def _worker(qb, name, state):
    # One that is away does not answer.
    settings = _settings(_OF_WORKER, qb.workerconfig, name) if state == "active" else {}
    return {"name": name, "state": state, "settings": settings}


def _settings(wanted, ask, *arguments):
    found = texts(_said(ask, *arguments))
    return {name: found[name] for name in wanted if name in found}


def _said(ask, *arguments):
    """Return what Qube says; None where it does not: a look is no reason to fail."""
    try:
        return ask(*arguments)
    except Exception:  # noqa: BLE001 - what qb raises is not documented
        return None


def _native(job, what):
    if not job:
        raise RequestError("Qube has no {}".format(what))
    agenda = [str(item["name"]) for item in job.get("agenda") or []]
    return native(dict(job, id=job.get("id") or 0), agenda)


if __name__ == "__main__":
    sys.exit(main())
