"""What follows from the two sides of a burst: a table, a fold, two grace times, nothing hidden."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderbus_core.burst.acts import ACTS, RULES, Act, Local
from renderbus_core.burst.mirror import (
    Collected,
    MirrorPolicy,
    diff,
    local_situation,
)
from renderbus_core.burst.model import (
    Asked,
    Burst,
    BurstState,
    BurstTask,
    Remote,
    RemoteEntry,
    RemoteTree,
    TaskState,
)
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, ClaimStamp, JobId, LocalState, LocalTask, TaskRef

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
POLICY = MirrorPolicy(output_grace=120, stop_grace=600)
OURS = ClaimStamp(BurstId("b1"), 1)
THEIRS = ClaimStamp(BurstId("b2"), 1)

AT_WORK = {Remote.WAITING, Remote.RENDERING}
ENDED_BADLY = {Remote.FAILED, Remote.STOPPED, Remote.ABSENT}
# Somebody on the farm has decided: a worker renders it, or a person ended, changed or removed it.
DECIDED = {Local.RENDERING, Local.COMPLETED, Local.FAILED, Local.CHANGED, Local.GONE}


def ref(id_, frames):
    return TaskRef(id_, FrameSet.parse(frames))


def task(id_, frames, state=TaskState.SENT, since=NOW):
    return BurstTask(ref(id_, frames), state, "", since)


def shown(id_, frames, state=LocalState.SUSPENDED, claim=OURS):
    return LocalTask(ref(id_, frames), state, claim)


def entry(id_, frames, situation, leaf=1, note=""):
    return RemoteEntry(leaf, id_, FrameSet.parse(frames), situation, note)


def burst_of(*tasks):
    return Burst(
        id=OURS.burst,
        farm="local",
        job=JobId("job"),
        state=BurstState.RUNNING,
        reason="",
        tasks=tasks,
        remote_id=7,
        claim_epoch=1,
        estimate=None,
        spent=Decimal(0),
        submits=1,
        absences=0,
        since=NOW,
        created_at=NOW,
    )


def look(tasks, entries, local=None, *, collected=None, over=False, now=NOW):
    """Compare; the farm shows every task as held by us unless something else is said."""
    if local is None:
        local = [LocalTask(one.ref, LocalState.SUSPENDED, OURS) for one in tasks]
    tree = RemoteTree(tuple(entries), over, Decimal(0))
    return diff(tree, collected or {}, local, burst_of(*tasks), POLICY, now)


def act(*entries, frames="1", over=False, **farm):
    """Return what follows for one sent task."""
    (action,) = look([task("0", frames)], entries, [shown("0", frames, **farm)], over=over)
    return action.act


# -- the table ----------------------------------------------------------------------------------


ROWS = sorted(ACTS)
RECALLS = {Asked.RECALL_WAITING, Asked.RECALL_ALL}
UNASKED = sorted(set(Asked) - RECALLS)
PUT_AWAY = {Asked.DELETE, Asked.ARCHIVE}


def test_there_is_an_act_for_every_combination():
    assert set(ACTS) == {(asked, local) for asked in Asked for local in Local}
    assert [row for row in ROWS if set(ACTS[row]) != set(Remote)] == []
    assert {act for row in ACTS.values() for act in row.values()} == set(Act)


def test_every_rule_decides_something():
    first = {
        next(rule for rule in RULES if asked in rule.asked and local in rule.local)
        for asked, local in ACTS
    }
    assert first == set(RULES)


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        ACTS[Asked.NOTHING, Local.HELD] = {}
    with pytest.raises(TypeError):
        ACTS[Asked.NOTHING, Local.HELD][Remote.DONE] = Act.WAIT


@pytest.mark.parametrize(("asked", "local"), ROWS)
def test_what_the_cloud_does_not_tell_changes_nothing(asked, local):
    again = local is Local.RESUMED and asked not in {Asked.REQUEUE, *PUT_AWAY}
    assert ACTS[asked, local][Remote.UNKNOWN] is (Act.HOLD_AGAIN if again else Act.WAIT)


@pytest.mark.parametrize(("asked", "local"), ROWS)
@pytest.mark.parametrize("remote", sorted(set(Remote) - ENDED_BADLY))
def test_nothing_is_given_back_that_may_still_render_or_is_done(asked, local, remote):
    assert ACTS[asked, local][remote] not in {Act.GIVE_BACK, Act.GIVE_BACK_LATER}


@pytest.mark.parametrize("asked", Asked)
@pytest.mark.parametrize("local", sorted(DECIDED))
def test_whoever_decides_on_the_farm_wins_over_the_cloud(asked, local):
    row = ACTS[asked, local]
    assert {row[remote] for remote in AT_WORK} == {Act.STOP_REMOTE}
    assert {row[remote] for remote in ENDED_BADLY | {Remote.DONE}} == {Act.LET_GO}


def test_only_a_task_that_is_still_held_is_collected_or_given_back():
    acts = {Act.COLLECT, Act.GIVE_BACK, Act.GIVE_BACK_LATER}
    assert {local for _, local in ROWS if acts & set(ACTS[_, local].values())} == {Local.HELD}


@pytest.mark.parametrize("asked", sorted(set(UNASKED) - {Asked.REQUEUE} - PUT_AWAY))
def test_a_resumed_task_is_held_again_unless_the_cloud_cannot_do_it(asked):
    row = ACTS[asked, Local.RESUMED]
    assert {row[remote] for remote in AT_WORK | {Remote.DONE}} == {Act.HOLD_AGAIN}
    assert {row[remote] for remote in ENDED_BADLY} == {Act.LET_GO}


def test_a_requeued_task_is_the_farms_again():
    assert ACTS[Asked.REQUEUE, Local.RESUMED] == ACTS[Asked.NOTHING, Local.RENDERING]


@pytest.mark.parametrize("local", [Local.HELD, Local.RESUMED])
@pytest.mark.parametrize("asked", sorted(PUT_AWAY))
def test_what_was_put_away_is_stopped_even_while_the_farm_still_shows_it(asked, local):
    assert ACTS[asked, local] == ACTS[Asked.NOTHING, Local.GONE]


@pytest.mark.parametrize("asked", sorted(set(UNASKED) - PUT_AWAY))
def test_what_people_do_to_a_held_task_shows_on_the_farm_or_changes_nothing(asked):
    assert ACTS[asked, Local.HELD] == ACTS[Asked.NOTHING, Local.HELD]


def test_a_stop_that_can_be_undone_is_not_taken_for_a_failure():
    assert ACTS[Asked.NOTHING, Local.HELD][Remote.FAILED] is Act.GIVE_BACK
    assert ACTS[Asked.NOTHING, Local.HELD][Remote.STOPPED] is Act.GIVE_BACK_LATER


def test_a_recall_of_what_waits_lets_machines_finish_what_they_began():
    row = ACTS[Asked.RECALL_WAITING, Local.HELD]
    assert (row[Remote.WAITING], row[Remote.RENDERING]) == (Act.STOP_FIRST, Act.WAIT)


@pytest.mark.parametrize("asked", sorted(RECALLS))
def test_what_is_recalled_goes_back_once_it_is_stopped_and_what_is_done_comes_home(asked):
    row = ACTS[asked, Local.HELD]
    assert row[Remote.DONE] is Act.COLLECT
    assert {row[remote] for remote in ENDED_BADLY} == {Act.GIVE_BACK}


@pytest.mark.parametrize("local", [Local.HELD, Local.RESUMED])
def test_a_recall_of_everything_stops_what_is_at_work_first(local):
    assert {ACTS[Asked.RECALL_ALL, local][remote] for remote in AT_WORK} == {Act.STOP_FIRST}


# -- what the farm shows ------------------------------------------------------------------------

SHOWN = [
    (LocalState.SUSPENDED, OURS, Local.HELD),
    (LocalState.SUSPENDED, THEIRS, Local.CHANGED),
    (LocalState.SUSPENDED, None, Local.CHANGED),
    *((LocalState.QUEUED, claim, Local.RESUMED) for claim in (OURS, None)),
    *((LocalState.PENDING, claim, Local.RESUMED) for claim in (OURS, None)),
    *((LocalState.RENDERING, claim, Local.RENDERING) for claim in (OURS, None)),
    *((LocalState.COMPLETED, claim, Local.COMPLETED) for claim in (OURS, None)),
    *((LocalState.FAILED, claim, Local.FAILED) for claim in (OURS, None)),
]


@pytest.mark.parametrize(("state", "claim", "expected"), SHOWN)
def test_a_local_task_is_judged_by_its_state_and_its_stamp(state, claim, expected):
    mine = task("0", "1-4")
    assert local_situation(mine, shown("0", "1-4", state, claim), burst_of(mine)) is expected


def test_every_local_state_is_judged():
    assert {state for state, _, _ in SHOWN} == set(LocalState)


@pytest.mark.parametrize("state", LocalState)
@pytest.mark.parametrize("frames", ["1-5", "5", "4-1"])
def test_a_task_whose_frames_are_others_now_is_a_changed_one(state, frames):
    mine = task("0", "1-4")
    assert local_situation(mine, shown("0", frames, state), burst_of(mine)) is Local.CHANGED


def test_a_task_that_the_farm_does_not_show_is_gone():
    mine = task("0", "1-4")
    assert local_situation(mine, None, burst_of(mine)) is Local.GONE
    (action,) = look([mine], [entry(1, "1-4", Remote.RENDERING)], [shown("1", "1-4")])
    assert action.act is Act.STOP_REMOTE


# -- folding the cloud's entries ----------------------------------------------------------------

FOLDS = [
    pytest.param(["done"], "done", id="one frame"),
    pytest.param(["done", "done"], "done", id="all tiles"),
    pytest.param(["done", "rendering"], "rendering", id="a tile is at work"),
    pytest.param(["done", "waiting"], "waiting", id="a tile waits"),
    pytest.param(["failed", "rendering"], "rendering", id="failed while a tile is at work"),
    pytest.param(["failed", "waiting"], "waiting", id="failed while a tile waits"),
    pytest.param(["stopped", "waiting"], "waiting", id="stopped while a tile waits"),
    pytest.param(["rendering", "waiting"], "rendering", id="begun"),
    pytest.param(["done", "failed"], "failed", id="failed"),
    pytest.param(["done", "stopped"], "stopped", id="stopped"),
    pytest.param(["stopped", "failed"], "failed", id="failed and stopped"),
    pytest.param(["unknown", "done"], "unknown", id="nobody knows of one"),
    pytest.param(["unknown", "failed"], "unknown", id="nobody knows beside a failure"),
    pytest.param(["unknown", "rendering"], "unknown", id="nobody knows beside work"),
]


def several(words, place):
    """Lay situations out as tiles, layers or the frames of a chunk; return frames and entries."""
    if place == "frames":
        entries = [entry(n, str(n), Remote(word)) for n, word in enumerate(words, 1)]
        return f"1-{len(words)}", entries
    leaves = [1] * len(words) if place == "tiles" else range(1, len(words) + 1)
    numbered = zip(words, leaves, strict=True)
    return "1", [entry(n, "1", Remote(word), leaf) for n, (word, leaf) in enumerate(numbered, 1)]


@pytest.mark.parametrize("place", ["tiles", "layers", "frames"])
@pytest.mark.parametrize(("words", "expected"), FOLDS)
def test_tiles_layers_and_frames_of_a_chunk_are_folded_alike(words, expected, place):
    frames, entries = several(words, place)
    for ordered in (entries, entries[::-1]):
        (action,) = look([task("0", frames)], ordered)
        assert action.remote is Remote(expected)


def test_an_entry_of_several_frames_counts_for_each_task_that_has_one_of_them():
    tasks = [task("0", "1-2"), task("1", "3-4"), task("2", "5-6")]
    both = entry(1, "1-4", Remote.FAILED)
    actions = look(tasks, [both, entry(2, "5-6", Remote.DONE)])
    assert [action.remote for action in actions] == [Remote.FAILED, Remote.FAILED, Remote.DONE]
    assert actions[0].entries == actions[1].entries == (both,)


def test_entries_of_other_frames_do_not_matter():
    (action,) = look([task("0", "5")], [entry(1, "5", Remote.DONE), entry(2, "6", Remote.FAILED)])
    assert action.remote is Remote.DONE
    assert [one.id for one in action.entries] == [1]


def test_a_frame_without_an_entry_is_unknown_until_the_remote_task_is_over():
    done = entry(1, "1", Remote.DONE)
    assert act(done, frames="1-2") is Act.WAIT
    assert act(done, frames="1-2", over=True) is Act.GIVE_BACK
    assert act(frames="1") is Act.WAIT
    assert act(frames="1", over=True) is Act.GIVE_BACK


def test_a_missing_frame_is_not_given_back_while_another_of_the_task_is_at_work():
    assert act(entry(1, "1", Remote.RENDERING), frames="1-2", over=True) is Act.WAIT


# -- one action for each task that is mirrored --------------------------------------------------

MIRRORED = {TaskState.HELD, TaskState.SENT, TaskState.DONE_REMOTE}


@pytest.mark.parametrize("state", TaskState)
def test_only_tasks_that_are_neither_being_ended_nor_over_are_looked_at(state):
    actions = look([task("0", "1", state)], [entry(1, "1", Remote.FAILED)])
    assert len(actions) == (state in MIRRORED)


def test_actions_come_in_the_order_of_the_burst():
    tasks = [task(str(n), str(n)) for n in (3, 1, 2)]
    entries = [entry(n, str(n), Remote.RENDERING) for n in (1, 2, 3)]
    local = [shown(str(n), str(n)) for n in (2, 3, 1)]
    assert [action.task.id for action in look(tasks, entries, local)] == ["3", "1", "2"]


@pytest.mark.parametrize("situation", sorted(AT_WORK))
def test_a_task_that_a_worker_renders_stops_exactly_its_own_frames(situation):
    tasks = [task("0", "1-2"), task("1", "3")]
    entries = [entry(n, str(n), situation) for n in (1, 2, 3)]
    local = [shown("0", "1-2", LocalState.RENDERING), shown("1", "3")]
    stop, other = look(tasks, entries, local)
    assert stop.act is Act.STOP_REMOTE
    assert [one.id for one in stop.entries] == [1, 2]
    assert other.act is Act.WAIT


def test_a_failure_is_told_in_the_clouds_words_each_once():
    notes = [("1", "it failed"), ("2", "halted by the time limit"), ("3", "it failed"), ("4", "")]
    entries = [entry(n, f, Remote.FAILED, note=note) for n, (f, note) in enumerate(notes)]
    (action,) = look([task("0", "1-4")], entries)
    assert action.act is Act.GIVE_BACK
    assert action.reason == (
        "the cloud could not render it: failed (halted by the time limit; it failed)"
    )


@pytest.mark.parametrize("local", LocalState)
@pytest.mark.parametrize("remote", sorted(set(Remote) - {Remote.ABSENT}))
def test_every_action_has_a_reason(local, remote):
    (action,) = look([task("0", "1")], [entry(1, "1", remote)], [shown("0", "1", local)])
    assert action.reason


# -- grace times --------------------------------------------------------------------------------

GRACE = timedelta(seconds=POLICY.output_grace)


def done_for(time, *, files=None, state=TaskState.DONE_REMOTE):
    collected = {} if files is None else {"0": files}
    mine = task("0", "1", state, since=NOW - time)
    (action,) = look([mine], [entry(1, "1", Remote.DONE)], collected=collected)
    return action


@pytest.mark.parametrize("files", [None, Collected(0, 0, 0), Collected(2, 0, 0)])
def test_done_without_any_file_is_given_back_when_the_grace_is_over_and_not_before(files):
    assert done_for(timedelta(), files=files).act is Act.COLLECT
    assert done_for(GRACE - INSTANT, files=files).act is Act.COLLECT
    late = done_for(GRACE, files=files)
    assert late.act is Act.GIVE_BACK
    assert "none of its files came" in late.reason


@pytest.mark.parametrize("files", [Collected(1, 1, 1), Collected(2, 1, 1), Collected(2, 0, 2)])
def test_a_task_with_listed_files_is_never_given_back_however_long_they_take(files):
    assert done_for(GRACE * 1000, files=files).act is Act.COLLECT


def test_a_picture_that_will_not_be_taken_sends_its_frame_back_at_once():
    action = done_for(timedelta(), files=Collected(2, 1, 2, "its picture a.png is cut off"))
    assert action.act is Act.GIVE_BACK
    assert action.reason == "the cloud calls it done, but its picture a.png is cut off"


def test_the_grace_begins_when_the_cloud_was_first_seen_to_be_done():
    assert done_for(GRACE * 1000, state=TaskState.SENT).act is Act.COLLECT


@pytest.mark.parametrize(
    ("files", "complete"),
    [((0, 0), False), ((0, 1), False), ((1, 0), False), ((2, 1), False), ((2, 2), True)],
)
def test_a_task_is_complete_with_all_its_files_and_at_least_one(files, complete):
    assert Collected(*files).complete is complete


def test_a_stop_is_waited_out_and_then_its_frames_go_back():
    def stopped_for(time):
        long_ago = NOW - timedelta(days=9)
        mine = task("0", "1", since=long_ago)
        mine = replace(mine, remote=Remote.STOPPED, remote_since=time and NOW - time)
        (action,) = look([mine], [entry(1, "1", Remote.STOPPED, note="it was stopped")])
        return action

    grace = timedelta(seconds=POLICY.stop_grace)
    assert stopped_for(None).act is Act.WAIT
    assert stopped_for(INSTANT).act is Act.WAIT
    assert stopped_for(grace - INSTANT).act is Act.WAIT
    over = stopped_for(grace)
    assert over.act is Act.GIVE_BACK
    assert over.reason == "the cloud could not render it: stopped (it was stopped)"


def test_a_stop_begins_when_the_cloud_first_says_so_whatever_it_said_before():
    before = replace(task("0", "1"), remote=Remote.RENDERING, remote_since=NOW - timedelta(days=1))
    (action,) = look([before], [entry(1, "1", Remote.STOPPED)])
    assert action.act is Act.WAIT


def test_a_recalled_stop_is_not_waited_out():
    mine = replace(task("0", "1"), asked=Asked.RECALL_WAITING, asked_why="the director wants it")
    (action,) = look([mine], [entry(1, "1", Remote.STOPPED)])
    assert (action.act, action.reason) == (Act.GIVE_BACK, "the director wants it")


STUCK = replace(POLICY, longest_wait=3600, longest_frame=100)


@pytest.mark.parametrize(
    ("word", "seconds", "act", "asked"),
    [
        (Remote.WAITING, 3599, Act.WAIT, Asked.NOTHING),
        (Remote.WAITING, 3600, Act.STOP_FIRST, Asked.RECALL_WAITING),
        (Remote.RENDERING, 299, Act.WAIT, Asked.NOTHING),
        (Remote.RENDERING, 300, Act.STOP_FIRST, Asked.RECALL_ALL),
        (Remote.DONE, 9999, Act.COLLECT, Asked.NOTHING),
    ],
)
def test_what_is_stuck_is_called_back_by_the_engine_itself(word, seconds, act, asked):
    since = NOW - timedelta(seconds=seconds)
    mine = replace(task("0", "1-3"), remote=word, remote_since=since)
    tree = RemoteTree((entry(1, "1-3", word),), False, Decimal(0))
    (action,) = diff(tree, {}, [shown("0", "1-3")], burst_of(mine), STUCK, NOW)
    assert (action.act, action.asked) == (act, asked)


@pytest.mark.parametrize(
    ("word", "act", "asked"),
    [
        (Remote.WAITING, Act.STOP_FIRST, Asked.RECALL_WAITING),
        (Remote.RENDERING, Act.WAIT, Asked.NOTHING),
        (Remote.DONE, Act.COLLECT, Asked.NOTHING),
        (Remote.FAILED, Act.GIVE_BACK, Asked.NOTHING),
        (Remote.UNKNOWN, Act.WAIT, Asked.NOTHING),
    ],
)
def test_of_what_a_person_holds_back_nothing_is_begun_and_what_renders_is_finished(
    word, act, asked
):
    held = replace(shown("0", "1"), held_back=True)
    (action,) = look([task("0", "1")], [entry(1, "1", word, note="no licence")], [held])
    assert (action.act, action.asked) == (act, asked)
    assert word is not Remote.FAILED or "no licence" in action.reason
    (whole,) = look([replace(task("0", "1"), asked=Asked.RECALL_ALL, asked_why="now")],
                    [entry(1, "1", Remote.RENDERING)], [held])  # fmt: skip
    assert whole.act is Act.STOP_FIRST, "who recalls it wants more"


@pytest.mark.parametrize("other", [Remote.DONE, Remote.RENDERING])
def test_what_is_held_back_and_partly_done_is_finished(other):
    held = replace(shown("0", "1-2"), held_back=True)
    entries = [entry(1, "1", other), entry(2, "2", Remote.WAITING)]
    (action,) = look([task("0", "1-2")], entries, [held])
    assert action.act is Act.WAIT


def test_by_default_nothing_is_too_long():
    mine = replace(task("0", "1"), remote=Remote.WAITING, remote_since=NOW - timedelta(days=99))
    (action,) = look([mine], [entry(1, "1", Remote.WAITING)])
    assert action.act is Act.WAIT


def test_without_a_grace_nothing_is_waited_for():
    at_once = MirrorPolicy(output_grace=0, stop_grace=0)
    for state, situation in [
        (TaskState.DONE_REMOTE, Remote.DONE),
        (TaskState.SENT, Remote.STOPPED),
    ]:
        one = replace(task("0", "1", state), remote=Remote.STOPPED, remote_since=NOW)
        tree = RemoteTree((entry(1, "1", situation),), False, Decimal(0))
        (action,) = diff(tree, {}, [shown("0", "1")], burst_of(one), at_once, NOW)
        assert action.act is Act.GIVE_BACK


# Each example is a whole burst, so that few of them see much.
few = settings(max_examples=60)

# -- whatever there is --------------------------------------------------------------------------

LAST = 8


@st.composite
def situations(draw):
    """Draw a burst of some chunks, what the cloud lists, and what the farm shows."""
    cuts = [1, *sorted(draw(st.sets(st.integers(2, LAST)))), LAST + 1]
    states, locals_ = st.sampled_from(sorted(MIRRORED)), st.sampled_from(LocalState)
    age = st.integers(0, 700).map(lambda seconds: NOW - timedelta(seconds=seconds))
    tasks = [
        task(str(n), f"{first}-{after - 1}", draw(states), draw(age))
        for n, (first, after) in enumerate(pairwise(cuts))
    ]
    local = [replace(shown("", "1", draw(locals_)), ref=one.ref) for one in tasks]
    numbers = st.sets(st.integers(1, LAST + 2), min_size=1).map(FrameSet.of)
    words = st.sampled_from(sorted(set(Remote) - {Remote.ABSENT}))
    drawn = draw(st.lists(st.tuples(st.integers(1, 3), numbers, words), max_size=12))
    entries = [RemoteEntry(leaf, n, frames, word) for n, (leaf, frames, word) in enumerate(drawn)]
    files = st.builds(Collected, st.integers(0, 3), st.integers(0, 3))
    collected = {one.ref.id: draw(files) for one in tasks if draw(st.booleans())}
    return tasks, entries, local, collected, draw(st.booleans())


def touching(entries, frames):
    return [one for one in entries if set(one.frames) & set(frames)]


@few
@given(situations(), st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_any_order(situation, random):
    tasks, entries, local, collected, over = situation

    def answer():
        actions = look(tasks, entries, local, collected=collected, over=over)
        return [replace(one, entries=tuple(sorted(one.entries, key=str))) for one in actions]

    first = answer()
    random.shuffle(entries)
    random.shuffle(local)
    assert answer() == first


@few
@given(situations())
def test_whatever_is_given_back_has_no_entry_that_may_still_render(situation):
    tasks, entries, local, collected, over = situation
    for action in look(tasks, entries, local, collected=collected, over=over):
        words = {one.situation for one in touching(entries, action.task.frames)}
        # What a task that has ended left waiting does not render any more.
        busy = {Remote.RENDERING, Remote.UNKNOWN} | (set() if over else {Remote.WAITING})
        if action.act in {Act.GIVE_BACK, Act.LET_GO}:
            assert not words & busy


@few
@given(situations())
def test_done_is_only_what_is_done_in_every_entry_of_every_frame(situation):
    tasks, entries, local, collected, over = situation
    for action in look(tasks, entries, local, collected=collected, over=over):
        found = [touching(entries, [frame]) for frame in action.task.frames]
        done = all(some and {one.situation for one in some} == {Remote.DONE} for some in found)
        assert (action.remote is Remote.DONE) == done
        assert action.act is not Act.COLLECT or done


@few
@given(situations())
def test_an_action_concerns_all_entries_of_its_frames_and_no_others(situation):
    tasks, entries, local, collected, over = situation
    for action in look(tasks, entries, local, collected=collected, over=over):
        expected = {one.id for one in touching(entries, action.task.frames)}
        assert sorted(one.id for one in action.entries) == sorted(expected)


def test_entries_of_different_leaves_may_bear_the_same_id():
    layers = [entry(1, "1", Remote.RENDERING, leaf) for leaf in (1, 2)]
    (action,) = look([task("0", "1")], layers, [shown("0", "1", LocalState.RENDERING)])
    assert [one.leaf for one in action.entries] == [1, 2]


@pytest.mark.parametrize(
    ("entries", "stopped", "act"),
    [
        ([entry(1, "1", Remote.WAITING)], True, Act.WAIT),
        ([entry(1, "1", Remote.WAITING)], False, Act.WAIT),
        ([], True, Act.WAIT),
        ([], False, Act.GIVE_BACK),
    ],
    ids=["left waiting by a stop", "left waiting", "stopped before it began", "never began"],
)
def test_what_an_ended_task_did_not_begin_was_stopped_with_it(entries, stopped, act):
    tree = RemoteTree(tuple(entries), True, Decimal(0), is_stopped=stopped)
    (action,) = diff(tree, {}, [shown("0", "1")], burst_of(task("0", "1")), POLICY, NOW)
    assert action.act is act


def test_a_task_whose_frames_changed_is_freed_under_the_frames_it_has_now():
    (action,) = look([task("0", "1")], [entry(1, "1", Remote.RENDERING)], [shown("0", "5")])
    assert action.act is Act.STOP_REMOTE
    assert action.held_as == TaskRef("0", FrameSet.parse("5"))


@pytest.mark.parametrize(
    ("state", "claim", "freed"),
    [
        (LocalState.QUEUED, OURS, True),
        (LocalState.QUEUED, THEIRS, False),
        (LocalState.QUEUED, None, False),
        (LocalState.COMPLETED, OURS, False),
    ],
)
def test_a_queued_task_is_freed_of_our_stamp_when_it_is_let_go(state, claim, freed):
    farm = [shown("0", "1", state, claim)]
    (action,) = look([task("0", "1")], [entry(1, "1", Remote.FAILED)], farm)
    assert action.act is Act.LET_GO
    assert action.held_as == (ref("0", "1") if freed else None)
