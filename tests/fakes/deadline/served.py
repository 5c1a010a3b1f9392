"""One repository for several processes: it lies in one of them, the others ask it.

As on a real farm each process hears of what it does itself, and of nothing else.
"""

import functools
import socket
from multiprocessing.connection import Connection, wait

from repository import Repository, RepositoryUtils


class Server:
    """Lets other processes use a repository; everything happens on the thread that serves.

    Args:
        repository: of this process.
        address: of a socket in the file system.
    """

    def __init__(self, repository, address):
        self._repository = repository
        self._utils = RepositoryUtils(repository)
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(address)
        self._door.listen(8)
        self._guests = []

    def serve(self, control):
        """Answer whoever asks, until the test hangs up.

        Args:
            control: to the test.
        """
        while True:
            for ready in wait([self._door, control, *self._guests]):
                if ready is control:
                    if not control.serve(0):
                        return
                elif ready is self._door:
                    self._guests.append(Connection(self._door.accept()[0].detach()))
                else:
                    self._answer(ready)

    def _answer(self, guest):
        try:
            name, arguments = guest.recv()
        except (EOFError, OSError):
            # It has ended, or was killed.
            self._guests.remove(guest)
            return
        events = []
        listeners, self._repository.listeners = self._repository.listeners, [_collect(events, self)]
        try:
            owner = self._utils if hasattr(RepositoryUtils, name) else self._repository
            answer = (getattr(owner, name)(*arguments), None, events)
        except Exception as error:
            answer = (None, "{}: {}".format(type(error).__name__, error), events)
        finally:
            self._repository.listeners = listeners
        guest.send(answer)

    def job(self, id_):
        return self._repository.given(self._repository.jobs[id_])


def _collect(events, server):
    return lambda event, *ids: events.append((event, [server.job(id_) for id_ in ids]))


class Guest(Repository):
    """A repository that lies in another process; what is only of this one is kept here.

    Args:
        address: as for `Server`.
    """

    def __init__(self, address):
        super().__init__()
        door = socket.socket(socket.AF_UNIX)
        door.connect(address)
        self._host = Connection(door.detach())
        for name in ("submit", "setting", "add_metadata", "get_metadata", "update_metadata",
                     "delete_metadata"):  # fmt: skip
            setattr(self, name, functools.partial(self.ask, name))

    def ask(self, name, *arguments):
        """Have something done there, and tell the listeners here what happened."""
        self._host.send((name, arguments))
        value, error, events = self._host.recv()
        for event, jobs in events:
            self.tell(event, *jobs)
        if error:
            raise RuntimeError(error)
        return value


class GuestUtils(RepositoryUtils):
    """`RepositoryUtils` of a process that is a guest.

    Args:
        repository: a guest.
    """

    def __getattribute__(self, name):
        if name in vars(RepositoryUtils) and not name.startswith("_"):
            ask = object.__getattribute__(self, "_repository").ask
            return functools.partial(ask, name)
        return object.__getattribute__(self, name)
