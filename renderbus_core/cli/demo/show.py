"""Showing the demonstration: a live screen on a terminal, JSON lines everywhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from renderbus_core.burst import Burst
from renderbus_core.cli.demo.play import Moment
from renderbus_core.cli.output import print_line
from renderbus_core.farm import CLOUD
from renderbus_core.jobs import JobRow, LocalState, LocalTask
from renderbus_core.money import Money
from renderbus_core.overflow import Verdict

# One sign per task, so that the whole queue is seen at once.
_LOOKS = {
    "queued": ("·", "dim"),
    "rendering": ("▶", "bold green"),
    "in the cloud": ("☁", "cyan"),
    "home from the cloud": ("█", "cyan"),
    "rendered here": ("█", "green"),
    "failed": ("✗", "bold red"),
}


class Show(Protocol):
    """Hears of every moment."""

    def moment(self, moment: Moment) -> None:
        """Show what has changed."""


class LineShow:
    """Tells each change as one line of JSON."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, ...], object] = {}

    def moment(self, moment: Moment) -> None:
        """Print what differs from the last moment."""
        for job, tasks in moment.tasks.items():
            for task in tasks:
                self._tell(
                    ("task", job, task.ref.id),
                    {"frames": task.ref.frames, "state": look(task), "worker": task.worker},
                )
        for burst in moment.bursts:
            self._tell(
                ("burst", burst.id),
                {
                    "state": burst.state,
                    "reason": burst.reason,
                    "remote_id": burst.remote_id,
                    "charged": burst.spent,
                },
            )
        for decision in moment.cycle.decisions if moment.cycle else ():
            # The numbers in the reasons change with every cycle; the verdict is the news.
            self._tell(
                ("decision", decision.job),
                {"verdict": decision.verdict, "reasons": decision.sentence},
                news=decision.verdict,
            )

    def _tell(
        self, key: tuple[str, ...], facts: dict[str, object], news: object | None = None
    ) -> None:
        news = news or facts
        if self._told.get(key) != news:
            self._told[key] = news
            names = ("event", "job" if key[0] != "burst" else "burst", "task")
            print_line(dict(zip(names, key, strict=False)) | facts)


class LiveShow:
    """A screen that is drawn again as things change."""

    def __init__(self, console: Console, currency: str) -> None:
        self._currency = currency
        self._last = "The farm fills up."
        self.live = Live(console=console, refresh_per_second=8)

    def moment(self, moment: Moment) -> None:
        """Draw the moment."""
        for decision in moment.cycle.decisions if moment.cycle else ():
            if decision.verdict is not Verdict.STAY:
                self._last = f"{decision.verdict} {decision.job}: {decision.sentence}"
        money = Money(spent(moment.bursts), self._currency)
        self.live.update(
            Group(
                _jobs(moment),
                _bursts(moment.bursts),
                Text(f"policy  {self._last}", style="dim"),
                Text.assemble("charged by the cloud so far  ", (str(money), "bold")),
                _legend(),
            )
        )


def look(task: LocalTask) -> str:
    """Name what a task looks like from outside."""
    match task.state:
        case LocalState.COMPLETED:
            return "home from the cloud" if task.worker == CLOUD else "rendered here"
        case LocalState.SUSPENDED:
            return "in the cloud"
        case LocalState.RENDERING:
            return "rendering"
        case LocalState.FAILED:
            return "failed"
        case _:
            return "queued"


def spent(bursts: Iterable[Burst]) -> Decimal:
    """Return what the cloud has charged for all bursts."""
    return sum((burst.spent for burst in bursts), start=Decimal(0))


def _jobs(moment: Moment) -> Table:
    drawn = Table(title="Local farm", title_justify="left", title_style="bold", box=None)
    for column in ("job", "tasks", "done", "here", "cloud"):
        drawn.add_column(column, header_style="dim")
    for row in moment.rows:
        drawn.add_row(*_job_cells(row, moment.tasks.get(row.job.id, ())))
    return drawn


def _job_cells(row: JobRow, tasks: Iterable[LocalTask]) -> Iterable[Text]:
    looks = [look(task) for task in tasks]
    count = Counter(looks)
    home = count["home from the cloud"]
    yield Text(f"{row.job.name} ({row.job.dcc})")
    yield Text.assemble(*(_LOOKS[name] for name in looks))
    yield Text(f"{count['rendered here'] + home}/{len(looks)}")
    yield Text(str(count["rendered here"]), style="green")
    yield Text(f"{home} home, {count['in the cloud']} out", style="cyan")


def _bursts(bursts: Iterable[Burst]) -> Table:
    drawn = Table(title="Bursts", title_justify="left", title_style="bold", box=None)
    for column in ("burst", "remote task", "state", "what happens"):
        drawn.add_column(column, header_style="dim")
    for burst in bursts:
        remote = "" if burst.remote_id is None else str(burst.remote_id)
        drawn.add_row(burst.id, remote, str(burst.state), Text(burst.reason))
    return drawn


def _legend() -> Text:
    parts: list[tuple[str, str] | str] = []
    for name, (sign, style) in _LOOKS.items():
        parts += [(sign, style), f" {name}   "]
    return Text.assemble(*parts)
