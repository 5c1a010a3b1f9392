"""A supervisor in memory, in a process of its own, that several processes share over a socket.

`python supervisor.py JOBTYPES PYTHON` prints its port; JOBTYPES is the folder whose job types its
workers have, PYTHON what they run them with. It ends when its standard input does. A line asks for
one thing: what the `qb` module asks for in the name of a client or backend, or what a test does
with its hands: `{"hand": name, "arguments": [...]}`.
"""

import json
import socketserver
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from farm import QubeError, Supervisor
from workers import Workers


class Hands:
    """What a test does: to workers, to time, and to what the supervisor does not document.

    Args:
        supervisor: where.
        workers: of it.
    """

    def __init__(self, supervisor, workers):
        self._supervisor = supervisor
        self._workers = workers

    def __call__(self, name, arguments):
        if name == "before":
            call, act, *rest = arguments
            self._supervisor.before.setdefault(call, []).append(lambda: self(act, rest))
            return None
        for place in (self, self._workers, self._supervisor):
            if hasattr(place, name):
                return getattr(place, name)(*arguments)
        raise QubeError("the fake has no hand named " + name)

    def violations(self):
        return self._supervisor.violations

    def calls(self):
        """Return the calls since the last time this was asked."""
        found, self._supervisor.calls[:] = list(self._supervisor.calls), []
        return found

    def switch(self, name, value):
        setattr(self._supervisor, name, value)

    def break_(self, call):
        """Have the next call with a name end with an error, nothing done."""
        self._supervisor.before.setdefault(call, []).append(_broken(call))

    def break_after(self, call):
        """Have the next call with a name end with an error, although it was done."""
        self._supervisor.after.setdefault(call, []).append(_broken(call))

    def lose_answer(self, call, times=1):
        """Have the answer of the next calls with a name lost, although they were done."""
        self._supervisor.lost[call] = times

    def drop(self, call, times=1):
        """Have the next calls with a name never arrive; they answer with nothing."""
        self._supervisor.dropped[call] = times

    def job(self, id_):
        return self._supervisor.shown(self._supervisor.jobs[int(id_)])

    def jobs(self):
        return [self._supervisor.shown(job) for job in self._supervisor.jobs.values()]


def _broken(call):
    def broken():
        raise QubeError(call + " broke")

    return broken


class Handler(socketserver.StreamRequestHandler):
    """One line asks, one answers; everything happens under one lock."""

    def handle(self):
        request = json.loads(self.rfile.readline().decode("ascii"))
        try:
            with self.server.lock:
                answer = {"value": self._answer(request)}
        except (QubeError, ValueError) as error:
            answer = {"error": str(error), "kind": type(error).__name__}
        except Exception as error:
            answer = {"error": "{}: {}".format(type(error).__name__, error), "kind": "Broken"}
            self.server.supervisor.violations.append(answer["error"])
        self.wfile.write(json.dumps(answer).encode("ascii") + b"\n")

    def _answer(self, request):
        server = self.server
        if "hand" in request:
            return server.hands(request["hand"], request["arguments"])
        me, call = request["me"], request["call"]
        return server.supervisor.ask(me, call, request["arguments"], request["keywords"])


class Server(socketserver.ThreadingTCPServer):
    """Serves one supervisor."""

    daemon_threads = True
    request_queue_size = 64


def main(jobtypes, python):
    """Serve until standard input ends."""
    supervisor = Supervisor()
    server = Server(("127.0.0.1", 0), Handler)
    port = server.server_address[1]
    server.supervisor = supervisor
    server.lock = threading.RLock()
    workers = Workers(supervisor, server.lock, jobtypes, python, port)
    supervisor.workers = workers
    server.hands = Hands(supervisor, workers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write("{}\n".format(port))
    sys.stdout.flush()
    sys.stdin.read()
    workers.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
