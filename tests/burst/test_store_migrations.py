"""Stores of earlier releases: brought up to date in one transaction, once, or left alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources

import pytest
from sqlalchemy import create_engine, inspect

from renderbus_core.burst import BurstState, BurstStore, Event, Order, TaskState
from renderbus_core.burst.model import Remote, RemoteEntry
from renderbus_core.burst.store import Effect, Output, RemoteLeaf
from renderbus_core.burst.tables import DESIGN, metadata
from renderbus_core.errors import StoreError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, TaskRef
from renderbus_core.money import Money

START = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
LATER = START + timedelta(hours=1)

# What a gateway of version 0.1 left: a burst that renders, and one that is over.
VERSION_1 = [
    """INSERT INTO bursts VALUES
    ('b1', 'local', 'job-1', 'running', 'remote task 7 is at work', 7, 2, '1.50', 'CNY', '0.20',
     1, 0, 'the director wants it here', 1000000, 1000000),
    ('b0', 'local', 'job-0', 'done', '1 of 1 tasks came home', 6, 1, '9.00', 'CNY', '0.70',
     1, 0, NULL, 1000000, 999999)""",
    """INSERT INTO tasks VALUES
    ('b1', '1', 0, 'local', 'job-1', '1-5', 'sent', 'submitted', 1000000, true, true, NULL),
    ('b1', '2', 1, 'local', 'job-1', '6', 'lost', 'not claimed', 1000000, false, false, NULL),
    ('b0', '1', 0, 'local', 'job-0', '1', 'completed', 'at home', 1000000, false, true, NULL)""",
    "INSERT INTO outputs VALUES ('b1', '/7/a.png', 1, 12, 2, '/out/a.png', false)",
    "INSERT INTO leases VALUES ('burst b1', 'gateway-1', 3, 1000000)",
    """INSERT INTO effects (lease, epoch, name, details, started_at, settled_at, result) VALUES
    ('burst b1', 3, 'stop_task', '{"task": 7}', 1000000, NULL, NULL),
    ('burst b1', 2, 'submit_task', '{"task": 7}', 1000000, 1000000, 'done')""",
    """INSERT INTO events (burst, at, subject, change, reason) VALUES
    ('b1', 1000000, 'burst', '-> intended', 'by hand'),
    ('b1', 1000000, 'burst', 'intended -> inspected', 'maya 2023'),
    ('b1', 1000000, 'task 2', 'wanted -> lost', 'not claimed')""",
]


@pytest.fixture
def old(store_bench):
    """Return a bench whose database version 1 has made and used."""
    kind = "postgresql" if store_bench.is_server else "sqlite"
    file = resources.files("renderbus_core.burst") / "migrations" / f"0001.{kind}.sql"
    for statement in [*file.read_text().split("\n\n"), *VERSION_1]:
        store_bench.sql(statement)
    # Version 1 wrote no version into a server's database.
    if not store_bench.is_server:
        store_bench.sql(f"PRAGMA application_id = {DESIGN.mark}")
        store_bench.sql("PRAGMA user_version = 1")
    return store_bench


def version(bench):
    query = "SELECT version FROM schema_version" if bench.is_server else "PRAGMA user_version"
    return bench.sql(query)[0][0]


def set_version(bench, number):
    if bench.is_server:
        bench.sql("UPDATE schema_version SET version = ?", number)
    else:
        bench.sql(f"PRAGMA user_version = {number}")


def test_everything_of_version_1_is_there_and_says_what_it_said(old):
    store = old.open()
    done, running = store.bursts()
    assert (done.state, running.state) == (BurstState.DONE, BurstState.RUNNING)
    assert (running.remote_id, running.claim_epoch, running.spent) == (7, 2, Decimal("0.20"))
    assert running.estimate == Money(Decimal("1.50"), "CNY")
    assert running.refs(TaskState.SENT) == (TaskRef("1", FrameSet.span(1, 5)),)
    assert running.recall == "the director wants it here"
    assert [type(file) for file in store.outputs(running.id)] == [Output]
    assert store.events(running.id) == (
        Event(START, "", "burst", None, "intended", "by hand"),
        Event(START, "", "burst", "intended", "inspected", "maya 2023"),
        Event(START, "", "task 2", "wanted", "lost", "not claimed"),
    )


def test_money_of_version_1_stays_reserved_while_its_burst_lives(old):
    assert old.open().committed() == Decimal("1.50") + Decimal("0.70")


def test_the_runner_of_version_1_goes_on_where_it_was(old):
    store = old.open()
    lease = store.lease("burst b1", "gateway-1", 60, LATER)
    assert lease.epoch == 3
    assert store.open_effects(lease) == (Effect("stop_task", {"task": 7}),)
    (begun,) = old.sql("SELECT id FROM effects WHERE settled_at IS NULL")
    store.settle(lease, begun[0], "done", LATER)
    store.move(lease, "b1", BurstState.RECALLING, reason="as asked", now=LATER)
    assert store.events("b1")[-1].who == "gateway-1"
    with pytest.raises(StoreError, match="already"):
        store.settle(lease, begun[0], "another", LATER)


def test_frames_of_version_5_have_no_machine_until_they_are_noted_again(store_bench):
    leaf = RemoteLeaf(7, 5, (1,), (RemoteEntry(7, 1, FrameSet.span(1, 1), Remote.DONE, "done"),))
    store = store_bench.open()
    (burst,) = store.plan([Order("local", JobId("job-1"), (), "a test")], START)
    lease = store.lease(f"burst {burst.id}", "gateway-1", 60, START)
    store.note_remote(lease, burst.id, [leaf], START)
    store.close()
    store_bench.sql("ALTER TABLE remote_frames DROP COLUMN node")
    set_version(store_bench, 5)
    store = store_bench.open()
    assert store.remote(burst.id) == (leaf,)
    there = replace(leaf, entries=(replace(leaf.entries[0], node="10.60.3.224"),))
    store.note_remote(lease, burst.id, [there], START)
    assert store.remote(burst.id) == (there,)


def test_a_new_store_and_one_that_was_upgraded_are_the_same(old, tmp_path, request):
    old.open()
    new = f"sqlite:///{tmp_path}/new.db"
    if old.is_server:
        new = request.getfixturevalue("postgres").new_schema()
    BurstStore(new).close()
    assert shape(old.url) == shape(new)


def test_the_tables_are_those_the_code_knows(store_bench):
    store_bench.open()
    found = shape(store_bench.url)
    for table in metadata.sorted_tables:
        columns, _ = found[table.name]
        known = {c.name: (kind(c.type), c.nullable, c.primary_key) for c in table.columns}
        assert {name: about[:3] for name, about in columns.items()} == known, table.name


def shape(url):
    """Return columns and indexes of every table."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    look = inspect(engine)
    found = {}
    for table in look.get_table_names():
        keys = look.get_pk_constraint(table)["constrained_columns"]
        columns = {
            c["name"]: (kind(c["type"]), c["nullable"], c["name"] in keys, str(c["type"]))
            for c in look.get_columns(table)
        }
        found[table] = (columns, sorted(i["name"] for i in look.get_indexes(table)))
    engine.dispose()
    return found


def kind(type_):
    """Return what a column holds: 32 and 64 bits, and all texts, are alike."""
    python = getattr(type_, "impl_instance", type_).python_type
    return python.__name__


def test_it_is_done_once(old):
    old.open()
    before = old.content()
    assert version(old) == DESIGN.version
    old.open()
    assert old.content() == before


OPEN = """
import sys
from renderbus_core.burst import BurstStore
print("ready", flush=True)
input()
BurstStore(sys.argv[1]).close()
"""


def test_of_two_processes_that_open_it_at_once_one_upgrades(old):
    command = [sys.executable, "-c", OPEN, old.url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    both = [subprocess.Popen(command, text=True, **pipes) for _ in range(2)]
    assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[1] for process in both] == ["", ""]
    assert [process.returncode for process in both] == [0, 0]
    assert version(old) == DESIGN.version
    assert len(old.sql("SELECT * FROM events")) == 3


def test_what_the_new_version_forbids_leaves_the_old_one_as_it_was(old):
    old.sql(
        "INSERT INTO bursts VALUES ('b2', 'local', 'job-2', 'running', '', 7, 1, NULL, NULL, '0', "
        "1, 0, NULL, 1000000, 1000000)"
    )
    before = old.content()
    with pytest.raises(StoreError, match=r"holds what its newer version forbids \(.*remote"):
        old.open()
    assert old.content() == before


def test_a_store_of_a_newer_release_is_refused_in_a_sentence_and_not_touched(store_bench):
    store_bench.open()
    set_version(store_bench, 99)
    before = store_bench.content()
    with pytest.raises(StoreError, match=rf"has version 99 where {DESIGN.version} is known; use"):
        store_bench.open()
    assert store_bench.content() == before
