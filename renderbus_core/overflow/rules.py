"""Rules that every job, or the whole queue, must pass before anything leaves on its own.

Each says what it found with its numbers, whether it passed or not: people read the same words
when a job leaves and when it stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from renderbus_core.config import OverflowPolicy
from renderbus_core.jobs import CloudWish, JobRow
from renderbus_core.overflow import windows
from renderbus_core.overflow.traits import TRAITS
from renderbus_core.overflow.values import History, Weighed


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule for a job looks at."""

    row: JobRow
    policy: OverflowPolicy
    now: datetime


Rule = Callable[[Case], tuple[bool, str]]


def _queue(case: Case) -> tuple[bool, str]:
    count = case.row.queued
    return (True, f"{count} tasks wait") if count else (False, "no task of it is waiting")


def _sendable(case: Case) -> tuple[bool, str]:
    refusal = case.row.job.refusal
    return (False, f"it cannot be sent: {refusal}") if refusal else (True, "it can be sent")


def _outputs(case: Case) -> tuple[bool, str]:
    count = len(case.row.job.outputs)
    if not count:
        return False, "the job declares no outputs, so nothing could be brought home"
    return True, f"outputs it declares: {count}"


def _program(case: Case) -> tuple[bool, str]:
    dcc, sent = case.row.job.dcc, case.policy.dccs
    if sent and dcc not in sent:
        return False, f"{dcc} jobs stay local: the policy sends {', '.join(sent)}"
    return True, f"{dcc} jobs may leave"


def _user(case: Case) -> tuple[bool, str]:
    user, sent = case.row.job.user, case.policy.users
    if sent and user not in sent:
        return False, f"jobs of {user} stay local: the policy sends those of {', '.join(sent)}"
    return True, f"jobs of {user} may leave"


def _project(case: Case) -> tuple[bool, str]:
    project, sent = case.row.job.project, case.policy.projects
    name = f"project {project}" if project else "no project"
    if sent and project not in sent:
        return False, f"jobs of {name} stay local: the policy sends {', '.join(sent)}"
    return True, f"jobs of {name} may leave"


def _department(case: Case) -> tuple[bool, str]:
    department, sent = case.row.job.department, case.policy.departments
    name = f"department {department}" if department else "no department"
    if sent and department not in sent:
        return False, f"jobs of {name} stay local: the policy sends {', '.join(sent)}"
    return True, f"jobs of {name} may leave"


def _pool(case: Case) -> tuple[bool, str]:
    return _one_of("pool", case.row.job.pools, case.policy.pools)


def _group(case: Case) -> tuple[bool, str]:
    return _one_of("group", case.row.job.groups, case.policy.groups)


def _one_of(kind: str, own: tuple[str, ...], sent: tuple[str, ...]) -> tuple[bool, str]:
    name = f"{kind} {' or '.join(own)}" if own else f"no {kind}"
    if sent and set(own).isdisjoint(sent):
        return False, f"jobs of {name} stay local: the policy sends {', '.join(sent)}"
    return True, f"jobs of {name} may leave"


def _wish(case: Case) -> tuple[bool, str]:
    wish = case.row.job.cloud
    if wish is CloudWish.REFUSED:
        return False, "people said that it stays local (its cloud key)"
    if wish is CloudWish.UNSAID and case.policy.opt_in:
        return False, "nobody said that it may leave (its cloud key), and the policy asks for it"
    return True, "people allow it" if wish is CloudWish.ALLOWED else "nobody is against it"


def _traits(case: Case) -> tuple[bool, str]:
    against = [name for name in case.row.traits if name not in case.policy.waive]
    if against:
        return False, "; ".join(_why_against(name) for name in against)
    if case.row.traits:
        return True, f"waived (overflow.waive): {', '.join(case.row.traits)}"
    return True, "nothing in it is against the cloud"


def _why_against(name: str) -> str:
    trait = TRAITS.get(name)
    if trait is None:
        return f"the farm calls it {name!r}, which this release does not know"
    return f"{trait.why} (overflow.waive: {name})" if trait.may_be_waived else trait.why


def _workers(case: Case) -> tuple[bool, str]:
    waits_for = case.row.waits_for
    if waits_for:
        return False, f"its tasks wait for something that more workers do not help: {waits_for}"
    return True, "its tasks wait for workers"


def _wait(case: Case) -> tuple[bool, str]:
    # A submitting host whose clock runs ahead must not hold its jobs back.
    waited = max(0.0, (case.now - case.row.job.submitted_at).total_seconds())
    least = case.policy.minimum_wait_seconds
    return waited >= least, f"it has waited {waited:.0f} s of {least:.0f} s"


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "queue": _queue,
        "sendable": _sendable,
        "outputs": _outputs,
        "program": _program,
        "user": _user,
        "project": _project,
        "department": _department,
        "pool": _pool,
        "group": _group,
        "wish": _wish,
        "traits": _traits,
        "workers": _workers,
        "wait": _wait,
    }
)
"""Rules that a row alone answers, by their names."""


def weigh_row(row: JobRow, policy: OverflowPolicy, now: datetime) -> tuple[Weighed, ...]:
    """Ask every rule that a row alone answers.

    Args:
        row: of the job.
        policy: of the farm.
        now: UTC.
    """
    case = Case(row, policy, now)
    return tuple(Weighed(name, *rule(case)) for name, rule in RULES.items())


def may_leave(row: JobRow, policy: OverflowPolicy, now: datetime) -> bool:
    """Tell whether no rule that a row alone answers keeps a job here."""
    case = Case(row, policy, now)
    return all(rule(case)[0] for rule in RULES.values())


def weigh_history(row: JobRow, history: History, *, is_late: bool) -> tuple[Weighed, ...]:
    """Ask what earlier bursts of a job say.

    Args:
        row: of the job.
        history: of bursts.
        is_late: whether it would miss its deadline as things stand.
    """
    job = row.job.id
    if job in history.live and is_late:
        # What is in the cloud already counts as done there: what is late is what is left here.
        why = "a part of it is in the cloud already, and the rest would be late"
        yet = Weighed("one burst", True, why)
    elif job in history.live:
        yet = Weighed("one burst", False, "a part of it is in the cloud already")
    else:
        yet = Weighed("one burst", True, "no part of it is in the cloud")
    if job in history.refused:
        why = f"its last burst was refused, so a person must send it: {history.refused[job]}"
        return yet, Weighed("refused before", False, why)
    return yet, Weighed("refused before", True, "no burst of it was refused")


def weigh_route(policy: OverflowPolicy, history: History, now: datetime) -> tuple[Weighed, ...]:
    """Ask what keeps the whole automatic route: its switch, windows, pauses and failures.

    Args:
        policy: of the farm.
        history: of bursts.
        now: UTC.
    """
    return (
        _switch(policy),
        _window(policy, now),
        _pause(policy, history, now),
        _failures(policy, history),
        _idle(policy, history),
    )


def _switch(policy: OverflowPolicy) -> Weighed:
    if policy.enabled:
        return Weighed("switch", True, "automatic bursting is switched on")
    return Weighed("switch", False, "automatic bursting is switched off (overflow.enabled)")


def _window(policy: OverflowPolicy, now: datetime) -> Weighed:
    if not policy.windows:
        return Weighed("window", True, "bursts may begin at any time")
    words = f"{', '.join(policy.windows)} ({policy.time_zone})"
    if windows.is_open(policy.windows, policy.time_zone, now):
        return Weighed("window", True, f"bursts may begin now: {words}")
    return Weighed("window", False, f"bursts begin on their own only at {words}")


def _pause(policy: OverflowPolicy, history: History, now: datetime) -> Weighed:
    last, pause = history.last_began_at, policy.cooldown_seconds
    if last is None or not pause:
        return Weighed("pause", True, "no pause after an earlier burst")
    ago = (now - last).total_seconds()
    words = f"the last burst began {ago:.0f} s ago, and {pause:.0f} s lie between two rounds"
    return Weighed("pause", ago >= pause, words)


def _failures(policy: OverflowPolicy, history: History) -> Weighed:
    failed, most = history.failures_in_a_row, policy.failures_in_a_row
    if most and failed >= most:
        why = (
            f"the last {failed} bursts failed, {most} are the most allowed: a person must look, "
            "and send one that succeeds"
        )
        return Weighed("failures", False, why)
    return Weighed("failures", True, f"{failed} of the last bursts failed in a row")


def _idle(policy: OverflowPolicy, history: History) -> Weighed:
    waiting = sum(len(one.tasks) for one in history.waiting)
    most = policy.max_idle_remote
    words = f"{waiting} tasks wait in the cloud for a machine"
    if most and waiting > most:
        return Weighed("cloud queue", False, f"{words}, {most} are the most allowed")
    return Weighed("cloud queue", True, words)
