"""Whatever is done to tasks, and however time passes: what must hold at every moment."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from renderbus_core.config import Secret
from renderbus_core.simulator import Account, RenderFrame, SecondSubmit, Settings, fees, life
from renderbus_core.simulator.handlers import HANDLERS, Call
from renderbus_core.simulator.protocol import Refusal
from renderbus_core.simulator.state import FrameKind, World
from renderbus_core.statuses import FrameCode, TaskCode, task_status

MAIN = Account(
    "MAIN",
    Secret("k"),
    user_id=1,
    balance=Decimal(60),
    credit=Decimal(5),
    coupon=Decimal(7),
)
SUB = Account("SUB", Secret("k"), user_id=2, main=1, shares_capital=True)
NODES = 3
NEARLY_NOTHING = Decimal("0.001")


def a_task(cg_id, scene, render, **info):
    return json.dumps(
        {
            "software_config": {"cg_name": "any", "cg_version": "1", "plugins": {}},
            "task_info": {
                "cg_id": cg_id,
                "channel": "4",
                "input_cg_file": scene,
                "os_name": "1",
                "platform": "62",
                "pre_frames": "000",
                "job_stop_time": "300",
            }
            | info,
            "scene_info_render": render,
        }
    )


def max_scene(frames, **renderer):
    return {"common": {"frames": frames}, "renderer": renderer}


def node(frames, option, **more):
    return {"node": "/out/a", "frames": frames, "option": option, "render": "1"} | more


TASKS = {
    "plain": a_task("2003", "/a.ass", {"common": {"frames": "1-5[1]"}}),
    "test": a_task(
        "2003",
        "/a.ass",
        {"common": {"frames": "1-5[1]"}},
        pre_frames="101",
        stop_after_test="1",
        task_stop_time="400",
    ),
    "tiles": a_task(
        "2001",
        "/a.max",
        max_scene("1-2[1]", gi="1", gi_frames="1-2[1]"),
        tiles="3",
        pre_frames="100",
    ),
    "simulation": a_task(
        "2004",
        "/a.hip",
        {
            "distributedsim_node": [node("1-4[1]", "1", num_slices="2")],
            "rop_node": [node("1-2[1]", "-1"), node("2-3[1]", "-1")],
        },
    ),
}


class Everything:
    """A storage in which everything is."""

    def exists(self, _storage, _path):
        return True


class History(RuleBasedStateMachine):
    """A world to which things happen in any order."""

    def __init__(self):
        super().__init__()
        self.world = World.new(
            Settings(
                accounts=(MAIN, SUB),
                nodes=NODES,
                price_per_hour=Decimal(360),
                fail_frames={2: 2},
                second_submit=SecondSubmit.CHARGE,
            )
        )
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.holds_pictures = False
        self.held = []
        self.tasks = []
        self.recommits = {}
        self.deleted = {}

    def call(self, operation, **body):
        events = []
        account = MAIN
        try:
            data = HANDLERS[operation](Call(self.world, account, body, self.now, events))
        except Refusal:
            return None
        events += life.start_waiting(self.world, self.now)
        self.render(events)
        return data

    def render(self, events):
        for event in events:
            if isinstance(event, RenderFrame):
                self.held.append(event.frame_id)
        if not self.holds_pictures:
            for frame_id in self.held:
                life.deliver(self.world, frame_id, {}, self.now)
            self.held = []

    def known(self, number):
        return self.tasks[number % len(self.tasks)]

    @rule(kind=st.sampled_from(sorted(TASKS)))
    def submit(self, kind):
        (task_id,) = self.call("create_task", count=1, taskUserLevel=50)["taskIdList"]
        texts = {"task.json": TASKS[kind], "upload.json": '{"asset": []}'}
        for name, text in texts.items():
            self.call("upload_task_json", taskId=task_id, fileName=name, content=text)
        self.call("submit_task", taskId=task_id)
        if self.world.tasks[task_id].submitted_at:
            self.tasks.append(task_id)

    @rule(seconds=st.sampled_from([1, 17, 25, 60, 60, 200, 500]))
    def wait(self, seconds):
        until = self.now + timedelta(seconds=seconds)
        while (due := life.next_moment(self.world)) is not None and due <= until:
            self.now = max(self.now, due)
            self.render(life.pass_time(self.world, Everything(), self.now))
        self.now = until
        self.render(life.pass_time(self.world, Everything(), self.now))

    @precondition(lambda self: self.tasks)
    @rule(
        operation=st.sampled_from(
            [
                "stop_task",
                "start_task",
                "abort_task",
                "full_speed",
                "restart_failed_frames",
                "delete_task",
            ]
        ),
        number=st.integers(0, 9),
        leaf=st.booleans(),
    )
    def operate(self, operation, number, leaf):
        task = self.world.tasks[self.known(number)]
        chosen = task.leaves[number % len(task.leaves)] if leaf else task
        self.call(operation, taskIds=[chosen.id])
        if operation == "delete_task":
            self.deleted.setdefault(chosen.id, self.picture_of(chosen))

    @precondition(lambda self: self.world.frames)
    @rule(
        operation=st.sampled_from(["stop_task_frames", "restart_frame"]),
        number=st.integers(0, 200),
    )
    def operate_on_a_frame(self, operation, number):
        frames = [f for f in self.world.frames.values() if f.kind is not FrameKind.PREPARATION]
        frame = frames[number % len(frames)]
        self.call(operation, taskId=frame.task.id, ids=[frame.id], selectAll=0)

    @precondition(lambda self: self.tasks)
    @rule(number=st.integers(0, 9))
    def submit_again(self, number):
        self.call("submit_task", taskId=self.known(number))

    @precondition(lambda self: self.tasks)
    @rule(number=st.integers(0, 9), seconds=st.sampled_from([1, 50, 10_000]))
    def limit_time(self, number, seconds):
        self.call("set_task_overtime_stop", taskIds=[self.known(number)], overTime=seconds)

    @rule(amount=st.integers(1, 30))
    def pay(self, amount):
        self.world.accounts[MAIN.user_id].paid_in += amount

    @rule(holds=st.booleans())
    def hold_pictures(self, holds):
        self.holds_pictures = holds
        self.render([])

    @rule(numbers=st.sets(st.integers(1, 3), max_size=1))
    def stick(self, numbers):
        life.stick(self.world, numbers)

    @staticmethod
    def picture_of(task):
        return [
            (leaf.status, leaf.fee, frame.id, frame.status, frame.recommits)
            for leaf in task.leaves
            for frame in leaf.frames.values()
        ]

    @invariant()
    def counts_add_up(self):
        for task in self.world.tasks.values():
            assert sum(task.counts.values()) == len(task.frames)
            assert min(task.counts.values(), default=0) >= 0
            assert task.open_frames == sum(not frame.is_over for frame in task.frames.values())
            urgent = [frame for frame in task.frames.values() if frame.is_priority]
            assert task.open_priority_frames == sum(not frame.is_over for frame in urgent)

    @invariant()
    def frames_belong_to_leaves(self):
        for frame in self.world.frames.values():
            assert frame.task.frames[frame.id] is frame
            assert not frame.task.children
        assert sum(len(task.frames) for task in self.world.tasks.values()) == len(self.world.frames)

    @invariant()
    def what_renders_has_a_node(self):
        world = self.world
        for frame in world.frames.values():
            if frame.kind is not FrameKind.PREPARATION:
                assert (frame.status is FrameCode.STARTED) == (frame.id in world.runs)
        used = [run.frame.node for run in world.runs.values()]
        assert len({*used, *world.nodes}) == len(used) + len(world.nodes) == NODES

    @invariant()
    def what_may_render_is_in_the_queue(self):
        for frame in self.world.frames.values():
            if frame.status is FrameCode.WAITING and frame.kind is not FrameKind.PREPARATION:
                assert frame in frame.task.waiting
                assert frame.task.gate is None
                assert all(part.status is FrameCode.DONE for part in frame.parts)

    @invariant()
    def leaves_are_what_their_frames_are(self):
        for task in self.world.tasks.values():
            if task.children or task.work is None:
                continue
            assert (task.id in self.world.rendering) == (task.status is TaskCode.RENDERING)
            if task_status(task.status).is_terminal:
                assert task.open_frames == 0
            elif task.gate is None:
                assert task.open_frames > 0
            if task.status is TaskCode.FINISHED:
                assert set(task.counts.elements()) == {FrameCode.DONE}

    @invariant()
    def every_render_is_paid_once(self):
        spent = self.world.spent.get(MAIN.user_id, fees.NO_FEE)
        assert set(self.world.spent) <= {MAIN.user_id}
        by_task = fees.sum_of(task.fee for task in self.world.tasks.values())
        by_frame = fees.sum_of(frame.fee for frame in self.world.frames.values())
        assert abs(spent.total - by_task.total) < NEARLY_NOTHING
        assert abs(spent.total - by_frame.total) < NEARLY_NOTHING

    @invariant()
    def nobody_owes_more_than_the_credit(self):
        assert fees.coupon(self.world, MAIN) >= 0
        assert fees.balance(self.world, MAIN) >= -MAIN.credit - NEARLY_NOTHING

    @invariant()
    def recommits_never_fall(self):
        for frame in self.world.frames.values():
            assert frame.recommits >= self.recommits.get(frame.id, 0)
            self.recommits[frame.id] = frame.recommits

    @invariant()
    def nothing_moves_after_its_deletion(self):
        for task_id, picture in self.deleted.items():
            assert self.picture_of(self.world.tasks[task_id]) == picture

    @invariant()
    def the_past_is_over(self):
        due = life.next_moment(self.world)
        assert due is None or self.world.passed is None or due >= self.world.passed


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
