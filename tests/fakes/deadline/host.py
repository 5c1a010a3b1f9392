"""A process of Deadline's own interpreter: the repository in memory, and our files in it.

`python host.py FOLDER CONTROL` speaks the farm link over its standard input and output with the
agent of FOLDER; over the descriptor CONTROL a test has people and workers act, a JSON list a line:
the name of an act and its arguments.
"""

import datetime as dt
import json
import os
import select
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from dotnet import Strict
from repository import Repository, RepositoryUtils


class Acts:
    """What a test may have done, by name.

    Args:
        repository: where.
    """

    def __init__(self, repository):
        self._repository = repository

    def submit(self, info, plugin_info, auxiliary=(), at=None):
        moment = None if at is None else dt.datetime.fromtimestamp(at, dt.timezone.utc)
        return self._repository.submit(info, plugin_info, auxiliary, moment)

    def before(self, call, act, *arguments):
        """Have something done just before the next call of the API with a name."""
        self._repository.before.setdefault(call, []).append(lambda: self(act, *arguments))

    def spare(self, number):
        """Have a worker take a task just before it is suspended, which does not reach it."""
        self._repository.before.setdefault("SuspendTasks", []).append(self._take_for_good)

    def _take_for_good(self):
        job, number = self._repository.dequeue("node-1")
        (task,) = self._repository.tasks(job, [number])
        task.spared = True

    def forget_extra(self, job):
        """Lose what was written into the job's extra info, as a stale SaveJob does."""
        self._repository.jobs[job].extra.clear()

    def switch(self, name, value):
        setattr(self._repository, name, value)

    def state(self, job):
        record = self._repository.jobs[job]
        return {
            "status": record.status,
            "tasks": [[task.status, task.worker] for task in record.tasks],
            "extra": record.extra,
            "history": record.history,
        }

    def calls(self):
        found, self._repository.calls[:] = list(self._repository.calls), []
        return found

    def violations(self):
        return list(Strict.violations)

    def __call__(self, name, *arguments):
        if name == "break":
            return self._break(*arguments)
        own = getattr(self, name, None) if name in vars(Acts) else None
        return (own or getattr(self._repository, name))(*arguments)

    def _break(self, call):
        """Have the next call of the API with a name end with an error, nothing done."""

        def broken():
            raise RuntimeError(call + " broke")

        self._repository.before.setdefault(call, []).append(broken)


class Control:
    """Carries out what the test asks, on the thread that calls `serve`.

    Args:
        descriptor: of a socket to the test.
        acts: what may be done.
    """

    def __init__(self, descriptor, acts):
        self._stream = os.fdopen(descriptor, "r+b", 0)
        self._acts = acts

    def serve(self, seconds):
        """Do what was asked meanwhile; wait so long for something."""
        while select.select([self._stream], [], [], seconds)[0]:
            line = self._stream.readline()
            if not line:
                return False
            try:
                answer = {"value": self._acts(*json.loads(line.decode("ascii")))}
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            self._stream.write(json.dumps(answer).encode("ascii") + b"\n")
            seconds = 0
        return True


def main(folder, descriptor):
    """Serve a repository over the link until the core hangs up."""
    sys.path.insert(0, folder)
    import renderbus_farm  # noqa: PLC0415 - from the folder
    import renderbus_link  # noqa: PLC0415 - as above

    repository = Repository()
    control = Control(int(descriptor), Acts(repository))

    def log(sentence):
        sys.stderr.write(sentence + "\n")

    farm = renderbus_farm.DeadlineFarm(RepositoryUtils(repository), log)
    agent = renderbus_link.Agent(*renderbus_link.own_pipes(), log)
    agent.greet(renderbus_farm.FARM, renderbus_farm.CAPABILITIES, 60)
    while not agent.gone:
        while agent.poll(farm.handlers, 0.002):
            pass
        if not control.serve(0.002):
            break
    agent.close(5)


if __name__ == "__main__":
    main(*sys.argv[1:])
