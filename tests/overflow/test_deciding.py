"""The overflow policy: what leaves the farm, how much of it, and the reasons people read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderbus_core import config
from renderbus_core.config import OverflowPolicy
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import (
    BurstId,
    ClaimStamp,
    CloudWish,
    FarmLimit,
    JobId,
    JobRow,
    LocalJob,
    LocalState,
    LocalTask,
    QueueSnapshot,
    TaskRef,
    WorkerKind,
)
from renderbus_core.money import Money, render_cost
from renderbus_core.options import CloudOptions
from renderbus_core.overflow import (
    Budget,
    History,
    OverflowState,
    Payer,
    Probe,
    ProbeState,
    Spending,
    Verdict,
    Waiting,
    backlog,
    backlog_hours,
    decide,
    screen,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = JobId("job-1")
PRICE = Money(Decimal(36), "CNY")
"""A second of rendering costs 0.01."""

POLICY = OverflowPolicy(
    enabled=True,
    backlog_tasks_per_worker=2,
    minimum_wait_seconds=0,
    maximum_frames=1000,
    maximum_bursts=4,
    maximum_live_frames=0,
    max_idle_remote=0,
    take_back=True,
    snapshot_age_seconds=120,
    candidates=20,
    local_share_minimum=0,
    split_jobs=True,
    probe="never",
    dccs=(),
    users=(),
    projects=(),
    departments=(),
    pools=(),
    groups=(),
    opt_in=False,
    waive=(),
    backlog_hours=0,
    sustained_seconds=0,
    relief=1,
    cooldown_seconds=0,
    bursts_per_round=100,
    failures_in_a_row=0,
    windows=(),
    time_zone="UTC",
    cloud_machines=100_000,
    cloud_speed=1,
    cloud_wait_seconds=0,
    deadline_margin_seconds=0,
)


def a_job(id_=JOB, **changes):
    job = LocalJob(
        id=JobId(id_),
        name="shot 010",
        dcc="maya",
        scene="/projects/shot.ma",
        outputs=("/projects/out/shot.####.exr",),
        frames=FrameSet.span(1, 1000),
        user="ada",
        priority=50,
        submitted_at=NOW - timedelta(hours=1),
    )
    return replace(job, **changes)


def queued(count, frames_each=1, state=LocalState.QUEUED, claim=None):
    return tuple(
        LocalTask(
            TaskRef(str(n), FrameSet.span(n * frames_each + 1, (n + 1) * frames_each)), state, claim
        )
        for n in range(count)
    )


def row_of(job, tasks, mean=10.0):
    counts = {state: sum(task.state is state for task in tasks) for state in LocalState}
    return JobRow(job, counts, sum(task.claim is not None for task in tasks), mean, timed=100)


def a_queue(*jobs, workers=2, age=0.0):
    """Return a queue with all tasks; each job is a row and its tasks."""
    return QueueSnapshot(
        taken_at=NOW - timedelta(seconds=age),
        workers=workers,
        idle_workers=0,
        jobs=tuple(row for row, _ in jobs),
        tasks={row.job.id: tasks for row, tasks in jobs},
    )


def one_job(tasks, mean=10.0, **changes):
    return row_of(a_job(**changes), tasks, mean), tasks


def rich(budget="1000", committed="0"):
    return Spending(PRICE, {Budget(Money(Decimal(budget), "CNY")): Decimal(committed)})


def answer(*jobs, policy=POLICY, history=None, workers=2, age=0.0):
    snapshot = a_queue(*jobs, workers=workers, age=age)
    return decide(snapshot, policy, history or History(spending=rich()), OverflowState(), NOW)


def decision(tasks, *, mean=10.0, **changes):
    (item,) = answer(one_job(tasks, mean), **changes).items
    return item


def ids(item):
    return [ref.id for ref in item.tasks]


# -- jobs that ask for machines of their own ----------------------------------------------------


def test_a_job_with_dearer_machines_is_reckoned_at_their_price():
    dear = Money(PRICE.amount * 5, PRICE.currency)
    history = History(spending=replace(rich(), prices={JOB: dear}))
    usual, mine = decision(queued(100)), decision(queued(100), history=history)
    assert usual.tasks == mine.tasks
    assert mine.estimate.amount == 5 * usual.estimate.amount


def test_a_job_that_asks_for_few_machines_is_done_later():
    policy = replace(POLICY, cloud_machines=100)
    (item,) = answer(
        one_job(queued(100), options=CloudOptions(machine_limit=1)), policy=policy
    ).items
    assert item.verdict is Verdict.STAY
    assert "local workers would be done in" in item.sentence
    assert decision(queued(100), policy=policy).verdict is Verdict.BURST


# -- whether ------------------------------------------------------------------------------------


def test_without_configuration_nothing_ever_leaves(tmp_path):
    file = tmp_path / "renderbus.toml"
    file.write_text("")
    item = decision(queued(1000), policy=config.load(file, env={}).overflow)
    assert item.verdict is Verdict.STAY
    assert "overflow.enabled" in item.sentence


@pytest.mark.parametrize(
    ("count", "verdict"), [(3, Verdict.STAY), (4, Verdict.STAY), (5, Verdict.BURST)]
)
def test_up_to_the_threshold_nothing_leaves(count, verdict):
    item = decision(queued(count))
    assert item.verdict is verdict
    assert f"{count / 2:.1f} queued tasks per worker, threshold 2" in item.sentence


def test_only_waiting_tasks_are_backlog():
    tasks = sum((queued(10, state=s) for s in LocalState if s is not LocalState.QUEUED), ())
    assert backlog(a_queue(one_job(tasks))) == 0
    assert backlog(a_queue(one_job(tasks + queued(3)), one_job(queued(5)))) == 4


def test_a_farm_without_workers_counts_every_waiting_task():
    assert backlog(a_queue(one_job(queued(3)), workers=0)) == 3


@pytest.mark.parametrize(("age", "verdict"), [(120.0, Verdict.BURST), (120.001, Verdict.STAY)])
def test_an_old_picture_of_the_queue_is_not_acted_on(age, verdict):
    item = decision(queued(10), age=age)
    assert item.verdict is verdict
    if verdict is Verdict.STAY:
        assert item.sentence == "the queue was read 120 s ago, which is too old to act on"


def test_it_is_remembered_since_when_the_queue_overflows():
    before = OverflowState({"": NOW - timedelta(minutes=5)})
    full, short = a_queue(one_job(queued(10))), a_queue(one_job(queued(2)))
    history = History()
    assert decide(full, POLICY, history, OverflowState(), NOW).next_state == OverflowState(
        {"": NOW}
    )
    assert decide(full, POLICY, history, before, NOW).next_state == before
    assert decide(short, POLICY, history, before, NOW).next_state == OverflowState({})


# -- which jobs ---------------------------------------------------------------------------------

UNFIT = [
    pytest.param({"outputs": ()}, {}, "declares no outputs", id="no outputs"),
    pytest.param({"dcc": "nuke"}, {"dccs": ("maya", "blender")}, "nuke jobs stay local", id="dcc"),
    pytest.param(
        {"submitted_at": NOW - timedelta(seconds=59)},
        {"minimum_wait_seconds": 60},
        "waited 59 s of 60 s",
        id="too young",
    ),
]


@pytest.mark.parametrize(("job", "policy", "why"), UNFIT)
def test_a_job_that_may_not_leave_is_neither_picked_nor_sent(job, policy, why):
    rules, unfit = replace(POLICY, **policy), one_job(queued(10), **job)
    assert screen([unfit[0]], rules, NOW) == ()
    (item,) = answer(unfit, policy=rules).items
    assert item.verdict is Verdict.STAY
    assert why in item.sentence


def test_a_minimum_wait_of_zero_refuses_nobody():
    ahead = one_job(queued(10), submitted_at=NOW + timedelta(seconds=1))
    (item,) = answer(ahead).items
    assert item.verdict is Verdict.BURST


def test_all_reasons_are_told_at_once():
    policy = replace(POLICY, minimum_wait_seconds=1, dccs=("blender",))
    (item,) = answer(one_job(queued(10), outputs=(), submitted_at=NOW), policy=policy).items
    assert len(item.reasons) == 3


def test_a_job_may_leave_when_it_has_waited_exactly_long_enough():
    waited = one_job(queued(10), submitted_at=NOW - timedelta(seconds=60))
    policy = replace(POLICY, minimum_wait_seconds=60)
    assert screen([waited[0]], policy, NOW) == (JOB,)


def test_a_job_without_waiting_tasks_is_not_picked():
    assert screen([row_of(a_job(), queued(5, state=LocalState.RENDERING))], POLICY, NOW) == ()


def test_the_largest_queues_are_picked_first_up_to_the_number_of_candidates():
    rows = [row_of(a_job(f"job-{n}"), queued(n)) for n in (3, 9, 1, 7)]
    assert screen(rows, replace(POLICY, candidates=2), NOW) == ("job-9", "job-7")
    assert screen(rows[::-1], POLICY, NOW) == ("job-9", "job-7", "job-3", "job-1")


def test_among_equal_queues_the_less_urgent_job_is_picked_first():
    rows = [row_of(a_job(f"job-{p}", priority=p), queued(5)) for p in (50, 10, 90)]
    assert screen(rows, POLICY, NOW) == ("job-10", "job-50", "job-90")


def test_a_job_is_not_sent_while_a_part_of_it_is_in_the_cloud():
    item = decision(queued(10), history=History(live={JOB}, spending=rich()))
    assert item.verdict is Verdict.STAY
    assert "in the cloud already" in item.sentence


# -- how much -----------------------------------------------------------------------------------


def test_what_leaves_is_the_tail_and_no_more_than_the_excess():
    item = decision(queued(10))
    assert item.verdict is Verdict.BURST
    assert ids(item) == ["4", "5", "6", "7", "8", "9"]
    assert "6 of its 10 queued tasks would leave" in item.sentence


def test_a_burst_takes_whole_chunks_within_the_limit_of_frames():
    item = decision(queued(10, frames_each=8), policy=replace(POLICY, maximum_frames=23))
    assert ids(item) == ["8", "9"]
    item = decision(queued(10, frames_each=8), policy=replace(POLICY, maximum_frames=24))
    assert ids(item) == ["7", "8", "9"]


def test_local_workers_keep_their_share_of_each_job():
    policy = replace(POLICY, backlog_tasks_per_worker=0, local_share_minimum=3)
    assert ids(decision(queued(10), policy=policy)) == ["6", "7", "8", "9"]
    item = decision(queued(6), policy=policy)
    assert item.verdict is Verdict.STAY
    assert "local workers need what is left" in item.sentence


@pytest.mark.parametrize("state", sorted(set(LocalState) - {LocalState.QUEUED}))
def test_only_waiting_tasks_leave(state):
    tasks = (*queued(10)[:6], *(replace(task, state=state) for task in queued(10)[6:]))
    assert ids(decision(tasks)) == ["4", "5"]


def test_a_task_that_bears_a_claim_stays():
    stamp = ClaimStamp(BurstId("b1"), 1)
    tasks = tuple(replace(t, claim=stamp) if t.ref.id in {"7", "9"} else t for t in queued(10))
    assert ids(decision(tasks)) == ["2", "3", "4", "5", "6", "8"]


@pytest.mark.parametrize(("times", "limit", "stays"), [(0, 1, 0), (1, 1, 1), (1, 2, 0), (2, 2, 1)])
def test_a_task_that_came_back_too_often_stays(times, limit, stays):
    history = History(
        given_back={(JOB, "9"): times, (JobId("other"), "8"): 99},
        give_back_limit=limit,
        spending=rich(),
    )
    assert ("9" not in ids(decision(queued(10), history=history))) == bool(stays)
    assert "8" in ids(decision(queued(10), history=history))


def test_enough_is_enough():
    first = row_of(a_job("job-1"), queued(10)), queued(10)
    second = row_of(a_job("job-2"), queued(3)), queued(3)
    sent, stays = answer(first, second, workers=5).items
    assert (sent.job, len(sent.tasks)) == ("job-1", 3)
    assert stays.verdict is Verdict.STAY
    assert "enough has been sent" in stays.sentence


def test_no_more_bursts_than_allowed_are_at_work():
    jobs = [(row_of(a_job(f"job-{n}"), queued(9)), queued(9)) for n in range(4)]
    policy = replace(POLICY, maximum_bursts=3, maximum_frames=1)
    history = History(live={JobId("elsewhere")}, live_bursts=1, spending=rich())
    items = answer(*jobs, policy=policy, history=history).items
    assert [item.verdict for item in items].count(Verdict.BURST) == 2
    assert "3 of 3 bursts are at work, and 3 is the most allowed" in items[-1].sentence


# -- whole jobs ---------------------------------------------------------------------------------

WHOLE = replace(POLICY, split_jobs=False)


def test_an_unsplit_job_leaves_as_a_whole_even_beyond_the_excess():
    assert len(decision(queued(10), policy=WHOLE).tasks) == 10


NOT_WHOLE = [
    pytest.param((*queued(9), *queued(10, state=LocalState.RENDERING)[9:]), {}, id="begun"),
    pytest.param((*queued(9), *queued(10, state=LocalState.COMPLETED)[9:]), {}, id="partly done"),
    pytest.param((*queued(9), *queued(10, claim=ClaimStamp("b", 1))[9:]), {}, id="partly claimed"),
    pytest.param(queued(10), {"maximum_frames": 9}, id="too large"),
]


@pytest.mark.parametrize(("tasks", "policy"), NOT_WHOLE)
def test_an_unsplit_job_leaves_whole_or_not_at_all(tasks, policy):
    item = decision(tasks, policy=replace(WHOLE, **policy))
    assert item.verdict is Verdict.STAY
    assert item.tasks == ()
    assert "cannot go as a whole" in item.sentence


# -- money --------------------------------------------------------------------------------------


def test_a_burst_names_what_it_would_cost():
    item = decision(queued(10), mean=50.0)
    assert item.estimate == Money(Decimal("3.00"), "CNY")
    assert item.reasons[2] == "about 3.00 CNY of 1000.00 CNY that is left of the budget"


UNKNOWN = [
    pytest.param(
        Spending(None, {Budget(Money(Decimal(9), "CNY")): Decimal(0)}), 10.0, "a price", id="price"
    ),
    pytest.param(Spending(PRICE), 10.0, "a budget", id="budget"),
    pytest.param(rich(), None, "a locally rendered task", id="frame time"),
    pytest.param(Spending(), None, "a price and a budget and a locally", id="all"),
]


@pytest.mark.parametrize(("spending", "mean", "missing"), UNKNOWN)
def test_what_cannot_be_reckoned_is_only_advised(spending, mean, missing):
    item = decision(queued(10), mean=mean, history=History(spending=spending))
    assert item.verdict is Verdict.ADVISE
    assert len(item.tasks) == 6
    assert missing in item.sentence


@pytest.mark.parametrize(
    ("budget", "committed", "verdict"),
    [
        ("3.00", "0", Verdict.BURST),
        ("2.99", "0", Verdict.STAY),
        ("13", "10", Verdict.BURST),
        ("13", "10.01", Verdict.STAY),
        ("0", "0", Verdict.STAY),
        ("10", "11", Verdict.STAY),
    ],
)
def test_a_whole_job_that_the_budget_does_not_pay_for_stays(budget, committed, verdict):
    known = History(spending=rich(budget, committed))
    item = decision(queued(6), mean=50.0, history=known, policy=WHOLE)
    assert item.verdict is verdict
    if verdict is Verdict.STAY:
        assert item.tasks == ()
        assert "it would cost about 3.00 CNY" in item.sentence


@pytest.mark.parametrize(
    ("budget", "sent"), [("3.00", 6), ("2.99", 5), ("0.50", 1), ("0.49", 0), ("-1", 0)]
)
def test_of_a_job_that_may_be_split_as_much_leaves_as_the_budget_pays_for(budget, sent):
    item = decision(queued(10), mean=50.0, history=History(spending=rich(budget)))
    assert len(item.tasks) == sent
    if 0 < sent < 6:
        assert f"{sent} of its 10 queued tasks would leave, which is what the budget pays" in (
            item.sentence
        )
    if not sent:
        assert "it would cost 0.50 CNY a task" in item.sentence


def test_bursts_of_one_cycle_share_what_is_left():
    jobs = [(row_of(a_job(f"job-{n}"), queued(5), 100.0), queued(5)) for n in range(3)]
    policy = replace(POLICY, backlog_tasks_per_worker=0)
    items = answer(*jobs, policy=policy, history=History(spending=rich("10"))).items
    assert [item.verdict for item in items] == [Verdict.BURST, Verdict.BURST, Verdict.STAY]
    assert "0.00 CNY of the budget is left" in items[-1].sentence


# -- reasons ------------------------------------------------------------------------------------

RETURNED = {(JOB, str(n)): 1 for n in range(10)}
STAMPED = queued(10, claim=ClaimStamp(BurstId("b1"), 1))
OTHER_REASONS = [
    pytest.param(
        queued(10, frames_each=5), 4, {}, "last chunk has more than 4 frames", id="chunk too large"
    ),
    pytest.param(STAMPED, 9, {}, "its waiting tasks are held", id="all held"),
    pytest.param(queued(10), 9, RETURNED, "came back from the cloud before", id="all came back"),
]


@pytest.mark.parametrize(("tasks", "most", "returned", "why"), OTHER_REASONS)
def test_the_reason_is_the_true_one(tasks, most, returned, why):
    history = History(given_back=returned, spending=rich())
    item = decision(tasks, policy=replace(POLICY, maximum_frames=most), history=history)
    assert item.verdict is Verdict.STAY
    assert why in item.sentence


# Each example is a whole queue, so that few of them see much.
few = settings(max_examples=60)

# -- whatever there is --------------------------------------------------------------------------

MAYA, NUKE = WorkerKind(2, 0, pools=("maya",)), WorkerKind(2, 2, pools=("nuke",))
REFS = tuple(TaskRef(str(n), FrameSet.span(n + 1, n + 1)) for n in range(6))
STAMPS = st.sampled_from([None, None, None, ClaimStamp(BurstId("b1"), 1)])
STATES = st.sampled_from([LocalState.QUEUED] * 4 + list(LocalState))


BUDGETS = st.builds(
    Budget,
    st.sampled_from([Money(Decimal(amount), "CNY") for amount in (0, 1, 40, 1000)]),
    user=st.sampled_from([None, "ada", "grace"]),
    project=st.sampled_from([None, "", "opera"]),
    job=st.sampled_from([None, None, JobId("job-1")]),
)


@st.composite
def queues(draw):
    """Draw a queue, a policy and a history, with everything that can stand in the way."""
    jobs = []
    for n in range(draw(st.integers(1, 4))):
        tasks = tuple(
            replace(task, state=draw(STATES), claim=draw(STAMPS))
            for task in queued(draw(st.integers(0, 8)), draw(st.integers(1, 4)))
        )
        job = a_job(
            f"job-{n}",
            dcc=draw(st.sampled_from(["maya", "blender"])),
            outputs=draw(st.sampled_from([(), ("/out/a.####.exr",), ("/out/a.####.exr",)])),
            priority=draw(st.integers(0, 100)),
            submitted_at=NOW - timedelta(seconds=draw(st.integers(0, 100))),
            user=draw(st.sampled_from(["ada", "grace"])),
            project=draw(st.sampled_from(["", "opera"])),
            pools=draw(st.sampled_from([(), ("maya",), ("nuke", "maya"), ("none",)])),
            cloud=draw(st.sampled_from([CloudWish.UNSAID, *CloudWish])),
        )
        row = row_of(job, tasks, draw(st.sampled_from([None, 0.0, 7.0, 300.5])))
        row = replace(
            row,
            traits=draw(st.sampled_from([(), (), ("environment",), ("tile",), ("new",)])),
            waits_for=draw(st.sampled_from(["", "", "", "a licence"])),
            tasks_per_worker=draw(st.integers(1, 2)),
            limits=draw(st.sampled_from([(), ("licence",)])),
        )
        jobs.append((row, tasks))
    policy = replace(
        POLICY,
        enabled=draw(st.sampled_from([True, True, True, False])),
        backlog_tasks_per_worker=draw(st.sampled_from([0, 0.3, 1, 4])),
        minimum_wait_seconds=draw(st.sampled_from([0, 50])),
        maximum_frames=draw(st.integers(1, 20)),
        maximum_bursts=draw(st.integers(0, 4)),
        maximum_live_frames=draw(st.sampled_from([0, 0, 10])),
        max_idle_remote=draw(st.sampled_from([0, 0, 5])),
        opt_in=draw(st.sampled_from([False, False, False, True])),
        waive=draw(st.sampled_from([(), ("environment",)])),
        snapshot_age_seconds=60,
        candidates=draw(st.integers(1, 4)),
        local_share_minimum=draw(st.sampled_from([0, 0.5, 2])),
        split_jobs=draw(st.booleans()),
        probe=draw(st.sampled_from(["always", "never"])),
        dccs=draw(st.sampled_from([(), (), ("maya",)])),
        backlog_hours=draw(st.sampled_from([0, 0, 0.01, 1])),
        relief=draw(st.sampled_from([1, 0.5])),
        bursts_per_round=draw(st.integers(1, 4)),
        cloud_machines=draw(st.sampled_from([1, 5, 100_000])),
        cloud_wait_seconds=draw(st.sampled_from([0, 600])),
    )
    keys = [(row.job.id, task.ref.id) for row, tasks in jobs for task in tasks]
    history = History(
        live=draw(st.sets(st.sampled_from([JobId("job-0"), JobId("elsewhere")]))),
        probes={
            JobId(f"job-{n}"): Probe(
                draw(st.sampled_from(ProbeState)), "why", "maya 2024", draw(st.booleans())
            )
            for n in range(4)
            if draw(st.booleans())
        },
        live_bursts=draw(st.integers(0, 3)),
        live_frames=draw(st.integers(0, 12)),
        waiting=(Waiting(BurstId("b1"), JobId("elsewhere"), REFS[: draw(st.integers(0, 6))]),),
        given_back={key: draw(st.integers(0, 2)) for key in keys if draw(st.booleans())},
        give_back_limit=draw(st.integers(1, 2)),
        spending=Spending(
            Money(Decimal(price), "CNY")
            if (price := draw(st.sampled_from([None, 0, 1, 40, 40]))) is not None
            else None,
            {
                draw(BUDGETS): draw(st.decimals(0, 50, places=2))
                for _ in range(draw(st.integers(0, 3)))
            },
        ),
    )
    snapshot = a_queue(*jobs, workers=draw(st.integers(0, 3)), age=draw(st.sampled_from([0, 61])))
    kinds = draw(st.sampled_from([(), (MAYA,), (MAYA, NUKE)]))
    return replace(snapshot, kinds=kinds, limits=(FarmLimit("licence", 1),)), policy, history


def asked(queue):
    snapshot, policy, history = queue
    return decide(snapshot, policy, history, OverflowState(), NOW)


def sent(queue):
    return [item for item in asked(queue).items if item.verdict is Verdict.BURST]


def at_work(queue):
    """Return what becomes a burst of whichever kind."""
    kinds = {Verdict.BURST, Verdict.PROBE}
    return [item for item in asked(queue).items if item.verdict in kinds]


@few
@given(queues(), st.randoms(use_true_random=False))
def test_the_same_queue_gets_the_same_answer_in_whatever_order_it_is_read(queue, random):
    first = asked(queue)
    assert asked(queue) == first
    snapshot, policy, history = queue
    tasks = list(snapshot.tasks.items())
    random.shuffle(tasks)
    assert asked((replace(snapshot, tasks=dict(tasks)), policy, history)) == first
    rows = list(snapshot.jobs)
    random.shuffle(rows)
    assert screen(rows, policy, NOW) == screen(snapshot.jobs, policy, NOW)


@few
@given(queues())
def test_each_candidate_gets_one_answer_with_reasons_for_people(queue):
    items = asked(queue).items
    assert sorted(item.job for item in items) == sorted(queue[0].tasks)
    for item in items:
        assert item.reasons
        assert item.sentence == "; ".join(item.reasons)
        assert "None" not in item.sentence
        assert all(reason == reason.strip() and "\n" not in reason for reason in item.reasons)
        assert bool(item.tasks) == (item.verdict is not Verdict.STAY)


@few
@given(queues())
def test_nothing_leaves_a_farm_that_keeps_up_or_was_read_long_ago_or_is_switched_off(queue):
    snapshot, policy, _ = queue
    if snapshot.kinds:
        return  # Pools overflow one by one there.
    keeps_up = backlog(snapshot) <= policy.backlog_tasks_per_worker and (
        not policy.backlog_hours or backlog_hours(snapshot) <= policy.backlog_hours
    )
    if keeps_up or snapshot.taken_at < NOW - timedelta(seconds=60) or not policy.enabled:
        assert {item.verdict for item in asked(queue).items} == {Verdict.STAY}


@few
@given(queues())
def test_no_limit_is_ever_exceeded(queue):
    snapshot, policy, history = queue
    bursts = at_work(queue)
    assert len(bursts) <= max(policy.maximum_bursts - history.live_bursts, 0)
    assert all(sum(len(ref.frames) for ref in b.tasks) <= policy.maximum_frames for b in bursts)
    if policy.maximum_live_frames and bursts:
        sent_frames = sum(len(ref.frames) for b in bursts for ref in b.tasks)
        assert history.live_frames + sent_frames <= policy.maximum_live_frames
    if policy.max_idle_remote and bursts:
        assert sum(len(one.tasks) for one in history.waiting) <= policy.max_idle_remote
    rows = {row.job.id: row for row in snapshot.jobs}
    for budget, taken in history.spending.committed.items():
        own = [b for b in bursts if budget.pays_for(Payer.of(rows[b.job].job))]
        assert not own or taken + sum(b.estimate.amount for b in own) <= budget.amount.amount
    for burst in sent(queue):
        seconds = mean_seconds(rows[burst.job], rows.values()) * len(burst.tasks)
        assert burst.estimate == render_cost(seconds, history.spending.price_per_hour)


@few
@given(
    st.integers(1, 30),
    st.decimals(0, 4, places=2),
    st.decimals(0, 4, places=2),
    st.sampled_from([0, 60, 600]),
    st.sampled_from([30.0, 50.0, 400.0]),
)
def test_more_budget_never_saves_less_wait(count, budget, more, wait, mean):
    policy = replace(POLICY, cloud_wait_seconds=wait)

    def saved(amount):
        known = History(spending=rich(str(amount)))
        item = decision(queued(count), mean=mean, history=known, policy=policy)
        return item.hours_saved if item.verdict is Verdict.BURST else 0.0

    assert saved(budget + more) >= saved(budget)


@few
@given(st.lists(st.integers(3, 9), min_size=2, max_size=4), st.decimals(0, 6, places=2))
def test_more_budget_never_saves_less_wait_of_several_jobs_within_a_chunk(counts, budget):
    jobs = [(row_of(a_job(f"job-{n}"), queued(c), 50.0), queued(c)) for n, c in enumerate(counts)]

    def saved(amount):
        items = answer(*jobs, history=History(spending=rich(str(amount)))).items
        return sum(item.hours_saved for item in items if item.verdict is Verdict.BURST)

    chunk = 50.0 / 3600 * len(jobs)
    assert saved(budget + 1) >= saved(budget) - chunk


@few
@given(queues())
def test_nothing_leaves_that_a_rule_keeps_here(queue):
    snapshot, policy, history = queue
    rows = {row.job.id: row for row in snapshot.jobs}
    for burst in at_work(queue):
        row = rows[burst.job]
        assert row.job.outputs
        assert not row.waits_for
        assert set(row.traits) <= set(policy.waive)
        assert row.job.cloud is not CloudWish.REFUSED
        assert row.job.cloud is CloudWish.ALLOWED or not policy.opt_in
        assert row.job.id not in history.live
        assert all(one.passed for one in burst.weighed)


def mean_seconds(row, rows):
    """The job's own mean, else that of the jobs of its program."""
    if row.mean_seconds is not None:
        return row.mean_seconds
    alike = [
        r.mean_seconds for r in rows if r.job.dcc == row.job.dcc and r.mean_seconds is not None
    ]
    return sum(alike) / len(alike)


def test_a_job_without_a_rendered_task_is_estimated_from_others_of_its_program():
    known = row_of(a_job("job-2"), (), 40.0), ()
    new, *_ = answer(one_job(queued(10), mean=None), known).items
    assert new.verdict is Verdict.BURST
    assert new.estimate == render_cost(40.0 * len(new.tasks), rich().price_per_hour)


@few
@given(queues())
def test_only_free_waiting_tasks_leave_and_always_from_the_tail(queue):
    snapshot, policy, history = queue
    for item in asked(queue).items:
        if item.verdict is Verdict.PROBE:
            continue
        every = snapshot.tasks[item.job]
        free = [
            task.ref
            for task in every
            if task.state is LocalState.QUEUED
            and task.claim is None
            and history.given_back.get((item.job, task.ref.id), 0) < history.give_back_limit
        ]
        assert list(item.tasks) == free[len(free) - len(item.tasks) :]
        known = history.probes.get(item.job)
        shared = policy.split_jobs and (
            policy.probe == "never"
            or (known and known.state is ProbeState.ALIKE and known.is_mapped)
            or item.verdict is Verdict.ADVISE
        )
        if item.tasks and not shared:
            assert len(item.tasks) == len(every)
        if item.tasks and policy.probe == "always":
            assert item.verdict is Verdict.ADVISE or known is not None


@few
@given(queues())
def test_only_jobs_that_may_leave_are_sent(queue):
    snapshot, policy, history = queue
    fit = screen(snapshot.jobs, replace(policy, candidates=len(snapshot.jobs)), NOW)
    for item in asked(queue).items:
        if item.tasks:
            assert item.job in fit
            assert item.job not in history.live


@few
@given(queues())
def test_split_jobs_never_leave_the_farm_with_less_than_it_can_do(queue):
    snapshot, policy, _ = queue
    if policy.split_jobs and policy.probe == "never" and not policy.backlog_hours:
        leaving = sum(len(burst.tasks) for burst in sent(queue))
        waiting = sum(row.queued for row in snapshot.jobs)
        keep = int(policy.backlog_tasks_per_worker * max(snapshot.workers, 1))
        assert leaving <= max(waiting - keep, 0)


# -- time ---------------------------------------------------------------------------------------


def late_by(**changes):
    """Return a queue that keeps up, whose job would miss its deadline."""
    policy = replace(POLICY, backlog_tasks_per_worker=1000, **changes)
    job = one_job(queued(20), mean=60.0, deadline=NOW + timedelta(minutes=5))
    (item,) = answer(job, policy=policy).items
    return item


def test_a_job_that_would_miss_its_deadline_sends_what_would_be_late():
    item = late_by()
    assert item.verdict is Verdict.BURST
    assert len(item.tasks) == 10, "two workers do ten of twenty minutes' tasks in five minutes"
    assert "done in 10 min (between 9 min and 11 min), deadline in 5 min" in item.sentence


def test_a_deadline_does_not_wait_until_the_overflow_has_lasted():
    assert late_by(sustained_seconds=3600).verdict is Verdict.BURST


def test_a_job_that_meets_its_deadline_stays():
    policy = replace(POLICY, backlog_tasks_per_worker=1000)
    (item,) = answer(
        one_job(queued(20), mean=60.0, deadline=NOW + timedelta(minutes=11)), policy=policy
    ).items
    assert item.verdict is Verdict.STAY
    assert "the farm keeps up" in item.sentence
    assert "done in 10 min (between 9 min and 11 min), deadline in 11 min" in item.sentence


def test_jobs_with_deadlines_are_picked_first_the_nearest_one_before():
    rows = [
        row_of(a_job("large"), queued(50)),
        row_of(a_job("later", deadline=NOW + timedelta(hours=2)), queued(1)),
        row_of(a_job("sooner", deadline=NOW + timedelta(hours=1)), queued(1)),
    ]
    assert screen(rows, POLICY, NOW) == ("sooner", "later", "large")


def test_hours_of_work_are_overflow_too_and_what_is_too_much_leaves():
    policy = replace(POLICY, backlog_tasks_per_worker=1000, backlog_hours=1)
    item = decision(queued(180), mean=60.0, policy=policy)
    assert len(item.tasks) == 60
    assert "1.5 h of work, threshold 1 h" in item.sentence


def test_what_overflows_must_have_done_so_for_a_while():
    policy = replace(POLICY, sustained_seconds=600)
    snapshot = a_queue(one_job(queued(10)))
    history = History(spending=rich())
    for minutes, verdict in ((9, Verdict.STAY), (10, Verdict.BURST)):
        state = OverflowState({"": NOW - timedelta(minutes=minutes)})
        (item,) = decide(snapshot, policy, history, state, NOW).items
        assert item.verdict is verdict
    (first,) = decide(snapshot, policy, history, OverflowState(), NOW).items
    assert "overflows since 0 s of 600 s" in first.sentence


def test_what_overflowed_is_over_only_when_it_is_well_below():
    policy = replace(POLICY, relief=0.5)
    before, history = OverflowState({"": NOW - timedelta(minutes=5)}), History(spending=rich())
    at_threshold = a_queue(one_job(queued(3)))
    assert decide(at_threshold, policy, history, OverflowState(), NOW).next_state.over_since == {}
    assert decide(at_threshold, policy, history, before, NOW).next_state == before
    below = a_queue(one_job(queued(2)))
    assert decide(below, policy, history, before, NOW).next_state.over_since == {}


def test_when_local_workers_are_sooner_nothing_leaves():
    policy = replace(POLICY, cloud_wait_seconds=600)
    item = decision(queued(10), mean=60.0, policy=policy)
    assert item.verdict is Verdict.STAY
    assert "local workers would be done in 5 min, with the cloud it takes 11 min" in item.sentence
    assert item.hours_saved < 0


def test_it_is_told_by_how_much_sooner_a_job_is_done():
    policy = replace(POLICY, cloud_wait_seconds=600, cloud_machines=10, cloud_speed=2)
    item = decision(queued(100), mean=600.0, policy=policy)
    assert item.verdict is Verdict.BURST
    assert len(item.tasks) == 96
    # Ten rounds of five minutes behind ten minutes of waiting; before, fifty rounds of ten.
    assert "done in 1.0 h instead of 8.3 h" in item.sentence
    assert item.hours_saved == pytest.approx(500 / 60 - 1)


# -- brakes -------------------------------------------------------------------------------------

BRAKES = [
    pytest.param(
        {"windows": ("13:00-14:00",)},
        {},
        "bursts begin on their own only at 13:00-14:00",
        id="time",
    ),
    pytest.param(
        {"cooldown_seconds": 60},
        {"last_began_at": NOW - timedelta(seconds=59)},
        "the last burst began 59 s ago, and 60 s lie between two rounds",
        id="pause",
    ),
    pytest.param(
        {"failures_in_a_row": 3},
        {"failures_in_a_row": 3},
        "the last 3 bursts failed",
        id="failures",
    ),
    pytest.param({"users": ("bob",)}, {}, "jobs of ada stay local", id="user"),
    pytest.param({"projects": ("opera",)}, {}, "jobs of no project stay local", id="project"),
]


@pytest.mark.parametrize(("policy", "history", "why"), BRAKES)
def test_a_brake_holds_everything_and_says_so(policy, history, why):
    rules = replace(POLICY, **policy)
    item = decision(queued(10), policy=rules, history=History(spending=rich(), **history))
    assert item.verdict is Verdict.STAY
    assert why in item.sentence
    assert decision(queued(10)).verdict is Verdict.BURST, "without the brake it leaves"


def test_so_many_bursts_begin_in_one_round():
    jobs = [(row_of(a_job(f"job-{n}"), queued(9)), queued(9)) for n in range(4)]
    policy = replace(POLICY, maximum_frames=1, bursts_per_round=2)
    items = answer(*jobs, policy=policy).items
    assert [item.verdict for item in items].count(Verdict.BURST) == 2
    assert "2 of 2 bursts begin in this round, and 2 is the most allowed" in items[-1].sentence


def test_every_rule_is_told_with_its_numbers_whatever_it_said():
    leaves, stays = (
        decision(queued(10)),
        decision(queued(10), policy=replace(POLICY, enabled=False)),
    )
    assert leaves.weighed[-1].rule == "amount"
    assert leaves.weighed[-1].why == "; ".join(leaves.reasons[1:])
    for item in (replace(leaves, weighed=leaves.weighed[:-1]), stays):
        assert [one.rule for one in item.weighed] == [
            "switch", "window", "pause", "failures", "cloud queue", "snapshot", "overflow",
            "queue", "sendable", "outputs", "program", "user", "project", "department", "pool",
            "group", "wish", "traits", "workers", "wait",
            "one burst", "refused before", "bursts", "round", "frames", "enough",
        ]  # fmt: skip
    assert all(one.passed for one in leaves.weighed)
    assert [one.rule for one in stays.weighed if not one.passed] == ["switch"]
    assert "it has waited 3600 s of 0 s" in [one.why for one in leaves.weighed]


# -- pools --------------------------------------------------------------------------------------


def pooled(*jobs, policy=POLICY, state=None):
    snapshot = replace(a_queue(*jobs, workers=4), kinds=(MAYA, NUKE))
    known = History(spending=rich())
    return decide(snapshot, policy, known, state or OverflowState(), NOW)


def test_a_pool_overflows_while_the_workers_of_another_are_idle():
    full = one_job(queued(6), id_="full", pools=("maya",))
    small = one_job(queued(4), id_="small", pools=("nuke",))
    decided = pooled(full, small)
    by_job = {item.job: item for item in decided.items}
    assert by_job["full"].verdict is Verdict.BURST
    assert len(by_job["full"].tasks) == 2, "what is above two tasks per worker of its pool"
    assert "3.0 queued tasks per worker of pool maya, threshold 2" in by_job["full"].sentence
    assert by_job["small"].verdict is Verdict.STAY
    assert "2.0 queued tasks per worker of pool nuke" in by_job["small"].sentence
    assert decided.next_state == OverflowState({"maya": NOW})


def test_each_pool_has_overflowed_since_a_time_of_its_own():
    policy = replace(POLICY, sustained_seconds=600)
    since = OverflowState({"maya": NOW - timedelta(minutes=10)})
    jobs = [one_job(queued(9), id_=pool, pools=(pool,)) for pool in ("maya", "nuke")]
    decided = pooled(*jobs, policy=policy, state=since)
    assert {item.job: item.verdict for item in decided.items} == {
        "maya": Verdict.BURST,
        "nuke": Verdict.STAY,
    }
    assert decided.next_state == OverflowState({**since.over_since, "nuke": NOW})


@pytest.mark.parametrize("narrow", ["group", "machines", "limit"])
def test_a_job_of_few_workers_does_not_make_its_whole_pool_overflow(narrow):
    policy = replace(POLICY, backlog_tasks_per_worker=20, backlog_hours=1)
    kinds = WorkerKind(99, 0, pools=("maya",)), WorkerKind(1, 0, pools=("maya",), groups=("gpu",))
    row, tasks = one_job(queued(100), mean=600.0, id_="narrow", pools=("maya",))
    others, waiting = one_job(queued(50), mean=60.0, id_="others", pools=("maya",))
    row = {
        "group": replace(row, job=replace(row.job, groups=("gpu",))),
        "machines": replace(row, most_workers=1),
        "limit": replace(row, limits=("licence",)),
    }[narrow]
    snapshot = a_queue((row, tasks), (others, waiting), workers=100)
    snapshot = replace(snapshot, kinds=kinds, limits=(FarmLimit("licence", 1),))
    decided = decide(snapshot, policy, History(spending=rich()), OverflowState(), NOW)
    assert {item.verdict for item in decided.items} == {Verdict.STAY}
    assert decided.next_state.over_since == {}
    assert "1.5 queued tasks per worker of pool maya, threshold 20" in decided.items[0].sentence


def test_what_it_costs_follows_from_how_fast_the_cloud_is():
    for speed, seconds in ((0.5, 20), (1, 10), (2, 5)):
        policy = replace(POLICY, cloud_speed=speed)
        item = decision(queued(10), mean=10.0, policy=policy)
        assert item.estimate == render_cost(seconds * len(item.tasks), PRICE)
    tight = replace(POLICY, cloud_speed=0.5)
    item = decision(queued(10), mean=10.0, policy=tight, history=History(spending=rich("0.70")))
    assert len(item.tasks) == 3, "each costs 0.20"
