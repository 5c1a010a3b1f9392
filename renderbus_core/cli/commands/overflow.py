"""`renderbus overflow`: what would leave the farm on its own, and why; nothing leaves by this."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import click

from renderbus_core import config as configuration
from renderbus_core import overflow
from renderbus_core.burst import (
    BurstStore,
    Farm,
    answered,
    budgets,
    jobs_with_tasks,
    judged_queue,
    own_prices,
)
from renderbus_core.cli import comparing
from renderbus_core.cli.output import console, json_option, print_json, table
from renderbus_core.cli.stopping import stop_requests
from renderbus_core.cli.workplace import farm_option, open_farm, open_store, read_config
from renderbus_core.clock import SystemClock
from renderbus_core.config import Config
from renderbus_core.errors import InputError
from renderbus_core.farm import record_snapshot, recorded_snapshots
from renderbus_core.jobs import JobId, QueueSnapshot
from renderbus_core.overflow import (
    Decision,
    Decisions,
    History,
    OverflowState,
    Payer,
    Spending,
    Verdict,
)
from renderbus_core.replay import WORKLOADS, Trace, replay, trace_of
from renderbus_core.web import write_comparison

_WORDS = {
    Verdict.BURST: "would leave",
    Verdict.PROBE: "would be probed",
    Verdict.ADVISE: "is advised",
    Verdict.STAY: "stays",
}

policy_option = click.option(
    "--policy",
    "policy_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another configuration file whose [overflow] is tried instead of the configured one.",
)


@click.group(short_help="Say what would leave the farm on its own, and why.")
def command() -> None:
    """Ask the overflow policy. Nothing leaves the farm by any of these."""


@command.command()
@click.argument("job")
@farm_option
@policy_option
@json_option
@click.pass_context
def explain(
    ctx: click.Context, job: str, farm_kind: str | None, policy_file: Path | None, as_json: bool
) -> None:
    """Say whether JOB would leave now: every rule with what it found, and the answer."""
    config = _with_policy(read_config(ctx, farm_kind), policy_file)
    with _sides(config) as sides:
        wanted = sides.snapshot([JobId(job)])
        rows = {row.job.id: row for row in wanted.jobs}
        if JobId(job) not in rows:
            raise InputError(f"the farm has no job {job!r}; see them with: renderbus farm jobs")
        (decision,) = sides.decide(wanted).items
    if as_json:
        print_json(decision)
        return
    row = rows[decision.job]
    click.echo(f"{row.job.name} ({row.job.id}): {_told(decision)}")
    marks = [("passed" if one.passed else "REFUSED", one.rule, one.why) for one in decision.weighed]
    console().print(table("Rules", ["", "rule", "found"], marks))


@command.command()
@click.option(
    "--snapshot",
    "snapshot_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A recorded queue instead of the farm's; of several in it, the last one.",
)
@click.option("--dry-run", is_flag=True, help="Said for clearness: this command never acts.")
@farm_option
@policy_option
@json_option
@click.pass_context
def decide(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    snapshot_file: Path | None,
    dry_run: bool,
    farm_kind: str | None,
    policy_file: Path | None,
    as_json: bool,
) -> None:
    """Show what the next round would decide for each candidate of the queue."""
    del dry_run
    config = _with_policy(read_config(ctx, farm_kind), policy_file)
    if snapshot_file is not None:
        *_, queue = recorded_snapshots(snapshot_file)
        decisions = _decide_recorded(queue, config)
    else:
        with _sides(config) as sides:
            queue = sides.snapshot(None)
            decisions = sides.decide(queue)
    if as_json:
        print_json(decisions.items)
        return
    names = {row.job.id: row.job.name for row in queue.jobs}
    click.echo(
        f"{len(queue.jobs)} jobs, {queue.workers} workers, {overflow.backlog(queue):.1f} queued "
        f"tasks per worker, {overflow.backlog_hours(queue):.1f} h of work"
    )
    for decision in decisions.items:
        click.echo(f"{names[decision.job]} ({decision.job}): {_told(decision)}")
    if not decisions.items:
        click.echo("No job may leave: ask why with: renderbus overflow explain JOB")


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--every", type=click.FloatRange(min=1), help="Seconds between two; else just one.")
@click.option("--count", type=click.IntRange(1), help="How many; else until Ctrl-C.")
@farm_option
@click.pass_context
def record(
    ctx: click.Context, file: Path, every: float | None, count: int | None, farm_kind: str | None
) -> None:
    """Add the queue as it is now to FILE, to try policies on it later."""
    config = read_config(ctx, farm_kind)
    left = count if every is not None else 1
    with _sides(config) as sides, stop_requests() as stop:
        while left is None or left > 0:
            queue = sides.snapshot(None)
            record_snapshot(file, queue)
            click.echo(f"{queue.taken_at:%Y-%m-%d %H:%M:%S} UTC: {len(queue.jobs)} jobs", err=True)
            left = None if left is None else left - 1
            if left == 0 or stop.wait(every or 0):
                return


def _with_policy(config: Config, file: Path | None) -> Config:
    if file is None:
        return config
    return dataclasses.replace(config, overflow=configuration.load(file).overflow)


@dataclass(frozen=True, slots=True)
class _Sides:
    """What is asked: the farm for its queue, the record for what bursts and gateways say."""

    farm: Farm
    store: BurstStore
    config: Config

    def snapshot(self, jobs: list[JobId] | None) -> QueueSnapshot:
        """Read the queue with the tasks of some jobs; None for the candidates of the policy."""
        if jobs is None:
            rows = judged_queue(self.config, self.farm.snapshot()).jobs
            jobs = list(overflow.screen(rows, self.config.overflow, SystemClock().now()))
        return self.farm.snapshot(tasks_of=jobs)

    def decide(self, queue: QueueSnapshot) -> Decisions:
        """Decide as a gateway would, which remembers since when pools overflow."""
        return answered(self.store, self.config, queue)


@contextmanager
def _sides(config: Config) -> Iterator[_Sides]:
    with open_farm(config) as farm, open_store(config) as store:
        yield _Sides(farm, store, config)


def _decide_recorded(queue: QueueSnapshot, config: Config) -> Decisions:
    """Decide about a recorded queue, of whose bursts and overflow nothing is known."""
    queue = judged_queue(config, queue)
    payers = map(Payer.of, jobs_with_tasks(queue))
    unspent = dict.fromkeys(budgets(config, queue.taken_at, payers), Decimal(0))
    prices = own_prices(config, jobs_with_tasks(queue))
    known = History(spending=Spending(config.price_per_hour, unspent, prices))
    policy = dataclasses.replace(config.overflow, sustained_seconds=0)
    return overflow.decide(queue, policy, known, OverflowState(), queue.taken_at)


def _told(decision: Decision) -> str:
    return f"{_WORDS[decision.verdict]}: {decision.sentence}"


@command.command()
@click.option(
    "--trace",
    "name",
    default="steady",
    show_default=True,
    help=f"What is replayed: {', '.join(WORKLOADS)} (made up), or a file of `overflow record`.",
)
@click.option(
    "--policy",
    "names",
    multiple=True,
    help="To compare, several times: `none`, `threshold:N` (whole jobs leave above N tasks per "
    "worker), `ours` (the configured one), or a configuration file.  [default: none, threshold:10, "
    "ours]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of a made-up queue.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="HTML page of plots.")
@json_option
@click.pass_context
def simulate(  # noqa: PLR0917 - click passes options by name
    ctx: click.Context,
    name: str,
    names: tuple[str, ...],
    seed: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Replay a queue under several policies: what each would cost, and how long people wait.

    Prices, machines, speed and wait of the cloud are those of the configuration (money, overflow);
    without a price a machine costs 1.00 an hour.
    """
    config = read_config(ctx)
    trace = _trace(name, seed)
    cloud = comparing.cloud_of(config)
    outcomes = []
    for policy in names or comparing.USUAL:
        click.echo(f"{policy} ...", err=True)
        ask, budget = comparing.asked(policy, config)
        outcomes.append(replay(trace, comparing.label(policy), ask, cloud, budget))
    if out is not None:
        write_comparison(comparing.page(trace, cloud, outcomes), out)
        click.echo(f"plots: {out}", err=True)
    if as_json:
        print_json([comparing.document(one, trace, cloud) for one in outcomes])
        return
    click.echo(comparing.sentence(trace, cloud))
    rows = [(one.policy, *comparing.figures(one)) for one in outcomes]
    console().print(table("Policies", ("policy", *comparing.COLUMNS), rows))


def _trace(name: str, seed: int) -> Trace:
    if name in WORKLOADS:
        return WORKLOADS[name](seed)
    if not Path(name).is_file():
        raise InputError(
            f"there is no trace {name!r}: name one of {', '.join(WORKLOADS)}, or a file that "
            "`renderbus overflow record` wrote"
        )
    return trace_of(name, recorded_snapshots(Path(name)))
