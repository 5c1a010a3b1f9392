"""A simulated cloud in this process under a clock that is turned, and what carries bursts to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from renderbus_core.api import Client, Endpoint, Seams
from renderbus_core.burst import BurstStore, Gateway
from renderbus_core.burst.ports import Farm
from renderbus_core.clock import ManualClock
from renderbus_core.config import Config, Credentials, Secret
from renderbus_core.simulator import (
    Account,
    DiskStorage,
    RenderFrame,
    Settings,
    SimulatedCloud,
    SimulatorAdapter,
)

KEY = Secret("a-key-of-the-test")

SCENE = """//Maya ASCII 2023 scene
requires maya "2023";
currentUnit -l centimeter -a degree -t film;
fileInfo "application" "maya";
fileInfo "product" "Maya 2023";
createNode transform -s -n "camera1";
createNode camera -s -n "cameraShape1" -p "camera1";
\tsetAttr ".rnd" yes;
createNode file -n "wood";
\tsetAttr ".ftn" -type "string" "{texture}";
select -ne :defaultRenderGlobals;
\tsetAttr ".ren" -type "string" "mayaSoftware";
\tsetAttr ".outf" 32;
\tsetAttr ".an" yes;
\tsetAttr ".fs" 1;
\tsetAttr ".ef" 10;
\tsetAttr ".ifp" -type "string" "<Scene>";
select -ne :defaultResolution;
\tsetAttr ".w" 64;
\tsetAttr ".h" 36;
"""
"""A Maya scene of ten frames with one texture."""


class Folders:
    """A transfer engine that copies between this disk and the simulated storages."""

    def __init__(self, storage: DiskStorage, user: int, bids) -> None:
        self.inputs, self.outputs = f"{bids.input_bid}-{user}", f"{bids.output_bid}-{user}"
        self.storage = storage
        self.uploaded: list[str] = []

    def upload(self, plan, progress):
        for item in plan:
            with self.storage.receive(self.inputs, item.server) as file:
                file.write(item.local.read_bytes())
            self.uploaded.append(item.server)
            progress.file_done(item.server, item.size, skipped=False)

    def close(self):
        pass

    def download(self, plan, progress):
        for item in plan:
            item.local.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.storage.path(self.outputs, item.remote), item.local)
            progress.file_done(item.remote, item.size, skipped=False)


def text_picture(name: str, frame: int) -> dict[str, bytes]:
    """Return what the cloud makes of a frame, by name."""
    return {name: b"\x89PNG frame %d" % frame}


@dataclass
class CloudBench:
    """A cloud, and a client of one account of it.

    Args:
        cloud: itself.
        client: of it.
        storage: its disk.
        account: whose client it is.
        clock: of the cloud.
        engines: what was opened to move files, newest last.
    """

    cloud: SimulatedCloud
    client: Client
    storage: DiskStorage
    account: Account
    clock: ManualClock
    engines: list[Folders]

    def gateway(self, farm: Farm, store: BurstStore, config: Config, owner: str) -> Gateway:
        """Return the parts of a gateway between a farm and this cloud."""
        return Gateway(
            farm, self.client, store, config, self.clock, owner, open_engine=self._open_engine
        )

    def _open_engine(self, client: Client, _config: Config) -> Folders:
        engine = Folders(self.storage, self.account.user_id, client.user.get_transfer_bid())
        self.engines.append(engine)
        return engine


@contextmanager
def simulated(
    folder: Path,
    clock: ManualClock,
    *,
    paint: Callable[[str, int], dict[str, bytes]] = text_picture,
    account: Mapping[str, object] = MappingProxyType({}),
    **settings: object,
) -> Iterator[CloudBench]:
    """Run a cloud.

    Args:
        folder: its disk.
        clock: turned by the test; requests that are tried again turn it too.
        paint: what is made of a frame, by name.
        account: settings of the account.
        settings: of the cloud.
    """
    storage = DiskStorage(folder)
    owner = Account("AKIDTESTTEST", KEY, **account)
    cloud = SimulatedCloud(Settings(accounts=(owner,), jitter=0, **settings), storage)

    def render(event: RenderFrame) -> dict[str, int]:
        sizes = {}
        for frame in event.frames:
            for picture in event.layer.pictures:
                name = picture.template.replace("####", f"{frame:04d}")
                for made, content in paint(name, frame).items():
                    with storage.receive(event.outputs, f"{event.folder}/{made}") as file:
                        file.write(content)
                    sizes[made] = len(content)
        return sizes

    adapter = SimulatorAdapter(cloud, clock, render)
    seams = Seams(clock=clock, sleep=clock.advance, adapter=lambda: adapter)
    endpoint = Endpoint("cloud.test", scheme="http")
    with Client(endpoint, Credentials(owner.access_id, KEY), seams) as client:
        yield CloudBench(cloud, client, storage, owner, clock, [])
