"""The farm agent of a Qube, outside of its supervisor: a program that Qube's own Python runs.

`agent.py` speaks over its standard input and output to the core that started it
(`renderbus serve --farm qube`). `agent.py [options] -- COMMAND...` starts the core with that
command (`renderbus serve --farm link`). It ends with the core either way; SIGTERM asks the core to
stop, and recalls nothing. Standard library only, Python 3.6 and up.
"""

import argparse
import os
import signal
import sys
import threading

# The files that it needs lie beside it.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from renderbus_farm import CAPABILITIES, QubeFarm
from renderbus_jobs import Jobs
from renderbus_link import (
    EXIT_VERSION,
    STOP,
    Agent,
    Core,
    GoneError,
    LinkError,
    VersionError,
    own_pipes,
)
from renderbus_qb import QbError, find_qb
from renderbus_settings import Settings, SettingsError
from renderbus_unattended import Unattended
from renderbus_words import FARM

_SETTINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "job.conf")
_HELLO_SECONDS = 60.0
_END_SECONDS = 60.0
_POLL_SECONDS = 0.5
# While a core of our own asks something.
_BUSY_SECONDS = 0.05


def main(arguments):
    """Serve until the core ends.

    Args:
        arguments: of the command line.

    Returns:
        The exit code: that of a core that was started here, 0 else when all went well.
    """
    options, command = _options(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # Taken before anything is printed: what `qb` says is no line of the link.
    pipes = None if command else own_pipes()
    try:
        jobs = Jobs(find_qb(), log)
        farm = QubeFarm(jobs, options.gateways, options.ask_seconds)
        unattended = _unattended(jobs, options.unattended_seconds)
        if command:
            return _host(command, farm, unattended, stop)
        agent = Agent(*pipes, log)
        agent.greet(FARM, CAPABILITIES, _HELLO_SECONDS)
        _serve(agent, farm, unattended, stop)
        agent.close(_END_SECONDS)
    except (LinkError, QbError) as error:
        log(str(error))
        return EXIT_VERSION if isinstance(error, VersionError) else 1
    return 0


def _options(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gateways", default="renderbus", metavar="GROUP",
                        help="group of the gateway workers, which render nothing")  # fmt: skip
    parser.add_argument("--ask-seconds", type=float, default=10.0, metavar="N",
                        help="how often Qube is asked whether anybody asks something")  # fmt: skip
    parser.add_argument("--unattended-seconds", type=float, default=30.0, metavar="N",
                        help="how often jobs for the cloud alone are looked for that no worker "
                        "sees to; 0 leaves them alone")  # fmt: skip
    parser.add_argument("command", nargs="*", help="starts the core, after --")
    options = parser.parse_args(arguments)
    return options, options.command


def _unattended(jobs, every):
    settings = None
    if every:
        try:
            settings = Settings(_SETTINGS)
        except SettingsError as error:
            log("jobs for the cloud alone that no worker sees to are left alone: {}".format(error))
            every = 0
    return Unattended(jobs, settings, every, log)


def _serve(agent, farm, unattended, stop):
    """Serve until the core is gone: who is to stop tells it so, and is needed until it has."""
    while not agent.gone:
        if stop.is_set():
            stop.clear()
            try:
                agent.tell(STOP, {})
            except GoneError as error:
                log(str(error))
        agent.poll(farm.handlers, _BUSY_SECONDS if unattended.is_busy else _POLL_SECONDS)
        unattended.step()
    unattended.close()


def _host(command, farm, unattended, stop):
    core = Core(command, log)
    try:
        core.agent.greet(FARM, CAPABILITIES, _HELLO_SECONDS)
        _serve(core.agent, farm, unattended, stop)
    finally:
        code = core.detach(_END_SECONDS)
    log(core.ending(0))
    return 1 if code is None else code


def log(sentence):
    """Say something to people, in the log of whoever started this."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
