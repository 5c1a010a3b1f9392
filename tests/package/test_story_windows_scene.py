"""A story: a scene from Windows workstations is sent by a gateway that runs on another system.

Every file has three paths on its way: as the scene stores it, where this host finds it, and where
the cloud keeps it. They are looked at where they are made, and none ever becomes another.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from renderbus_core import scene
from renderbus_core.api import Client, Endpoint, Seams
from renderbus_core.clock import ManualClock
from renderbus_core.config import Credentials, Secret
from renderbus_core.frames import FrameSet
from renderbus_core.package import Severity, assemble, read, texts, with_identity, write
from renderbus_core.paths import PathMapping, PathRule
from renderbus_core.simulator import (
    Account,
    DiskStorage,
    Settings,
    SimulatedCloud,
    SimulatorAdapter,
)
from renderbus_core.transfer import upload_plan

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the gateway of the story is no Windows")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCENE = r"""//Maya ASCII 2023 scene
requires maya "2023";
fileInfo "product" "Maya 2023";
createNode transform -n "shotCam";
createNode camera -n "shotCamShape" -p "shotCam";
	setAttr ".rnd" yes;
createNode file -n "wood";
	setAttr ".ftn" -type "string" "D:\\Show\\tex\\wood.png";
createNode file -n "skin";
	setAttr ".ftn" -type "string" "D:/show/tex/skin.<UDIM>.png";
	setAttr ".uvt" 3;
createNode file -n "sky";
	setAttr ".ftn" -type "string" "\\\\nas\\library\\sky.png";
createNode file -n "leaf";
	setAttr ".ftn" -type "string" "maps/leaf.png";
select -ne :defaultRenderGlobals;
	setAttr ".ren" -type "string" "mayaSoftware";
	setAttr ".outf" 32;
	setAttr ".an" yes;
	setAttr ".fs" 1;
	setAttr ".ef" 3;
	setAttr ".ifp" -type "string" "<Scene>";
// End of shot.ma
"""
FILES = {
    # As the scene stores it: where this host has it, and where the cloud keeps it.
    r"D:\Show\tex\wood.png": ("show/tex/wood.png", "/D/Show/tex/wood.png"),
    "D:/show/tex/skin.1001.png": ("show/tex/skin.1001.png", "/D/show/tex/skin.1001.png"),
    "D:/show/tex/skin.1002.png": ("show/tex/skin.1002.png", "/D/show/tex/skin.1002.png"),
    r"\\nas\library\sky.png": ("library/sky.png", "/nas/library/sky.png"),
    "maps/leaf.png": ("show/shots/maps/leaf.png", "/D/show/shots/maps/leaf.png"),
}
STORED_SCENE = r"D:\show\shots\shot.ma"


@pytest.fixture
def studio(tmp_path):
    """Return the folder under which this host mounts what workstations call D: and nas."""
    for local, _ in FILES.values():
        path = tmp_path / local
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"pixels of {local}".encode())
    (tmp_path / "show" / "shots" / "shot.ma").write_text(SCENE)
    return tmp_path


@pytest.fixture
def to_local(studio):
    rules = (
        PathRule("D:/show", f"{studio}/show"),
        PathRule(r"\\nas\library", f"{studio}/library"),
    )
    return PathMapping(rules).to_local


@pytest.fixture
def looked_at(studio, to_local, burst):
    """Return facts, resolved files and package of the scene, with what was found about it."""
    facts = scene.inspect(studio / "show" / "shots" / "shot.ma", to_local)
    resolved = scene.resolve(facts, to_local)
    request = burst(
        facts,
        job_scene=STORED_SCENE,
        job_outputs=(f"{studio}/renders/shot.####.png",),
        frames=FrameSet.span(1, 3),
    )
    return facts, resolved, *assemble(facts, resolved, request)


def test_the_scene_is_read_where_it_lies_and_keeps_the_paths_it_stores(looked_at, studio):
    facts, resolved, _, _ = looked_at
    assert facts.path == studio / "show" / "shots" / "shot.ma"
    named = [file.stored for file in facts.files]
    assert named == [
        r"D:\Show\tex\wood.png",
        "D:/show/tex/skin.<UDIM>.png",
        r"\\nas\library\sky.png",
        "maps/leaf.png",
    ]
    assert {path for each in resolved for path in each.local} == {
        studio / local for local, _ in FILES.values()
    }
    assert {each.file.stored: each.rule for each in resolved} == {
        r"D:\Show\tex\wood.png": "path mapping",
        "D:/show/tex/skin.<UDIM>.png": "path mapping",
        r"\\nas\library\sky.png": "path mapping",
        "maps/leaf.png": "project of the scene",
    }


def test_nothing_is_wrong_with_it_but_what_the_vendor_advises_against(looked_at):
    _, _, package, findings = looked_at
    assert package is not None
    assert {f.rule for f in findings if f.severity is not Severity.INFO} == {
        "doubtful_root",
        "network_share",
    }


def test_the_package_says_windows_and_keeps_local_and_server_paths_apart(looked_at, studio):
    _, _, package, _ = looked_at
    info = package.task["task_info"]
    assert info["os_name"] == "1"
    assert info["input_cg_file"] == "D:/show/shots/shot.ma"
    local_scene = studio / "show" / "shots" / "shot.ma"
    (sent,) = package.upload["scene"]
    assert sent == {
        "local": str(local_scene),
        "server": "/D/show/shots/shot.ma",
        "hash": hashlib.md5(local_scene.read_bytes(), usedforsecurity=False).hexdigest(),
    }
    pairs = {pair["local"]: pair["server"] for pair in package.upload["asset"]}
    assert pairs == {str(local_scene): "/D/show/shots/shot.ma"} | {
        str(studio / local): server for local, server in FILES.values()
    }
    # Nothing of this host goes into the document that render machines read.
    assert str(studio) not in texts(package)["task.json"]


def test_the_plan_of_the_upload_has_the_same_paths(looked_at, tmp_path):
    _, _, package, _ = looked_at
    write(package, tmp_path / "package")
    plan = upload_plan(read(tmp_path / "package").upload)
    assert [(str(item.local), item.server) for item in plan] == [
        (pair["local"], pair["server"]) for pair in package.upload["asset"]
    ]
    assert all(item.local.is_file() for item in plan)


def test_the_cloud_renders_it_and_each_picture_has_its_place_at_home(looked_at, studio):
    _, _, package, _ = looked_at
    cloud = Cloud(studio)
    with cloud.client as client:
        user = client.user.query_user_profile().user_id
        (task,) = client.task.create_task().task_id_list
        final = with_identity(package, task_id=task, user_id=user)
        cloud.send(upload_plan(final.upload))
        for name, text in texts(final).items():
            client.transmit.upload_json_content(task, text, name)
        client.task.submit_task(task)
        leaf = cloud.finished(task)
        files = client.transmit.get_output_files(f"/{leaf.output_file_name}")
    assert (leaf.total_frames, leaf.done_frames) == (3, 3)
    home = {file.file_name: final.outputs.local_path(file.file_name) for file in files}
    assert home == {
        f"shot.{frame:04d}.png": (frame, studio / "renders" / f"shot.{frame:04d}.png")
        for frame in (1, 2, 3)
    }


def test_without_a_mapping_for_the_share_the_file_is_named_and_nothing_is_built(studio, burst):
    only_drive = PathMapping((PathRule("D:/show", f"{studio}/show"),)).to_local
    facts = scene.inspect(studio / "show" / "shots" / "shot.ma", only_drive)
    request = burst(facts, job_scene=STORED_SCENE, job_outputs=(f"{studio}/renders/shot.####.png",))
    package, findings = assemble(facts, scene.resolve(facts, only_drive), request)
    assert package is None
    (error,) = [finding for finding in findings if finding.severity is Severity.ERROR]
    assert str(error) == (
        r"'\\\\nas\\library\\sky.png' (sky.fileTextureName, line 13) "
        r"is on the share \\nas\library, which this host does not have; "
        r"add a path mapping for the share \\nas\library"
    )


class Cloud:
    """A simulated cloud with storages on this disk."""

    def __init__(self, folder) -> None:
        account = Account("AKIDTESTTEST", Secret("a-key-of-the-test"))
        self.storage = DiskStorage(folder / "cloud")
        self.clock = ManualClock(NOW)
        cloud = SimulatedCloud(Settings(accounts=(account,), jitter=0), self.storage)
        adapter = SimulatorAdapter(cloud, self.clock, self.render)
        self.client = Client(
            Endpoint("cloud.test", scheme="http"),
            Credentials(account.access_id, account.access_key),
            Seams(clock=self.clock, sleep=self.clock.advance, adapter=lambda: adapter),
        )
        self.user = account.user_id

    def send(self, plan) -> None:
        """Put files into the input storage, as a transfer engine does."""
        place = f"{self.client.user.get_transfer_bid().input_bid}-{self.user}"
        for item in plan:
            with self.storage.receive(place, item.server) as file:
                file.write(item.local.read_bytes())

    def render(self, event) -> dict[str, int]:
        sizes = {}
        for frame in event.frames:
            for picture in event.layer.pictures:
                name = picture.template.replace("####", f"{frame:04d}")
                with self.storage.receive(event.outputs, f"{event.folder}/{name}") as file:
                    sizes[name] = file.write(b"\x89PNG a picture")
        return sizes

    def finished(self, task):
        """Turn the clock until the task is over."""
        for _ in count():
            found = self.client.query.task_info([task])[task]
            if found.is_over:
                return found
            assert self.clock.now() - NOW < timedelta(days=1)
            self.clock.advance(30)
        raise AssertionError
