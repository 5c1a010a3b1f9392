"""Making the leaves of a task and their frame entries from its plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from renderbus_core.frames import FrameSet
from renderbus_core.simulator.documents import Layer, Plan, Work, first_frames
from renderbus_core.simulator.state import Frame, FrameKind, Task, World
from renderbus_core.statuses import FrameCode, TaskCode

_MERGES = {
    FrameKind.PRIORITY: FrameKind.PRIORITY_MERGE,
    FrameKind.PICTURE: FrameKind.PICTURE_MERGE,
    FrameKind.PHOTON: FrameKind.PHOTON_MERGE,
}


def lay_out(world: World, task: Task, plan: Plan) -> None:
    """Give a task its frames: its own for one layer, those of a child per layer for several."""
    task.plan = plan
    if len(plan.layers) > 1:
        # A shell shows "waiting" to its end, as in the samples; its leaves tell the truth.
        task.status = TaskCode.WAITING
        task.preparation = _preparation(world, task, plan)
        task.children = [_child(world, task) for _ in plan.layers]
    for leaf, layer in zip(task.leaves, plan.layers, strict=True):
        leaf.plan, leaf.layer = plan, layer
        leaf.needs = tuple(task.leaves[place] for place in layer.needs)
        _add_entries(world, leaf, is_copy=False)
        leaf.is_testing = any(frame.is_priority for frame in leaf.frames.values())


def lay_out_again(world: World, task: Task) -> None:
    """Give the leaves of a task, or a leaf, all their frame entries a second time."""
    for leaf in task.kept_leaves:
        _add_entries(world, leaf, is_copy=True)


def _add_entries(world: World, leaf: Task, *, is_copy: bool) -> None:
    plan, layer = leaf.plan, leaf.layer
    assert plan is not None  # noqa: S101 - it was just read
    assert layer is not None  # noqa: S101 - it was just read
    desk = _Desk(world, leaf, plan, layer, is_copy)
    match layer.work:
        case Work.SIMULATION:
            desk.add_simulation()
        case Work.PHOTONS:
            desk.add_photons()
        case Work.PICTURES:
            desk.add_pictures()


def _child(world: World, shell: Task) -> Task:
    return world.add_task(
        Task(
            id=world.next_task_id(),
            owner=shell.owner,
            created_at=shell.created_at,
            user_level=shell.user_level,
            labels=shell.labels,
            artist=shell.artist,
            clone_original_id=shell.clone_original_id,
            parent=shell,
            producer=shell.producer,
            submitted_at=shell.submitted_at,
            plan=shell.plan,
            time_limit=shell.time_limit,
            hardware=shell.hardware,
        )
    )


def _preparation(world: World, shell: Task, plan: Plan) -> Task:
    """Make the task that prepares a shell: one entry, which needs no node of ours.

    The samples' ids leave a number free between a shell and its first child.
    """
    task = _child(world, shell)
    first = plan.layers[0]
    entry = Frame(
        id=world.next_frame_id(),
        task=task,
        plan=plan,
        layer=first,
        frames=FrameSet.of([first.frames.first]),
        kind=FrameKind.PREPARATION,
        status=FrameCode.WAITING,
    )
    world.add_frame(entry)
    return task


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where the entries of one leaf are made."""

    world: World
    leaf: Task
    plan: Plan
    layer: Layer
    is_copy: bool

    def add_simulation(self) -> None:
        """Each frame of a simulation needs the one before, so a machine computes all of them."""
        slices = self.layer.slices
        for block in range(1, slices + 1):
            self._entry(
                self.layer.frames,
                FrameKind.SIMULATION,
                block=block if slices > 1 else 0,
                effort=1 / slices,
            )

    def add_photons(self) -> None:
        """Several photon frames are put together in the end."""
        photons = tuple(
            self._entry(FrameSet.of([frame]), FrameKind.PHOTON) for frame in self.layer.frames
        )
        if len(photons) > 1:
            self._merge(self.layer.frames[:1], photons)

    def add_pictures(self) -> None:
        """Priority frames come first, in the order in which they are named."""
        first = first_frames(self.plan.pre_frames, self.layer.frames)
        for frames, kind in (
            (first, FrameKind.PRIORITY),
            (self.layer.frames - first, FrameKind.PICTURE),
        ):
            for chunk in frames.chunks(self.plan.frames_per_entry):
                for part in _nameable(chunk):
                    self._picture(part, kind)

    def _picture(self, frames: FrameSet, kind: FrameKind) -> None:
        tiles = self.plan.tiles
        if tiles == 1:
            self._entry(frames, kind)
        else:
            parts = tuple(
                self._entry(frames, kind, block=block, effort=1 / tiles)
                for block in range(1, tiles + 1)
            )
            self._merge(frames, parts)
        if self.layer.has_channels:
            self._entry(frames, FrameKind.CHANNEL)

    def _merge(self, frames: FrameSet, parts: tuple[Frame, ...]) -> None:
        merge = self._entry(frames, _MERGES[parts[0].kind], effort=parts[0].effort)
        merge.parts = parts
        for part in parts:
            part.whole = merge

    def _entry(
        self, frames: FrameSet, kind: FrameKind, *, block: int = 0, effort: float = 1.0
    ) -> Frame:
        return self.world.add_frame(
            Frame(
                id=self.world.next_frame_id(),
                task=self.leaf,
                plan=self.plan,
                layer=self.layer,
                frames=frames,
                kind=kind,
                block=block,
                effort=effort,
                is_copy=self.is_copy,
            )
        )


def _nameable(chunk: FrameSet) -> Iterator[FrameSet]:
    """Cut a chunk into what one entry can be called: a frame, or a range that ascends."""
    for run in chunk.ranges:
        if run.step > 0:
            yield FrameSet((run,))
        else:
            yield from (FrameSet.of([frame]) for frame in run)
