"""What a studio has on its disks: a scene, a place for pictures, a configuration, databases."""

from __future__ import annotations

import os
import tempfile
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from burstsim.cases import Case
from renderbus_core import config as configuration
from renderbus_core.burst import BurstStore
from renderbus_core.clock import Clock
from renderbus_core.config import Config, Credentials, Secret
from renderbus_core.farm import JobSpec, LocalFarm
from renderbus_core.frames import FrameSet
from renderbus_core.simulator import Account, SecondSubmit, Settings
from renderbus_core.simulator.settings import MissingAssets, NonceScope
from renderbus_core.simulator.state import INPUT_BID, OUTPUT_BID, storage_name

_SCENE = """//Maya ASCII 2023 scene
requires maya "2023";
currentUnit -l centimeter -a degree -t film;
fileInfo "application" "maya";
fileInfo "product" "Maya 2023";
createNode transform -s -n "camera1";
createNode camera -s -n "cameraShape1" -p "camera1";
\tsetAttr ".rnd" yes;
createNode file -n "wood";
\tsetAttr ".ftn" -type "string" "wood.png";
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
_CONFIG = """
[burst]
work_folder = "packages"
poll_seconds = 20
poll_seconds_idle = 20
submit_settle_seconds = {settle}
output_grace_seconds = 60
stop_grace_seconds = 60
sweep_seconds = 120
lease_seconds = 30
takeover_seconds = 15
[collect]
check = "{check}"
{money}
[overflow]
enabled = {decider}
backlog_tasks_per_worker = 0
local_share_minimum = 0
maximum_bursts = 2
probe = "{probe}"
split_jobs = {split}
cloud_wait_seconds = 0
[farm]
database = "farm.db"
[store]
url = "sqlite:////bursts.db"
"""
SETTLE_SECONDS = 60.0
PRICE = Decimal("0.80")
ESTIMATE_PER_FRAME = Decimal("0.02")
_KEY = Secret("a-key-of-the-simulation")


class Studio:
    """The disks of one studio.

    Args:
        folder: empty, and removed by whoever made it.
        case: says what it is like.
        clock: of the gateways' host.
    """

    def __init__(self, folder: Path, case: Case, clock: Clock) -> None:
        self.folder = folder
        self.pictures = folder / "renders"
        self.pictures.mkdir()
        self.farm_file, store = folder / "farm.db", folder / "bursts.db"
        self.store_url = f"sqlite:///{store}"
        for file, content in zip((self.farm_file, store), _empty_databases(clock), strict=True):
            file.write_bytes(content)
        self._scene = folder / "shot.ma"
        self._scene.write_text(_SCENE)
        (folder / "wood.png").write_bytes(b"\x89PNG a texture")
        for file in (self._scene, folder / "wood.png"):
            os.utime(file, (clock.now().timestamp(), clock.now().timestamp()))
        self.config = self._config(case)
        self.account = Account("AKIDSIMULATION", _KEY, balance=Decimal(case.shape["balance"]))
        self.credentials = Credentials(self.account.access_id, _KEY)
        self.storages = tuple(storage_name(bid, self.account) for bid in (INPUT_BID, OUTPUT_BID))
        self._frames = FrameSet.span(1, case.shape["frames"])
        self._chunk = case.shape["chunk"]

    def cloud_settings(self, case: Case) -> Settings:
        """Return what the cloud is like: every open question has the case's answer."""
        shape = case.shape
        return Settings(
            accounts=(self.account,),
            nodes=shape["nodes"],
            frame_seconds=shape["frame_seconds"],
            price_per_hour=PRICE,
            fail_frames={int(frame): times for frame, times in shape["fail_frames"].items()},
            listing_lag_seconds=shape["listing_lag_seconds"],
            list_sizes=shape["list_sizes"],
            list_unsubmitted=shape["list_unsubmitted"],
            second_submit=SecondSubmit(shape["second_submit"]),
            missing_assets=MissingAssets(shape["missing_assets"]),
            nonce_scope=NonceScope(shape["nonce_scope"]),
            speed=shape["speed"],
            seed=case.seed,
        )

    def job(self) -> JobSpec:
        """Return the job of the case."""
        return JobSpec(
            name="shot",
            dcc="maya",
            scene=str(self._scene),
            outputs=(str(self.pictures / "shot.####.png"),),
            frames=self._frames,
            chunk_size=self._chunk,
            command=("true",),
            user="artist",
        )

    def picture(self, frame: int) -> Path:
        """Return where the picture of a frame belongs."""
        return self.pictures / f"shot.{frame:04d}.png"

    def block_packages(self) -> None:
        """Leave no room for task packages: a file stands where their folder belongs."""
        folder = self.config.burst.work_folder
        if folder.is_dir():
            folder.rename(folder.with_suffix(".aside"))
        folder.touch()

    def free_packages(self) -> None:
        """Make room for them again."""
        folder = self.config.burst.work_folder
        folder.unlink()
        aside = folder.with_suffix(".aside")
        if aside.is_dir():
            aside.rename(folder)

    def _config(self, case: Case) -> Config:
        budget = case.shape["budget"]
        money = f'[money]\ncurrency = "USD"\nprice_per_hour = "{PRICE}"\n'
        money += f'budget = "{budget}"\n' if budget else ""
        file = self.folder / "renderbus.toml"
        decider = "true" if case.shape["decider"] else "false"
        text = _CONFIG.format(
            settle=SETTLE_SECONDS,
            money=money,
            decider=decider,
            check=case.shape["check"],
            # By the seed, so that the shapes of known seeds stay as they are.
            split="true" if case.seed % 2 else "false",
            probe="always" if case.seed % 4 == 1 else "never",
        )
        file.write_text(text)
        return configuration.load(file, env={})


@cache
def _databases_once() -> dict[str, bytes]:
    return {}


def _empty_databases(clock: Clock) -> tuple[bytes, bytes]:
    """Return an empty farm and an empty store, made once per process: copying them is quick."""
    made = _databases_once()
    if not made:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            LocalFarm(folder / "farm.db", clock).close()
            BurstStore(f"sqlite:///{folder}/bursts.db").close()
            made |= {one: (folder / one).read_bytes() for one in ("farm.db", "bursts.db")}
    return made["farm.db"], made["bursts.db"]


class _Statements(dict[Any, Any]):
    """Compiled statements for all SQLite databases of this process, whatever opened them."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__((key[0].name, *key[1:]), compiled)


_STATEMENTS = _Statements()


def share_statements(*opened: BurstStore | LocalFarm) -> None:
    """Let what opened a database use the statements that others compiled: lives are short here."""
    for each in opened:
        backend = each._database._backend
        for engine in (backend.reader, backend.writer):
            engine.update_execution_options(compiled_cache=_STATEMENTS)


def room() -> Path | None:
    """Return where files cost least; None for the usual place."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else None
