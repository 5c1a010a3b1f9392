"""Run a job of this type here, without a supervisor: for trying it out.

`bootstrap.py ARCHIVE`: a job that was saved with `qb.archivejob` or exported with
`qbsub --export FILE --xml`. Its frames are rendered in the cloud and come home; what Qube would be
told is printed. Standard library only, Python 3.6 and up.
"""

import hashlib
import os
import sys

# The files that it needs lie beside it.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import renderbus_backend as backend
from renderbus_qb import QbError, find_qb


class Alone:
    """Qube's module where no supervisor is: it hands out the saved job's items by itself.

    Args:
        qb: Qube's module.
        archive: file of the job.
    """

    def __init__(self, qb, archive):
        self._qb = qb
        self._job = dict(qb.recoverjob(archive))
        # Its own, so that it is taken for no other job: neither another saved one, nor that of the
        # supervisor which it was saved from. The same file goes on where it stood.
        self._job["id"] = _number_of(archive)
        self._job["agenda"] = [
            dict(item, status="pending") for item in self._job.get("agenda") or []
        ]
        qb._setjob(archive)  # noqa: SLF001 - the way that Qube's own examples go

    def __getattr__(self, name):
        return getattr(self._qb, name)

    def jobobj(self):
        """Return the saved job."""
        return self._job

    def jobinfo(self, **_asked):
        """Return the saved job, whichever is asked for."""
        return [self._job]

    def modify(self, changes, id_):
        """Change the job here, where nobody else sees it."""
        self._job.update(changes)
        return [id_]

    def retirework(self, *_items):
        """Retire nothing: each item is handed out."""
        return []

    def reportwork(self, work):
        """Say what Qube would be told."""
        for item in self._job["agenda"]:
            if item["name"] == work["name"]:
                item["status"] = work["status"]
        self._qb.reportwork(work)

    def currenttime(self):
        """Answer, as a supervisor that is there does."""
        return 1


def _number_of(archive):
    """Return a number that jobs have by their content, beyond those that supervisors give."""
    with open(archive, "rb") as content:
        return 10**15 + int(hashlib.sha256(content.read()).hexdigest()[:12], 16)


def main(arguments):
    """Run a saved job.

    Args:
        arguments: of the command line: the file.
    """
    if len(arguments) != 1:
        backend.log("name a saved job: bootstrap.py ARCHIVE")
        return 1
    try:
        return backend.main(Alone(find_qb(), arguments[0]))
    except QbError as error:
        backend.log(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
