"""The burst store's SQLite file: private, durable, and never on a network share."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from renderbus_core.burst import BurstStore
from renderbus_core.clock import SystemClock
from renderbus_core.database import mounts, network_share
from renderbus_core.errors import StoreError
from renderbus_core.farm import LocalFarm

TABLE = """\
/dev/sda1 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
filer:/show /mnt/show nfs4 rw,vers=4.2 0 0
//filer/two\\040words /mnt/two\\040words cifs rw 0 0
/dev/sdb1 /mnt/show/local xfs rw 0 0
auto /mnt/late autofs rw 0 0
filer:/late /mnt/late nfs rw 0 0
overlay /mnt/hidden nfs rw 0 0
/dev/sdc1 /mnt/hidden ext4 rw 0 0
host /mnt/vm 9p rw 0 0
"""


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    """Return what pretends a table of mounts; this machine has no share to try."""

    def mounted(text):
        table = tmp_path / "mounts"
        table.write_text(text)
        monkeypatch.setattr(mounts, "LINUX_TABLE", table)

    return mounted


@pytest.mark.parametrize(
    ("path", "share"),
    [
        ("/mnt/show/bursts.db", "nfs4"),
        ("/mnt/show/deep/er/bursts.db", "nfs4"),
        ("/mnt/show/../show/bursts.db", "nfs4"),
        ("/mnt/two words/bursts.db", "cifs"),
        ("/mnt/late/bursts.db", "nfs"),
        ("/mnt/show/local/bursts.db", None),
        ("/mnt/shows/bursts.db", None),
        ("/mnt/hidden/bursts.db", None),
        ("/mnt/vm/bursts.db", None),
        ("/home/ada/bursts.db", None),
    ],
)
def test_a_share_is_known_by_what_is_mounted_deepest_and_last(mounted, path, share):
    mounted(TABLE)
    assert network_share(Path(path)) == share


def test_where_the_system_does_not_tell_nothing_is_certain(monkeypatch, tmp_path):
    monkeypatch.setattr(mounts, "LINUX_TABLE", tmp_path / "absent")
    assert network_share(tmp_path) is None


def test_the_table_of_this_machine_can_be_read(tmp_path):
    assert network_share(tmp_path) is None


def test_a_store_on_a_share_is_refused_and_nothing_is_left_there(mounted, tmp_path):
    mounted(f"{TABLE}filer:/home {tmp_path} nfs4 rw 0 0\n")
    sentence = r"bursts\.db lies on a network share \(nfs4\), .* or on PostgreSQL$"
    with pytest.raises(StoreError, match=sentence):
        BurstStore(f"sqlite:///{tmp_path}/bursts.db")
    assert not (tmp_path / "bursts.db").exists()


def test_the_demonstration_farm_may_lie_on_a_share(mounted, tmp_path):
    mounted(f"filer:/home {tmp_path} nfs4 rw 0 0\n")
    LocalFarm(tmp_path / "farm.db", SystemClock()).close()


def test_only_its_owner_can_read_a_new_store(tmp_path):
    file = tmp_path / "new folder" / "bursts.db"
    store = BurstStore(f"sqlite:///{file}")
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
    store.close()


def test_what_is_committed_is_on_the_disk(tmp_path):
    store = BurstStore(f"sqlite:///{tmp_path}/bursts.db")
    assert store.bursts() == ()
    with store._database.reading() as db:
        level = db.exec_driver_sql("PRAGMA synchronous").scalar_one()
        journal = db.exec_driver_sql("PRAGMA journal_mode").scalar_one()
    assert (level, journal) == (2, "wal"), "2 is FULL"
    store.close()


def test_the_database_of_another_program_is_refused_untouched(tmp_path):
    path = tmp_path / "other.db"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE theirs (x)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"other\.db is not a burst store; name another file"):
        BurstStore(f"sqlite:///{path}")
    assert path.read_bytes() == before


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "a b://c"])
def test_a_url_that_names_no_database_is_a_sentence_without_the_url(url):
    with pytest.raises(StoreError, match=r"names no database; write sqlite:////folder/bursts\.db"):
        BurstStore(url)


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"the folder \S+file/in of the burst store cannot be"):
        BurstStore(f"sqlite:///{tmp_path}/file/in/bursts.db")
