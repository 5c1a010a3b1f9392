"""What must hold: at one moment, after every event, and at rest.

Each is a function of its own whose name is the promise. They judge by what the witness saw and by
what the databases and the cloud hold, never by what the engine says of itself.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from burstsim import truth
from burstsim.studio import SETTLE_SECONDS
from renderbus_core.burst.leases import Lease
from renderbus_core.burst.model import BurstState, TaskState
from renderbus_core.jobs import Claim, TaskRef

if TYPE_CHECKING:
    from burstsim.hosts import Host
    from burstsim.witness import Submits
    from burstsim.world import World


class BrokenError(Exception):
    """An invariant does not hold.

    Args:
        invariant: its name.
        sentence: what was seen instead.
    """

    def __init__(self, invariant: str, sentence: str) -> None:
        self.invariant = invariant
        self.sentence = sentence
        super().__init__(f"{invariant}: {sentence}")


_OVER_BURST = tuple(state.value for state in BurstState if state.is_over)
_MARKS = ", ".join("?" * len(_OVER_BURST))
# The host's clock may be set forward while it waits.
_APART = SETTLE_SECONDS - 25
# A task that a person resumed is held again well before this, whoever crashed meanwhile.
_HELD_AGAIN_SECONDS = 420.0

_INTENDED_AT_THE_CLOUD = {
    "create_task": "create_task",
    "submit_task": "submit_task",
    "upload_task_json": "upload_configuration",
    "stop_task": "stop_task",
    "stop_task_frames": "stop_frames",
    "update_task_limit": "limit_machines",
    "full_speed": "full_speed",
}


# At one moment.


def what_changes_the_cloud_was_intended(world: World, host: Host, operation: str) -> None:
    """An effect begins only when the store says that it was about to."""
    wanted = _INTENDED_AT_THE_CLOUD.get(operation)
    if wanted is not None:
        _intended(world, host, wanted)


def what_changes_the_farm_was_intended(world: World, host: Host, name: str, burst: str) -> None:
    """As above, for the farm; what is left of an ended burst is given back by whoever finds it."""
    (row,) = world.store_rows("SELECT state FROM bursts WHERE id = ?", burst)
    if name != "release" or row["state"] not in _OVER_BURST:
        _intended(world, host, name)


def _intended(world: World, host: Host, effect: str) -> None:
    rows = world.store_rows(
        "SELECT id FROM effects WHERE name = ? AND settled_at IS NULL LIMIT 1", effect
    )
    if not rows:
        raise BrokenError("effects_are_intended_first", f"{host.name} did {effect} without a word")


def an_id_is_submitted_once(world: World, remote_id: int, known: Submits) -> None:
    """Once; and once more when the id was absent twice, apart in time, by id and by list."""
    owners = world.store_rows(
        "SELECT id, state, submits FROM bursts WHERE remote_id = ?", remote_id
    )
    name = "an_id_is_submitted_once"
    if len(owners) != 1:
        raise BrokenError(name, f"remote task {remote_id} is submitted for {len(owners)} bursts")
    (burst,) = owners
    if burst["state"] in _OVER_BURST:
        raise BrokenError(name, f"{burst['id']} is {burst['state']} and submits {remote_id}")
    if burst["submits"] < len(known.sent) + 1:
        raise BrokenError(
            "attempts_are_counted_first",
            f"{burst['id']} submits {remote_id} for time {len(known.sent) + 1} and has "
            f"counted {burst['submits']}",
        )
    if not known.sent:
        return
    if len(known.sent) > 1:
        raise BrokenError(name, f"{remote_id} is submitted for time {len(known.sent) + 1}")
    absences = [at for at in known.absences if at - known.sent[-1] >= _APART]
    if len(absences) < 2 or absences[-1] - absences[0] < _APART:
        raise BrokenError(name, f"{remote_id} is submitted again after absences at {absences}")


def only_the_holder_writes(world: World, host: Host, name: str, lease: Lease) -> None:
    """What a process writes after somebody took over is refused."""
    rows = world.store_rows("SELECT owner, epoch FROM leases WHERE name = ?", lease.name)
    if [tuple(row) for row in rows] != [(lease.owner, lease.epoch)]:
        raise BrokenError(
            "only_the_holder_writes",
            f"{host.name} did {name} as {lease.owner} in epoch {lease.epoch}; "
            f"{[tuple(row) for row in rows]} holds {lease.name}",
        )


def leases_are_left_alone(world: World, host: Host, name: str, before: Any) -> None:
    """Nobody takes over before a lease has ended, and what it allowed has had time to end too."""
    (row,) = world.store_rows("SELECT * FROM leases WHERE name = ?", name)
    if before is None or not before["owner"] or before["owner"] == row["owner"]:
        return
    margin = world.studio.config.burst.takeover_seconds
    left = before["expires_at"] / 1e6 + margin - world.clock.now().timestamp()
    if before["expires_at"] and left > 0:
        raise BrokenError(
            "leases_are_left_alone",
            f"{host.name} took over {name} from {before['owner']} {left:.1f} s too early",
        )


def effects_begin_with_time_left(world: World, host: Host, lease: Lease) -> None:
    """An effect begins with half of the lease left, so that it ends before anybody takes over."""
    (row,) = world.store_rows("SELECT * FROM leases WHERE name = ?", lease.name)
    left = row["expires_at"] / 1e6 - world.clock.now().timestamp()
    if left < world.studio.config.burst.lease_seconds / 2 - 1:
        raise BrokenError(
            "effects_begin_with_time_left", f"{host.name} has {left:.1f} s left of {lease.name}"
        )


def only_what_is_ours_is_touched(
    name: str, claim: Claim, ref: TaskRef, before: tuple[str, str | None]
) -> None:
    """The bridge claims what waits, and ends only what it holds."""
    state, holder = before
    if name == "claim":
        fine = state == "queued" and holder in {None, claim.burst}
        fine = fine or (state == "suspended" and holder == claim.burst)
    else:
        fine = holder == claim.burst and state in {"suspended", "queued", "completed", "failed"}
    if not fine:
        raise BrokenError(
            "only_what_is_ours_is_touched",
            f"{name} of task {ref.id} by {claim.burst}, which was {state} and held by {holder}",
        )


def nothing_is_released_that_may_render(
    world: World, claim: Claim, ref: TaskRef, decided: int
) -> None:
    """Local workers get nothing back that the cloud renders or will render by itself.

    What a person set going in the cloud after the decision was theirs.
    """
    world.adapter.catch_up()
    (burst,) = world.store_rows("SELECT remote_id FROM bursts WHERE id = ?", claim.burst)
    remote_id = burst["remote_id"]
    if remote_id is None or world.witness.woken >= decided:
        return
    (task,) = world.store_rows(
        "SELECT frames FROM tasks WHERE burst = ? AND task = ?", claim.burst, ref.id
    )
    held_up = remote_id in world.witness.held_up
    if held_up or truth.may_render(world.cloud, remote_id, truth.frame_set(task["frames"])):
        raise BrokenError(
            "nothing_is_released_that_may_render",
            f"task {ref.id} of {claim.burst} is given back while remote task {remote_id} may "
            "render it",
        )


def completed_means_all_files_are_there(world: World, ref: TaskRef) -> None:
    """A task completes only when each of its pictures is at home, whole, as the cloud made it."""
    for frame in ref.frames:
        picture = world.studio.picture(frame)
        if not picture.is_file():
            found = "is missing"
        elif picture.read_bytes() not in world.witness.painted[frame]:
            found = "is not what the cloud made"
        else:
            continue
        raise BrokenError(
            "completed_means_all_files_are_there",
            f"task {ref.id} completes; {picture.name} {found}",
        )


# After every event.


def no_claim_without_a_live_burst(world: World) -> None:
    """What the farm keeps for a burst, a burst at work answers for.

    What a paused process claims when it goes on is given back by the next sweep: see at rest.
    """
    live = {
        (row["burst"], row["task"])
        for row in world.store_rows(
            f"SELECT burst, task FROM tasks JOIN bursts ON bursts.id = burst "  # noqa: S608 - marks
            f"WHERE live AND bursts.state NOT IN ({_MARKS})",
            *_OVER_BURST,
        )
    }
    held = world.farm_rows(
        "SELECT id, burst FROM tasks WHERE state = 'suspended' AND burst IS NOT NULL"
    )
    for row in held:
        if (row["burst"], row["id"]) not in live | world.witness.belated:
            raise BrokenError(
                "no_claim_without_a_live_burst",
                f"task {row['id']} is held for {row['burst']}, which does not answer for it",
            )


def a_task_is_in_one_live_burst(world: World) -> None:
    """No task is in two bursts at work."""
    rows = world.store_rows(
        "SELECT task, count(*) AS n FROM tasks WHERE live GROUP BY farm, job, task HAVING n > 1"
    )
    for row in rows:
        raise BrokenError("a_task_is_in_one_live_burst", f"task {row['task']} is in {row['n']}")


def budgets_are_kept(world: World) -> None:
    """What bursts at work may cost and those that ended did cost was within the budget."""
    budget = world.case.shape["budget"]
    if not budget:
        return
    rows = world.store_rows("SELECT id, state, estimate, spent, created_at FROM bursts")
    promised = sum(
        (Decimal(row["estimate"] or 0) for row in rows if row["state"] not in _OVER_BURST),
        start=Decimal(0),
    )
    if promised > Decimal(budget):
        raise BrokenError("budgets_are_kept", f"{promised} of {budget} is promised")


def an_ended_burst_holds_nothing(world: World) -> None:
    """A burst that is over has no open task."""
    rows = world.store_rows(
        f"SELECT burst, task, tasks.state FROM tasks JOIN bursts ON bursts.id = burst "  # noqa: S608 - marks
        f"WHERE bursts.state IN ({_MARKS}) AND live",
        *_OVER_BURST,
    )
    for row in rows:
        raise BrokenError(
            "an_ended_burst_holds_nothing", f"{row['burst']} is over, task {row['task']} is open"
        )


def epochs_only_rise(world: World) -> None:
    """Epochs never fall, and a burst's remote id never changes."""
    before = world.remembered
    for row in world.store_rows("SELECT name, epoch FROM leases"):
        _rises(before, f"the epoch of {row['name']}", row["epoch"])
    for row in world.store_rows("SELECT id, claim_epoch, remote_id FROM bursts"):
        _rises(before, f"the claim of {row['id']}", row["claim_epoch"])
        known = before.setdefault(f"the remote id of {row['id']}", row["remote_id"])
        if known is None:
            before[f"the remote id of {row['id']}"] = row["remote_id"]
        elif known != row["remote_id"]:
            raise BrokenError("epochs_only_rise", f"{row['id']} was {known}, is {row['remote_id']}")


def _rises(before: dict[str, Any], what: str, now: int) -> None:
    if now < before.get(what, 0):
        raise BrokenError("epochs_only_rise", f"{what} was {before[what]} and is {now}")
    before[what] = now


def a_frame_is_in_one_remote_task(world: World) -> None:
    """No frame is at work in the cloud for two bursts at once, but by a person's doing."""
    at_work: dict[int, int] = {}
    for row in world.store_rows("SELECT id, remote_id FROM bursts WHERE remote_id IS NOT NULL"):
        task = truth.root(world.cloud, row["remote_id"])
        if (
            task is None
            or task.deleted
            or world.witness.woken >= world.witness.ended.get(row["id"], world.moment + 1)
        ):
            continue
        for entry in truth.entries(task):
            for frame in entry.frames if not entry.is_over else ():
                if at_work.setdefault(frame, row["remote_id"]) != row["remote_id"]:
                    raise BrokenError(
                        "a_frame_is_in_one_remote_task",
                        f"frame {frame} is at work in {at_work[frame]} and {row['remote_id']}",
                    )


def resumed_tasks_are_held_again(world: World) -> None:
    """A resumed task that the cloud has does not stay with the local workers for long."""
    live = world.store_rows(
        "SELECT task, burst FROM tasks WHERE live AND state IN ('sent', 'done_remote')"
    )
    burst_of = {row["task"]: row["burst"] for row in live}
    since = world.witness.resumed_since
    loose = {
        row["id"]
        for row in world.farm_rows(
            "SELECT id, burst FROM tasks WHERE state = 'queued' AND burst IS NOT NULL"
        )
        if burst_of.get(row["id"]) == row["burst"]
    }
    for task in [task for task in since if task not in loose]:
        del since[task]
    for task in sorted(loose):
        if world.seconds - since.setdefault(task, world.seconds) > _HELD_AGAIN_SECONDS:
            raise BrokenError("resumed_tasks_are_held_again", f"task {task} waits for workers")


AFTER_EVERY_EVENT: tuple[Callable[[World], None], ...] = (
    no_claim_without_a_live_burst,
    a_task_is_in_one_live_burst,
    budgets_are_kept,
    an_ended_burst_holds_nothing,
    epochs_only_rise,
    a_frame_is_in_one_remote_task,
    resumed_tasks_are_held_again,
)


# At rest: no fault strikes any more, everybody had time, and local workers took what waits.


def every_burst_ends(world: World) -> None:
    """Everything that was begun comes to its end."""
    rows = world.store_rows(
        f"SELECT id, state, reason FROM bursts WHERE state NOT IN ({_MARKS})",  # noqa: S608 - marks
        *_OVER_BURST,
    )
    for row in rows:
        raise BrokenError("every_burst_ends", f"{row['id']} is {row['state']}: {row['reason']}")


def every_end_has_a_reason(world: World) -> None:
    """People can read why each task left its burst."""
    for row in world.store_rows("SELECT burst, task, state, reason FROM tasks"):
        if row["state"] != TaskState.WANTED.value and not row["reason"]:
            raise BrokenError(
                "every_end_has_a_reason", f"task {row['task']} is {row['state']}, nobody knows why"
            )


def every_task_completes_or_is_back(world: World) -> None:
    """Each task is complete with its pictures, or where people or its own failures put it."""
    by_person = world.witness.by_person
    for row in world.farm_rows("SELECT id, state, burst, frames FROM tasks"):
        fine = row["state"] in {"completed", "failed"} or (
            row["state"] == "suspended" and row["burst"] is None
        )
        if not fine:
            raise BrokenError(
                "every_task_completes_or_is_back",
                f"task {row['id']} is {row['state']}, held by {row['burst']}",
            )
        if row["state"] == "completed" and row["id"] not in by_person:
            for frame in truth.frame_set(row["frames"]):
                if not world.studio.picture(frame).is_file():
                    raise BrokenError(
                        "every_task_completes_or_is_back",
                        f"task {row['id']} is complete without frame {frame}",
                    )


def both_sides_tell_the_same(world: World) -> None:
    """What the store calls completed, the farm completed for that burst, exactly once."""
    completed = (
        "SELECT burst, task FROM tasks JOIN bursts ON bursts.id = tasks.burst "
        "WHERE tasks.state = 'completed' AND kind = 'work'"
    )
    for row in world.store_rows(completed):
        times = world.farm_rows(
            "SELECT count(*) AS n FROM events WHERE task = ? AND who = ? AND after = 'completed'",
            row["task"],
            row["burst"],
        )[0]["n"]
        if times != 1:
            raise BrokenError(
                "both_sides_tell_the_same",
                f"the farm completed task {row['task']} for {row['burst']} {times} times",
            )


def probes_leave_the_farm_alone(world: World) -> None:
    """A probe never changes a task, and one that came home has said what came of it."""
    probes = "SELECT id, state FROM bursts WHERE kind = 'probe'"
    said = {row["burst"] for row in world.store_rows("SELECT burst FROM probes")}
    for row in world.store_rows(probes):
        changed = world.farm_rows(
            "SELECT count(*) AS n FROM events WHERE who = ? AND task <> ''", row["id"]
        )[0]["n"]
        if changed:
            raise BrokenError(
                "probes_leave_the_farm_alone", f"probe {row['id']} changed {changed} tasks"
            )
        home = world.store_rows(
            "SELECT count(*) AS n FROM tasks WHERE burst = ? AND state = 'completed'", row["id"]
        )[0]["n"]
        if bool(home) is not (row["id"] in said):
            raise BrokenError(
                "probes_leave_the_farm_alone",
                f"probe {row['id']} has {home} frames at home and {len(said)} answers are known",
            )


def nothing_is_left_in_the_cloud(world: World) -> None:
    """No remote task of an ended burst renders, but what a person set going afterwards."""
    for row in world.store_rows("SELECT id, remote_id FROM bursts WHERE remote_id IS NOT NULL"):
        if _was_woken(world, row["id"]):
            continue
        if truth.is_at_work(world.cloud, row["remote_id"]):
            raise BrokenError(
                "nothing_is_left_in_the_cloud", f"remote task {row['remote_id']} is still at work"
            )


def spending_is_known(world: World) -> None:
    """What a burst cost is what the cloud charged for it."""
    for row in world.store_rows("SELECT id, remote_id, spent FROM bursts"):
        task = row["remote_id"] and truth.root(world.cloud, row["remote_id"])
        if not task or _was_woken(world, row["id"]):
            continue
        charged = sum((leaf.fee.total for leaf in task.leaves), start=Decimal(0))
        if abs(charged - Decimal(row["spent"])) > Decimal("0.001"):
            raise BrokenError(
                "spending_is_known", f"{row['id']} cost {charged:.4f} and says {row['spent']}"
            )


def _was_woken(world: World, burst: str) -> bool:
    return world.witness.woken >= world.witness.ended.get(burst, world.moment)


AT_REST: tuple[Callable[[World], None], ...] = (
    every_burst_ends,
    every_end_has_a_reason,
    both_sides_tell_the_same,
    probes_leave_the_farm_alone,
    nothing_is_left_in_the_cloud,
    spending_is_known,
    every_task_completes_or_is_back,
)
