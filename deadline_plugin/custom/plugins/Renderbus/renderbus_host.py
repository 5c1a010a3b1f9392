"""Hosting the core: starts it, and is its farm agent until it ends or is to be let go.

Standard library only, Python 3.7 and up.
"""

from renderbus_farm import ASK_SECONDS, FARM
from renderbus_link import Core, LinkError

_HELLO_SECONDS = 120.0
_POLL_SECONDS = 0.5


def columns(setting):
    """Return the digits of the columns of jobs and of tasks that show what is in the cloud.

    Args:
        setting: gives a setting of the plug-in, called with its name and a default.
    """
    chosen = [str(setting(name, "None")) for name in ("StatusColumn", "TaskColumn")]
    return [text[-1] if text.startswith("ExtraInfo") else "" for text in chosen]


def ask_seconds(setting):
    """Return how often all jobs are looked through for what is asked of them.

    Args:
        setting: as for `columns`.
    """
    try:
        return float(setting("AskSeconds", str(ASK_SECONDS)))
    except ValueError:
        return ASK_SECONDS


class HostError(Exception):
    """The core ended by itself, or could not be started; one sentence."""


def command(program, config_file="", more=()):
    """Return how the core is started.

    Args:
        program: of the bridge.
        config_file: of the bridge; "" for the user's.
        more: options of `renderbus serve`.
    """
    named = ["--config", config_file] if config_file else []
    return [program, *named, "serve", "--farm", "link", *more]


def host(started_with, farm, log, between, stop_seconds=60.0):
    """Host the core until it is to be let go; nothing is recalled then.

    Args:
        started_with: program and arguments.
        farm: what answers it.
        log: takes a sentence; called on any thread.
        between: called at least every half second, tells whether to let go.
        stop_seconds: how long the core may take to finish what it has in hand.

    Returns:
        The core's exit code when it was let go; None while it has not ended.

    Raises:
        HostError: it cannot be started, or ended by itself, however it says.
    """
    try:
        core = Core(started_with, log)
    except LinkError as error:
        raise HostError(str(error)) from error
    let_go, end = False, ""
    try:
        core.agent.greet(FARM, farm.capabilities, _HELLO_SECONDS)
        log("the core is there: " + " ".join(started_with))
        while not core.agent.gone:
            let_go = between()
            if let_go:
                core.stop()
                break
            core.agent.poll(farm.handlers, _POLL_SECONDS)
        end = core.agent.gone
    except LinkError as error:
        end = str(error)
    finally:
        code = core.detach(stop_seconds)
    if not let_go:
        # Whatever its code: a gateway that ends by itself is none.
        told = "the core has not ended yet" if code is None else core.ending(0)
        raise HostError("{} ({})".format(told, end))
    return code
