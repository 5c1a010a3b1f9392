"""Workers' processes: one for each instance that was begun, run as a proxy runs a job type."""

import contextlib
import os
import signal
import subprocess
import threading
from pathlib import Path

_GRACE_SECONDS = 30.0


class Workers:
    """Starts, stops and watches the processes of instances.

    Args:
        supervisor: hears how they end.
        lock: under which it may be changed.
        jobtypes: folder of job types.
        python: what runs them.
        port: of the supervisor.

    Attributes:
        jobtypes: as above.
    """

    def __init__(self, supervisor, lock, jobtypes, python, port):
        self._supervisor = supervisor
        self._lock = lock
        self.jobtypes = Path(jobtypes)
        self._python = python
        self._port = port
        self._processes = {}
        self._logs = {}

    def start(self, job, instance):
        """Run the job type's library in a process of its own."""
        folder = self.jobtypes / job["prototype"]
        environment = dict(
            os.environ,
            QB_SUPERVISOR="127.0.0.1:{}".format(self._port),
            QBJOBID=str(job["id"]),
            QBSUBID=str(instance["id"]),
            QBASSIGNMENT=str(instance["assignment"]),
        )
        process = subprocess.Popen(
            [self._python, "-B", str(folder / "execute.py")],
            cwd=str(folder),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # A worker signals the whole tree of processes.
            start_new_session=True,
        )
        key = job["id"], instance["id"]
        self._processes.setdefault(key, []).append(process)
        log = self._logs.setdefault(key, [])
        watch = threading.Thread(
            target=self._watch, args=(process, instance, instance["assignment"], log)
        )
        watch.daemon = True
        watch.start()

    def log(self, id_, instance=0):
        """Return what the processes of an instance have printed."""
        return list(self._logs.get((int(id_), instance), []))

    def alive(self, id_):
        """Return the ids of processes of a job that have not ended."""
        return [
            process.pid
            for (job, _), all_ in self._processes.items()
            for process in all_
            if job == int(id_) and process.poll() is None
        ]

    def kill_process(self, pid, number=signal.SIGKILL):
        """Take a process away, as the system does when memory is short."""
        os.kill(pid, number)

    def stop_instance(self, instance):
        """Signal the tree of processes of an instance, and later end it by force."""
        for process in self._processes.get((instance["pid"], instance["id"]), []):
            if process.poll() is None:
                _signal(process, signal.SIGTERM)
                timer = threading.Timer(_GRACE_SECONDS, _signal, (process, signal.SIGKILL))
                timer.daemon = True
                timer.start()

    def pause(self, instance, stops):
        for process in self._processes.get((instance["pid"], instance["id"]), []):
            if process.poll() is None:
                _signal(process, signal.SIGSTOP if stops else signal.SIGCONT)

    def stop(self):
        """End all processes that are left."""
        for all_ in self._processes.values():
            for process in all_:
                if process.poll() is None:
                    _signal(process, signal.SIGCONT)
                    _signal(process, signal.SIGKILL)
                    process.wait(10)

    def _watch(self, process, instance, assignment, log):
        for raw in process.stdout:
            log.append(raw.decode("utf-8", "replace").rstrip())
        code = process.wait()
        with self._lock:
            log.append("-- the process ended with code {}".format(code))
            if instance["assignment"] == assignment:
                self._supervisor.exited(instance, code)


def _signal(process, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
