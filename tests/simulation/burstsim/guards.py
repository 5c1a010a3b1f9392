"""Guards of the engine, farm and store, each of which can be taken away: the net must notice."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from burstsim import studio
from burstsim.cases import Act as Deed
from burstsim.cases import Case, Fault, draw
from renderbus_core.api import retry
from renderbus_core.burst import (
    acting,
    collect,
    context,
    follow,
    leases,
    listing,
    mirror,
    runner,
    submit,
    tree,
)
from renderbus_core.burst.acts import ACTS, Act, Local
from renderbus_core.burst.effects import Effects
from renderbus_core.burst.mirror import Collected
from renderbus_core.burst.model import Asked, BurstState, Remote, TaskState
from renderbus_core.burst.store import BurstStore, planning
from renderbus_core.errors import TransientError, UnknownOutcomeError
from renderbus_core.farm.local import rules
from renderbus_core.jobs import Outcome


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard that can be broken.

    Args:
        broken: takes it away for as long as the block lasts.
        caught_by: invariants of which one must notice.
        seed: that was found to notice; others are tried when it does not any more.
        shape: of the worlds in which it is missed most.
        verbs: what people do there, in this order; none is what they do anyway.
        hot: points where more goes wrong than elsewhere.
        faults: that strike there instead of drawn ones, where a coincidence would be too rare.
    """

    broken: Callable[[], Any]
    caught_by: frozenset[str]
    seed: int = 0
    shape: Mapping[str, Any] = field(default_factory=dict)
    verbs: tuple[str, ...] = ()
    hot: tuple[str, ...] = ()
    faults: tuple[Fault, ...] | None = None

    def case(self, seed: int) -> Case:
        """Return the case of a seed, with many faults and in a world that needs the guard."""
        drawn = draw(seed)
        chance = random.Random(f"guard {seed}")  # noqa: S311 - a seed's own
        last = _SOON if self.faults else _LATER
        times = sorted(round(chance.uniform(10, last), 1) for _ in self.verbs)
        acts = [
            Deed(at, verb, chance.randrange(1000))
            for at, verb in zip(times, self.verbs, strict=True)
        ]
        hot = {"hot": dict.fromkeys(self.hot, _HOT)} if self.hot else {}
        shape = {**drawn.shape, **_ROUGH, **self.shape, **hot}
        return Case(seed, shape, tuple(acts) or drawn.acts, self.faults)


_HOT = 25.0
# By when people have acted, in seconds: while what is listed happens, or at any time.
_SOON, _LATER = 35.0, 200.0
# Many faults, and bursts that go out.
_ROUGH: Mapping[str, Any] = {"intensity": 0.03, "orders": 1, "budget": "", "balance": "1000"}


@contextmanager
def swapped(owner: Any, **parts: Any) -> Iterator[None]:
    """Replace attributes for as long as the block lasts; those of a base are hidden meanwhile."""
    before = {name: vars(owner)[name] for name in parts if name in vars(owner)}
    assert all(hasattr(owner, name) for name in parts)
    for name, part in parts.items():
        setattr(owner, name, part)
    try:
        yield
    finally:
        for name in parts:
            if name in before:
                setattr(owner, name, before[name])
            else:
                delattr(owner, name)


def _acts(local: Local, change: Mapping[Remote, Act], *asked: Asked) -> Any:
    """Replace acts of the mirror's table."""
    table = {
        (said, shown): {**acts, **change}
        if shown is local and (not asked or said in asked)
        else acts
        for (said, shown), acts in ACTS.items()
    }
    return swapped(mirror, ACTS=table)


def _without(name: str) -> Any:
    """Let one value never be written with a transition, or noted."""
    move, note = BurstStore.move, BurstStore.note

    def moved(self: BurstStore, *args: Any, **values: Any) -> Any:
        values.pop(name, None)
        return move(self, *args, **values)

    def noted(self: BurstStore, lease: Any, burst: Any, **values: Any) -> Any:
        values.pop(name, None)
        return note(self, lease, burst, **values) if values else None

    return swapped(BurstStore, move=moved, note=noted)


def _steps(**changed: Any) -> Any:
    steps = {**runner.STEPS, **{BurstState[name.upper()]: step for name, step in changed.items()}}
    return swapped(runner, STEPS=MappingProxyType(steps))


def _no_unique_index(index: str) -> Any:
    """Leave a promise out that the database keeps."""

    def empty(clock: Any) -> tuple[bytes, bytes]:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "bursts.db"
            farm, store = whole(clock)
            file.write_bytes(store)
            with closing(sqlite3.connect(file, isolation_level=None)) as database:
                database.execute(f"DROP INDEX {index}")
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return farm, file.read_bytes()

    whole = studio._empty_databases
    return swapped(studio, _empty_databases=empty)


def _perform_without_a_word(self: Effects, name: str, fn: Callable[[], Any], **_: Any) -> Any:
    del name
    self.keep_lease()
    return fn()


def _unknown_is_done() -> Any:
    """Take what the farm could not tell for done."""
    perform = Effects.perform

    def believe(self: Effects, name: str, fn: Callable[[], Any], **details: Any) -> Any:
        result = perform(self, name, fn, **details)
        if isinstance(result, Outcome) and result.unknown:
            return replace(result, taken=(*result.taken, *result.unknown), unknown=())
        return result

    return swapped(Effects, perform=believe)


def _unknown_is_refused() -> Any:
    """Take an unknown outcome of a submit for a refusal."""
    return _both(
        swapped(runner, _REFUSALS=(*runner._REFUSALS, UnknownOutcomeError)),
        swapped(submit, UnknownOutcomeError=_Never),
    )


class _Never(Exception):  # noqa: N818 - nothing raises it
    """No error at all."""


@contextmanager
def _both(first: Any, second: Any) -> Iterator[None]:
    with first, second:
        yield


def _everything_is_repeated() -> Any:
    def may_repeat(operation: Any, error: BaseException) -> bool:
        del operation
        return isinstance(error, TransientError | UnknownOutcomeError)

    return swapped(retry, may_repeat=may_repeat)


@contextmanager
def _any_lease_writes(database: Any, lease: Any) -> Iterator[Any]:
    del lease
    with database.writing() as db:
        yield db


def _taken_at_once(*args: Any) -> Any:
    db, name, owner, ttl, now = args[:5]
    free = (
        leases.leases.update().where(leases.leases.c.name == name).values(expires_at=leases._FREE)
    )
    db.execute(free)
    return _TAKE(db, name, owner, ttl, now)


def _taken_without_margin(*args: Any) -> Any:
    return _TAKE(*args[:5])


_TAKE = leases.take


def _count_at_once(ctx: Any, burst: Any) -> int:
    ctx.store.note(ctx.effects.lease, burst.id, absences=burst.absences + 1)
    return int(burst.absences) + 1


def _lose_with_stamp(ctx: Any, burst: Any, action: Any) -> None:
    ctx.move_tasks(burst, (action.task,), TaskState.LOST, action.reason)


def _lets_go_of_what_is_recorded(self: Any, burst: Any, why: str) -> bool:
    held = burst.refs(TaskState.HELD, TaskState.RELEASING)
    return bool(self.give_back(burst, held, why))


def _one(name: str) -> frozenset[str]:
    return frozenset({name})


_RELEASED = _one("nothing_is_released_that_may_render")
_SUBMITTED = _one("an_id_is_submitted_once")
_FILES = _one("completed_means_all_files_are_there")

_SUBMIT = ("wire submit_task", "store settle submit_task")

GUARDS: Mapping[str, Guard] = {
    "attempts to submit are counted first": Guard(
        lambda: _without("submits"), _one("attempts_are_counted_first")
    ),
    "an absence is confirmed": Guard(
        lambda: swapped(submit, CONFIRMATIONS=1), _SUBMITTED, hot=_SUBMIT, seed=6
    ),
    "absences are apart in time": Guard(
        lambda: _both(
            swapped(submit, count_absence=_count_at_once),
            swapped(follow, count_absence=_count_at_once),
        ),
        _SUBMITTED | _RELEASED,
        hot=_SUBMIT,
        verbs=("restart a gateway",) * 4,
        seed=10,
    ),
    "an absence is confirmed before a recall gives back": Guard(
        lambda: swapped(follow, CONFIRMATIONS=1),
        _RELEASED,
        verbs=("recall", "restart a gateway"),
        faults=(Fault("gateway-1", "wire submit_task", 1, "late", 35.0),),
        seed=1,
    ),
    "an id is sent twice at most": Guard(
        lambda: swapped(submit, SUBMITS=99), _SUBMITTED, hot=_SUBMIT, seed=45
    ),
    "a submit that was interrupted is asked after": Guard(
        lambda: _steps(submitting=submit.submit), _SUBMITTED, hot=_SUBMIT, seed=6
    ),
    "an unknown outcome is no refusal": Guard(
        _unknown_is_refused,
        _RELEASED,
        faults=(Fault("gateway-1", "wire submit_task", 1, "late", 35.0),),
    ),
    "a submit is not repeated by itself": Guard(
        _everything_is_repeated,
        _SUBMITTED | _one("attempts_are_counted_first"),
        hot=_SUBMIT,
        seed=1,
    ),
    "unknown keeps the claim": Guard(
        lambda: _acts(Local.HELD, {Remote.UNKNOWN: Act.GIVE_BACK}), _RELEASED, seed=8
    ),
    "what waits in the cloud is not given back": Guard(
        lambda: _acts(Local.HELD, {Remote.WAITING: Act.GIVE_BACK}), _RELEASED, seed=7
    ),
    "what is recalled is stopped first": Guard(
        lambda: _acts(
            Local.HELD,
            {Remote.RENDERING: Act.GIVE_BACK, Remote.WAITING: Act.GIVE_BACK},
            Asked.RECALL_ALL,
        ),
        _RELEASED,
        verbs=("recall a task",) * 4,
        seed=2,
    ),
    "a task has failed when nothing of it is at work": Guard(
        lambda: swapped(mirror, _FOLD=(Remote.FAILED, Remote.STOPPED, *mirror._FOLD)),
        _RELEASED,
        shape={"chunk": 3, "fail_frames": {"1": 99}},
        seed=1,
    ),
    "a resumed task is held again": Guard(
        lambda: _acts(Local.RESUMED, dict.fromkeys(Remote, Act.WAIT)),
        _one("resumed_tasks_are_held_again"),
        verbs=("resume the job",),
        shape={"workers": 0, "intensity": 0.0},
        seed=1,
    ),
    "a task is complete with all its files": Guard(
        lambda: swapped(Collected, complete=property(lambda self: self.expected > 0)),
        _FILES,
        seed=1,
    ),
    "a file is whole when its size is steady": Guard(
        lambda: swapped(collect, STEADY_LISTINGS=1), _FILES, shape={"growing_seconds": 25}, seed=13
    ),
    "listings are apart in time": Guard(
        lambda: swapped(listing, _is_apart=lambda *_: True),
        _FILES,
        shape={
            "growing_seconds": 25,
            "listing_lag_seconds": 0,
            "list_sizes": True,
            "nodes": 1,
            "workers": 0,
            "intensity": 0.0,
        },
        verbs=("restart a gateway",) * 10,
    ),
    "only the holder of a lease writes": Guard(
        lambda: swapped(leases, writing=_any_lease_writes),
        _one("only_the_holder_writes"),
        shape={"gateways": 2},
    ),
    "a lease is left alone until it ends": Guard(
        lambda: swapped(leases, take=_taken_at_once),
        _one("leases_are_left_alone"),
        shape={"gateways": 2},
    ),
    "a lease is left alone a while longer": Guard(
        lambda: swapped(leases, take=_taken_without_margin),
        _one("leases_are_left_alone"),
        shape={"gateways": 2},
    ),
    "leases are renewed in time": Guard(
        lambda: swapped(Effects, keep_lease=lambda _: None),
        _one("effects_begin_with_time_left"),
        shape={"gateways": 2},
    ),
    "a task is in one live burst": Guard(
        lambda: _no_unique_index("one_live_burst_per_task"),
        _one("a_task_is_in_one_live_burst"),
        verbs=("order",) * 4,
        hot=("upload",),
        seed=1,
    ),
    "a plan keeps within the budget": Guard(
        lambda: swapped(planning, _keep_within=lambda *_: None),
        _one("budgets_are_kept"),
        shape={"budget": "0.05", "orders": 3},
        seed=1,
    ),
    "effects are intended first": Guard(
        lambda: swapped(Effects, perform=_perform_without_a_word),
        _one("effects_are_intended_first"),
    ),
    "a claim takes only what waits": Guard(
        lambda: swapped(rules, judge_claim=lambda *_: rules.Verdict.ACT),
        _one("only_what_is_ours_is_touched"),
        verbs=("suspend a task",) * 4,
        hot=("upload",),
        seed=1,
    ),
    "an end needs the claim's stamp": Guard(
        lambda: swapped(rules, judge_end=lambda *_, goal: rules.Verdict.ACT),  # noqa: ARG005
        _one("only_what_is_ours_is_touched"),
        verbs=("resume the job",) * 2,
        hot=("farm complete",),
        seed=17,
    ),
    "what the farm could not tell is asked again": Guard(
        _unknown_is_done,
        _one("no_claim_without_a_live_burst") | _one("both_sides_tell_the_same"),
        verbs=("recall a task",) * 2,
        hot=("farm release", "farm complete"),
        seed=2,
    ),
    "what a claim may have taken is let go": Guard(
        lambda: swapped(context.Context, let_go_of_all=_lets_go_of_what_is_recorded),
        _one("no_claim_without_a_live_burst"),
        verbs=("recall",),
        hot=("farm claim", "store settle claim"),
        seed=2,
    ),
    "a stamp under other frames is freed": Guard(
        lambda: swapped(acting, _lose=_lose_with_stamp),
        _one("no_claim_without_a_live_burst"),
        verbs=("change frames",) * 3,
        shape={"workers": 0},
    ),
    "what was charged is noted": Guard(
        lambda: _without("spent"), _one("spending_is_known"), seed=1
    ),
    "pages are read again when counts change": Guard(
        lambda: swapped(tree, _is_stale=lambda ctx, leaf: leaf.id not in ctx.memory.leaves),
        _one("every_burst_ends") | _one("spending_is_known"),
        seed=1,
    ),
}
