"""What people do meanwhile: at the farm, at the bridge, and on the vendor's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from renderbus_core.burst import Order
from renderbus_core.burst.model import Asked
from renderbus_core.burst.store import Route
from renderbus_core.errors import CloudError, FarmError, StoreError
from renderbus_core.jobs import LocalState, LocalTask
from renderbus_core.statuses import FrameCode

if TYPE_CHECKING:
    from burstsim.world import World

REFUSED = (FarmError, StoreError, CloudError)


@dataclass(frozen=True, slots=True)
class Verb:
    """Something a person can do.

    Args:
        do: does it to whatever the pick chooses; returns what it did, "" for nothing.
        weight: how often it is done, compared with others.
        wakes_the_cloud: whether stopped work in the cloud may go on because of it.
    """

    do: Callable[[World, int], str]
    weight: float = 1.0
    wakes_the_cloud: bool = False


def act(world: World, verb: str, pick: int) -> None:
    """Let a person do something; what is refused is as good as not done."""
    known = VERBS[verb]
    if known.wakes_the_cloud:
        world.witness.cloud_woken()
    try:
        done = known.do(world, pick)
    except REFUSED as error:
        done = f"refused ({type(error).__name__})"
    world.trace.note("person", f"{verb}: {done or 'nothing to do it to'}")


def _task(world: World, pick: int) -> LocalTask | None:
    tasks = world.tasks()
    return tasks[pick % len(tasks)] if tasks else None


def _at_the_farm(name: str) -> Callable[[World, int], str]:
    def do(world: World, pick: int) -> str:
        task = _task(world, pick)
        if task is None:
            return ""
        changed = getattr(world.farm, name)(world.job, [task.ref.id])
        return f"task {task.ref.id}" if changed else ""

    return do


def _resume_all(world: World, pick: int) -> str:
    del pick
    return ",".join(world.farm.resume_tasks(world.job))


def _delete_job(world: World, pick: int) -> str:
    del pick
    world.farm.delete_job(world.job)
    return world.job


def _set_priority(world: World, pick: int) -> str:
    world.farm.set_priority(world.job, pick % 101)
    return str(pick % 101)


def _complete(world: World, pick: int) -> str:
    """Mark a task as complete, as Deadline lets people do; the embedded farm has no such door."""
    task = _task(world, pick)
    if task is None:
        return ""
    world.witness.completed_by_person(task.ref.id)
    world.change_farm("UPDATE tasks SET state = 'completed', worker = 'person' WHERE id = ?", task)
    return f"task {task.ref.id}"


def _change_frames(world: World, pick: int) -> str:
    """Give a task other frames under the same id, as Deadline lets people do."""
    task = _task(world, pick)
    if task is None or task.state in {LocalState.COMPLETED, LocalState.RENDERING}:
        return ""
    world.change_farm(f"UPDATE tasks SET frames = '{900 + pick}' WHERE id = ?", task)  # noqa: S608
    return f"task {task.ref.id}"


def _burst(world: World, pick: int) -> str | None:
    live = world.store.live("local")
    return live[pick % len(live)].id if live else None


def _recall(world: World, pick: int) -> str:
    burst = _burst(world, pick)
    if burst is None:
        return ""
    world.store.ask_recall(burst, "wanted here", world.clock.now())
    return burst


def _recall_task(asked: Asked) -> Callable[[World, int], str]:
    def do(world: World, pick: int) -> str:
        burst = _burst(world, pick)
        if burst is None:
            return ""
        tasks = world.store.burst(burst).open_tasks
        if not tasks:
            return ""
        ref = tasks[pick % len(tasks)].ref
        world.store.ask(burst, asked, "wanted here", world.clock.now(), tasks=[ref.id])
        return f"task {ref.id} of {burst}"

    return do


def _order(world: World, pick: int) -> str:
    """Send what is queued now, or one task of it."""
    waiting = [task.ref for task in world.tasks() if task.state.value == "queued"]
    if not waiting:
        return ""
    some = waiting if pick % 2 else [waiting[pick % len(waiting)]]
    return world.order(Order("local", world.job, tuple(some), "a person", world.estimate(some)))


def _drain(world: World, pick: int) -> str:
    drained = bool(pick % 2)
    now = world.clock.now()
    world.store.set_route(Route("local", drained, "service", "wrangler", now))
    return "on" if drained else "off"


def _remote(world: World, pick: int) -> int | None:
    ids = world.remote_ids()
    return ids[pick % len(ids)] if ids else None


def _at_the_cloud(group: str, name: str) -> Callable[[World, int], str]:
    def do(world: World, pick: int) -> str:
        remote = _remote(world, pick)
        if remote is None:
            return ""
        getattr(getattr(world.page, group), name)([remote])
        return f"remote task {remote}"

    return do


def _frame_of(world: World, pick: int) -> tuple[int, int] | None:
    frames = [(leaf, frame) for leaf, frame in world.remote_frames()]
    return frames[pick % len(frames)] if frames else None


def _stop_frame(world: World, pick: int) -> str:
    found = _frame_of(world, pick)
    if found is None:
        return ""
    world.page.query.stop_frame(found[0], ids=[found[1]])
    return f"frame {found[1]}"


def _restart_frame(world: World, pick: int) -> str:
    found = _frame_of(world, pick)
    if found is None:
        return ""
    world.page.query.restart_frame(found[0], ids=[found[1]])
    return f"frame {found[1]}"


def _swap_frames(world: World, pick: int) -> str:
    """Stop one frame and set another going that was stopped: every count stays as it was."""
    stopped = world.remote_frames(FrameCode.ABORTED)
    moving = world.remote_frames(FrameCode.STARTED, FrameCode.WAITING)
    if not stopped or not moving:
        return ""
    leaf, frame = stopped[pick % len(stopped)]
    other_leaf, other = moving[pick % len(moving)]
    world.page.query.restart_frame(leaf, ids=[frame])
    world.page.query.stop_frame(other_leaf, ids=[other])
    return f"frames {frame}, {other}"


def _restart_gateway(world: World, pick: int) -> str:
    return world.restart_host(pick)


def _pay(world: World, pick: int) -> str:
    del pick
    return world.pay(Decimal(100))


def _spend(world: World, pick: int) -> str:
    del pick
    return world.pay(-world.balance())


def _set_nodes(world: World, pick: int) -> str:
    world.cloud.set_nodes(1 + pick % 4, world.time.now())
    return str(1 + pick % 4)


def _stick(world: World, pick: int) -> str:
    frames = [1 + pick % 6] if pick % 2 else []
    world.cloud.stick(frames, world.time.now())
    return str(frames)


def _set_speed(world: World, pick: int) -> str:
    world.cloud.set_speed(1 + pick % 3, world.time.now())
    return str(1 + pick % 3)


def _set_clock(world: World, pick: int) -> str:
    world.clock.set_wrong((pick % 21) - 10)
    return f"{(pick % 21) - 10} s"


def _save_scene(world: World, pick: int) -> str:
    """Save the scene once more, changed: what was uploaded is no longer what is on the disk."""
    scene = world.studio.folder / "shot.ma"
    scene.write_text(scene.read_text() + f"// saved again, {pick}\n")
    return "shot.ma"


VERBS: Mapping[str, Verb] = {
    "resume a task": Verb(_at_the_farm("resume_tasks"), 3),
    "resume the job": Verb(_resume_all, 2),
    "suspend a task": Verb(_at_the_farm("suspend_tasks")),
    "requeue a task": Verb(_at_the_farm("requeue_tasks"), 2),
    "retry a task": Verb(_at_the_farm("retry_tasks")),
    "delete the job": Verb(_delete_job, 0.5),
    "set the priority": Verb(_set_priority, 0.3),
    "complete a task": Verb(_complete, 1.5),
    "change frames": Verb(_change_frames, 1.5),
    "recall": Verb(_recall, 3),
    "recall a task": Verb(_recall_task(Asked.RECALL_ALL), 2),
    "recall a waiting task": Verb(_recall_task(Asked.RECALL_WAITING), 1.5),
    "restart a gateway": Verb(_restart_gateway, 2),
    "order": Verb(_order, 3),
    "drain": Verb(_drain, 0.3),
    "save the scene": Verb(_save_scene, 0.5),
    "stop the remote task": Verb(_at_the_cloud("task", "stop_task"), 2),
    "start the remote task": Verb(_at_the_cloud("task", "start_task"), 2, wakes_the_cloud=True),
    "abort the remote task": Verb(_at_the_cloud("task", "abort_task")),
    "delete the remote task": Verb(_at_the_cloud("task", "delete_task")),
    "restart failed frames": Verb(
        _at_the_cloud("query", "restart_failed_frames"), wakes_the_cloud=True
    ),
    "stop a frame": Verb(_stop_frame, 2),
    "restart a frame": Verb(_restart_frame, 2, wakes_the_cloud=True),
    "swap frames": Verb(_swap_frames, 2, wakes_the_cloud=True),
    "pay": Verb(_pay, 1, wakes_the_cloud=True),
    "spend": Verb(_spend),
    "change the machines": Verb(_set_nodes, 0.5),
    "stick frames": Verb(_stick, 0.5),
    "change the speed": Verb(_set_speed, 0.5),
    "set the clock": Verb(_set_clock),
}
