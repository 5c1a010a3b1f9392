"""One small world: an embedded farm, a cloud in process, a store, and a clock that is turned."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest
import requests
from cloud_bench import SCENE, Folders, simulated, text_picture

from renderbus_core import config as configuration
from renderbus_core.burst import (
    Burst,
    BurstStore,
    Finished,
    Gateway,
    Order,
    Runner,
)
from renderbus_core.clock import ManualClock
from renderbus_core.farm import JobSpec, LocalFarm
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, JobId, LocalState, LocalTask
from renderbus_core.options import NO_OPTIONS, CloudOptions
from renderbus_core.simulator import SimulatedCloud

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Cut:
    """A transport that loses replies of one operation: after the cloud has done it, or before."""

    def __init__(self, adapter, path, *, times, reaches, failure):
        self.adapter, self.path, self.times = adapter, path, times
        self.reaches, self.failure = reaches, failure

    def send(self, request, **kwargs):
        if request.url.endswith(self.path) and self.times > 0:
            self.times -= 1
            if self.reaches:
                self.adapter.send(request, **kwargs)
            raise self.failure
        return self.adapter.send(request, **kwargs)

    def close(self):
        pass


@dataclass
class World:
    """Everything a story needs, with verbs for it."""

    folder: Path
    clock: ManualClock
    farm: LocalFarm
    store: BurstStore
    cloud: SimulatedCloud
    gateway: Gateway
    job: JobId
    engine: list[Folders] = field(default_factory=list)

    def tasks(self) -> tuple[LocalTask, ...]:
        return self.farm.tasks([self.job])[self.job]

    def states(self) -> list[LocalState]:
        return [task.state for task in self.tasks()]

    def order(self, *ids: str) -> BurstId:
        refs = tuple(t.ref for t in self.tasks() if not ids or t.ref.id in ids)
        (burst,) = self.store.plan([Order("local", self.job, refs, "a test")], self.clock.now())
        return burst.id

    def runner(self, burst: BurstId, owner: str = "gateway-1") -> Runner:
        return Runner(replace(self.gateway, owner=owner), burst)

    def carry(
        self, runner: Runner, burst: BurstId, until: Callable[[Burst], bool] | None = None
    ) -> Burst:
        """Step as a gateway would, turning the clock to each wake-up."""
        for _ in range(300):
            answer = runner.step()
            now = self.store.burst(burst)
            if isinstance(answer, Finished) or (until and until(now)):
                return now
            pause = (answer.at - self.clock.now()).total_seconds()
            self.clock.advance(max(pause, 0.0))
        raise AssertionError(f"no end in sight: {self.store.burst(burst)}")

    def cut(
        self, path: str, *, times: int = 1, reaches: bool, failure: type = requests.ReadTimeout
    ) -> None:
        """Lose replies of the operation whose path ends so."""
        http = self.gateway.client.session._http
        url = self.gateway.client.endpoint.base_url
        lost = Cut(http.get_adapter(url), path, times=times, reaches=reaches, failure=failure)
        http.mount(url, lost)

    def pictures(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "renders").glob("*.png"))

    def remote_tasks(self) -> list:
        return list(self.gateway.client.query.iter_tasks())


@pytest.fixture
def make_world(tmp_path):
    """Return a function that builds a world; settings of the cloud may be changed."""
    names = itertools.count()

    def make(
        *,
        texture: str = "wood.png",
        chunk: int = 1,
        config: str = "",
        # What this cloud renders is a text, unless it paints.
        collect: str = 'check = "off"',
        paint: Callable[[str, int], dict[str, bytes]] = text_picture,
        account: Mapping[str, object] = MappingProxyType({}),
        options: CloudOptions = NO_OPTIONS,
        **settings,
    ) -> World:
        folder = tmp_path / f"world{next(names)}"
        (folder / "renders").mkdir(parents=True)
        (folder / "wood.png").write_bytes(b"\x89PNG a texture")
        scene = folder / "shot.ma"
        scene.write_text(SCENE.format(texture=texture))
        os.utime(scene, (NOW.timestamp(), NOW.timestamp()))
        (folder / "renderbus.toml").write_text(
            f"""
[burst]
work_folder = "packages"
poll_seconds = 10
submit_settle_seconds = 60
output_grace_seconds = 120
{config}
[collect]
{collect}
[farm]
database = "farm.db"
[store]
url = "sqlite:///{folder}/bursts.db"
"""
        )
        clock = ManualClock(NOW)
        cloud = opened.enter_context(
            simulated(folder / "cloud", clock, paint=paint, account=account, **settings)
        )
        farm = opened.enter_context(closing(LocalFarm(folder / "farm.db", clock)))
        store = opened.enter_context(closing(BurstStore(f"sqlite:///{folder}/bursts.db")))
        clock.advance(5)
        job = farm.submit(
            JobSpec(
                name="shot",
                dcc="maya",
                scene=str(scene),
                outputs=(str(folder / "renders" / "shot.####.png"),),
                frames=FrameSet.span(1, 10),
                chunk_size=chunk,
                command=("true",),
                user="artist",
                options=options,
            )
        )
        settled = configuration.load(folder / "renderbus.toml", env={})
        gateway = cloud.gateway(farm, store, settled, "gateway-1")
        clock.advance(5)
        return World(folder, clock, farm, store, cloud.cloud, gateway, job, cloud.engines)

    with ExitStack() as opened:
        yield make


@pytest.fixture
def world(make_world) -> World:
    """Return a world in which everything goes well."""
    return make_world()
