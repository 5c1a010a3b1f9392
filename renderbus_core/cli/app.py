"""The command `renderbus`: its verbs, loaded when they are used, and how failures are told."""

from __future__ import annotations

import errno
import importlib
import io
import signal
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import click

from renderbus_core import __version__
from renderbus_core.errors import RenderbusError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

FAILURE = 1
INTERRUPTED = 130
TERMINATED = 143

# Verb: where it lives, and one line for the overview. Modules are imported when their verb is
# used, so that `renderbus --help` and short commands start at once.
_VERBS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "demo": ("demo", "Show a whole burst on this machine, without an account."),
        "simulator": ("simulator", "Run a simulated Renderbus on this machine."),
        "inspect": ("inspect", "Show what a scene file says, without its program."),
        "check": ("check", "Look for what would fail in the cloud, before it costs money."),
        "burst": ("burst", "Send waiting tasks of a local job to the cloud."),
        "run": ("run", "Carry one burst until it is over."),
        "serve": ("serve", "Carry all bursts of a farm, and burst on overflow."),
        "status": ("status", "Show bursts and where they stand."),
        "dashboard": ("dashboard", "Show bursts, budgets and answers of the policy in a browser."),
        "download": ("download", "Fetch what is missing at home, or copies of it."),
        "recall": ("recall", "Bring a burst's unfinished tasks back to the farm."),
        "approve": ("approve", "Let the frames go on that wait behind a burst's test frames."),
        "drain": ("drain", "Take no new bursts; those at work go on."),
        "stop-all": ("stop_all", "Recall every burst of a farm, and take no new ones."),
        "recover": ("recover", "Rebuild the record of bursts from the farm and the cloud."),
        "probe": ("probe", "Render one frame in the cloud and compare it with the farm's."),
        "compare": (
            "compare",
            "Say whether a frame of the farm and one of the cloud look the same.",
        ),
        "overflow": ("overflow", "Say what would leave the farm on its own, and why."),
        "rpc": ("rpc", "Answer one request of a dialog on standard input."),
        "install": ("install", "Put the bridge's files where a render manager finds them."),
        "doctor": ("doctor", "Look whether everything is in place for a render manager."),
        "farm": ("farm", "Use the embedded farm: submit jobs, render, look."),
    }
)


@cache
def _integrations() -> Mapping[str, EntryPoint]:
    """Return the verbs that installed integrations bring along."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - not for every short command

    return {entry.name: entry for entry in entry_points(group="renderbus.integrations")}


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return [*_VERBS, *_integrations()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _VERBS:
            entry = _integrations().get(cmd_name)
            return None if entry is None else cast("click.Command", entry.load())
        module = importlib.import_module(f"renderbus_core.cli.commands.{_VERBS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            rows = [(verb, line) for verb, (_, line) in _VERBS.items()]
            brought = "What the integration with {} brings along."
            rows += [(name, brought.format(name)) for name in _integrations()]
            formatter.write_dl(rows)


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 failed, 2 wrong usage. Each command has its own --help.",
)
@click.version_option(__version__, prog_name="renderbus")
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Configuration file; else $RENDERBUS_CONFIG, else renderbus.toml of the user or the site.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of a failure.")
@click.pass_context
def app(ctx: click.Context, config_file: Path | None, debug: bool) -> None:
    """Burst render jobs from your own farm to the Renderbus cloud, and bring every frame home."""
    # Both are looked up where they are needed: `cli.workplace` and `main`.
    del ctx, config_file, debug


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        arguments: without the program's name; None for those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal cannot show is shown escaped, it stops nothing.
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if threading.current_thread() is threading.main_thread():
        # Unwinding instead of dying: what was started is ended, what was opened is closed.
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):  # Windows has no SIGHUP
                signal.signal(getattr(signal, name), lambda *_: sys.exit(TERMINATED))
    try:
        status = app.main(args=given, prog_name="renderbus", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("renderbus: interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away; there is nobody left to tell.
        sys.stderr.close()
        return FAILURE
    except Exception as error:  # noqa: BLE001 - the last door: one sentence instead of a traceback
        return _tell(error, debug="--debug" in given[: _verb_at(given)])
    return status if isinstance(status, int) else 0


def _verb_at(given: Sequence[str]) -> int:
    """Return where the verb stands: what follows it is the verb's own."""
    return next((at for at, word in enumerate(given) if word in _VERBS), len(given))


def _tell(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    elif isinstance(error, RenderbusError):
        # Late, as it brings jsonschema along, which `--help` has no need of.
        from renderbus_core.schema import printable  # noqa: PLC0415

        # Names of files stand in it, and whatever they contain moves no terminal.
        click.echo(f"renderbus: {printable(str(error))}", err=True)
        return error.exit_status
    elif isinstance(error, OSError) and error.errno == errno.ENOSPC:
        # Most often our own output, sent to a file on a full disk: nothing is wrong with us.
        place = error.filename or "the output"
        click.echo(
            f"renderbus: {place} cannot be written: the disk is full; make room and run it again",
            err=True,
        )
    else:
        click.echo(
            f"renderbus: an internal error, {type(error).__name__}: {error}; "
            "run again with --debug before the command and report what it prints",
            err=True,
        )
    return FAILURE
