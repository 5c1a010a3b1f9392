"""Carrying one burst in the foreground: the only waiting that `run` and `burst` do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from renderbus_core.burst import Burst, BurstState, Finished, Gateway, Heartbeat, Runner, TaskState
from renderbus_core.cli.output import print_line
from renderbus_core.cli.stopping import stop_requests
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
    runner, heartbeat = Runner(gateway, burst), Heartbeat(gateway)
    told = ""
    with stop_requests() as stop, _letting_go(runner, heartbeat):
        due = gateway.clock.now()
        while not stop.is_set():
            beats = heartbeat.step()
            if due <= gateway.clock.now():
                answer = runner.step()
                told = _tell(gateway.store.burst(burst), told, as_json=as_json)
                if isinstance(answer, Finished):
                    return answer.state
                due = answer.at
            stop.wait(max(0.0, (min(due, beats) - gateway.clock.now()).total_seconds()))
    click.echo(f"let go of burst {burst}; carry on: renderbus run {burst}", err=True)
    return None


@contextmanager
def _letting_go(runner: Runner, heartbeat: Heartbeat) -> Iterator[None]:
    """Let go of the burst at the end, however it comes."""
    try:
        yield
    finally:
        runner.detach()
        heartbeat.leave()


def _tell(burst: Burst, told: str, *, as_json: bool) -> str:
    home, open_ = len(burst.refs(TaskState.COMPLETED)), len(burst.open_tasks)
    text = f"{burst.state}: {burst.reason} - {home} of {len(burst.tasks)} home, {open_} open"
    if text != told:
        if as_json:
            print_line({"event": "burst", "burst": burst})
        else:
            click.echo(f"{burst.id} {text}")
    return text
