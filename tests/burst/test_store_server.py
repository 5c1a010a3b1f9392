"""The burst store on PostgreSQL: what only a server does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from renderbus_core.burst import BurstStore, leases
from renderbus_core.errors import StoreError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def url(postgres):
    return postgres.new_schema()


def settings(store, *names):
    with store._database.writing() as db:
        return [db.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]


def test_what_is_committed_is_on_the_disk_and_nobody_is_waited_for_without_end(url):
    store = BurstStore(url)
    names = ("synchronous_commit", "lock_timeout", "idle_in_transaction_session_timeout")
    assert settings(store, *names) == ["on", "30s", "1min"]
    with pytest.raises(StoreError), store._database.writing() as db:
        db.exec_driver_sql("SELECT no_such_thing")
    assert settings(store, *names) == ["on", "30s", "1min"], "also after a rollback"
    store.close()


def test_what_is_read_is_of_one_moment(url):
    first, second = BurstStore(url), BurstStore(url)
    with first._database.reading() as db:
        count = "SELECT count(*) FROM leases"
        assert db.exec_driver_sql(count).scalar_one() == 0
        with second._database.writing() as other:
            other.exec_driver_sql("INSERT INTO leases VALUES ('a', 'b', 1, 0)")
        assert db.exec_driver_sql(count).scalar_one() == 0
    first.close()
    second.close()


def test_nobody_takes_over_in_the_middle_of_what_is_written_under_a_lease(url):
    first, second = BurstStore(url), BurstStore(url)
    lease = first.lease("burst b", "gateway-1", 0, NOW)

    def take_over():
        with second._database.writing() as db:
            db.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            leases.take(db, "burst b", "gateway-2", timedelta(seconds=60), NOW)

    with leases.writing(first._database, lease), pytest.raises(StoreError, match="lock timeout"):
        take_over()
    assert second.lease("burst b", "gateway-2", 60, NOW).epoch == 2
    first.close()
    second.close()


def test_a_store_is_usable_again_after_the_server_cut_its_connections(url, postgres):
    store = BurstStore(url)
    assert store.bursts() == ()
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
    with postgres.connect() as connection:
        assert connection.execute(cut, ("renderbus",)).rowcount >= 1
    assert store.bursts() == ()
    store.close()


def test_a_server_that_does_not_answer_is_a_sentence_without_the_password(tmp_path):
    with pytest.raises(StoreError, match="must be a server that answers") as caught:
        BurstStore(f"postgresql://ada:secret@/bursts?host={tmp_path}")
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value.__cause__.orig, psycopg.OperationalError)


def test_another_driver_is_refused():
    with pytest.raises(StoreError, match=r"another driver than ours; .*postgresql\+psycopg://"):
        BurstStore("postgresql+pg8000://ada@/bursts")


def test_tables_of_others_in_the_same_schema_stay_as_they_are(url):
    with psycopg.connect(url, autocommit=True) as theirs:
        theirs.execute("CREATE TABLE theirs (x int)")
        store = BurstStore(url)
        assert store.bursts() == ()
        assert theirs.execute("SELECT count(*) FROM theirs").fetchone() == (0,)
    store.close()
