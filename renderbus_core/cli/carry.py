"""Carrying one burst in the foreground: the only waiting that `run` and `burst` do."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from renderbus_core.burst import Burst, BurstState, Finished, Gateway, Runner, TaskState
from renderbus_core.cli.output import print_line
from renderbus_core.jobs import BurstId


def carry(gateway: Gateway, burst: BurstId, *, as_json: bool) -> BurstState | None:
    """Step a burst until it is over, telling each change.

    Args:
        gateway: the shared parts.
        burst: which.
        as_json: tell changes as JSON lines instead of sentences.

    Returns:
        How it ended; None when we were asked to stop before that.
    """
    runner = Runner(gateway, burst)
    told = ""
    with _stop_requests() as stop, _letting_go(runner):
        while True:
            answer = runner.step()
            told = _tell(gateway.store.burst(burst), told, as_json=as_json)
            if isinstance(answer, Finished):
                return answer.state
            pause = (answer.at - gateway.clock.now()).total_seconds()
            if stop.wait(max(pause, 0.0)):
                click.echo(f"let go of burst {burst}; carry on: renderbus run {burst}", err=True)
                return None


@contextmanager
def _letting_go(runner: Runner) -> Iterator[None]:
    """Let go of the burst at the end, however it comes."""
    try:
        yield
    finally:
        runner.detach()


@contextmanager
def _stop_requests() -> Iterator[threading.Event]:
    """Turn SIGINT and SIGTERM into an event, so that a step is never cut in the middle."""
    stop = threading.Event()
    before = {s: signal.signal(s, lambda *_: stop.set()) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(burst: Burst, told: str, *, as_json: bool) -> str:
    home, open_ = len(burst.refs(TaskState.COMPLETED)), len(burst.open_tasks)
    text = f"{burst.state}: {burst.reason} - {home} of {len(burst.tasks)} home, {open_} open"
    if text != told:
        if as_json:
            print_line({"event": "burst", "burst": burst})
        else:
            click.echo(f"{burst.id} {text}")
    return text
