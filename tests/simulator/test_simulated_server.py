"""The simulator as a process: the API and the storages over real HTTP on the loopback address."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import requests
from PIL import Image

from renderbus_core.api import Client, Endpoint
from renderbus_core.config import Credentials, Secret
from renderbus_core.errors import InputError
from renderbus_core.simulator import Settings, serve
from renderbus_core.statuses import FrameCode, TaskCode, task_status

PROGRAM = """
import json, sys
from pathlib import Path
from renderbus_core.simulator import RendererKind, Settings, serve

def tell(ready):
    fields = {name: getattr(ready, name) for name in ready.__slots__}
    fields["access_key"] = ready.access_key.reveal()
    fields["admin_token"] = ready.admin_token.reveal()
    print(json.dumps(fields), flush=True)

settings = json.loads(sys.argv[2])
settings["fail_frames"] = {int(k): v for k, v in settings.get("fail_frames", {}).items()}
serve(Settings(**settings), Path(sys.argv[1]), 0, tell,
      renderer=RendererKind(sys.argv[3]), exit_with_stdin=True)
"""
FAST = {"speed": 10000, "frame_seconds": 60, "nodes": 2}


@dataclass
class Server:
    """A running simulator and how to talk to its storages."""

    process: subprocess.Popen
    ready: dict
    client: Client

    @property
    def login(self):
        (engine,) = self.client.transmit.get_transfer_config().resq_engines
        account = engine.resq_engine_accounts[0]
        return account.name, account.password.reveal()

    def send(self, method, path, content=b"", *, bid="10201", **more):
        address = f"{self.ready['storage']}/{bid}/{path.lstrip('/')}"
        options = {"auth": self.login} | more
        return requests.request(method, address, data=content, timeout=20, **options)

    def put(self, path, content=b"scene", **more):
        assert self.send("PUT", path, content, **more).status_code == 201

    def get(self, path, **more):
        return self.send("GET", path, **more)

    def state(self):
        return requests.get(self.ready["url"] + "/simulator/state", timeout=20)

    def status(self, method, path, headers=None):
        """Send a path and headers exactly as they are written and return the reply's status."""
        connection = http.client.HTTPConnection(self.ready["domain"], timeout=20)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            headers = {"Content-Length": "0", "Authorization": basic(*self.login)} | (headers or {})
            for header, value in headers.items():
                connection.putheader(header, value)
            connection.endheaders()
            return connection.getresponse().status
        finally:
            connection.close()

    def submit(self, task):
        client = self.client
        (task_id,) = client.task.create_task().task_id_list
        scene = task["task_info"]["input_cg_file"]
        upload = {"asset": [{"local": scene, "server": scene}]}
        client.transmit.upload_json_content(task_id, json.dumps(task), "task.json")
        client.transmit.upload_json_content(task_id, json.dumps(upload), "upload.json")
        client.task.submit_task(task_id)
        return task_id

    def finish(self, task_id):
        for _ in range(20_000):
            task = self.client.query.task_info([task_id])[task_id]
            if all(task_status(leaf.task_status).is_terminal for leaf in task.leaves()):
                return task
        raise AssertionError(f"task {task_id} does not end: {self.state().text}")


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@contextmanager
def running(folder, renderer="stand-in", **settings):
    arguments = [sys.executable, "-c", PROGRAM, str(folder), json.dumps(settings), renderer]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            line = process.stdout.readline()
            if not line:
                raise AssertionError(process.stderr.read().decode())
            ready = json.loads(line)
            account = Credentials(ready["access_id"], Secret(ready["access_key"]))
            with Client(Endpoint(ready["domain"], scheme="http"), account) as client:
                yield Server(process, ready, client)
            process.stdin.close()
            assert (process.wait(20), process.stderr.read()) == (0, b"")
        finally:
            process.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cloud"), fail_frames={"3": 1}, **FAST) as server:
        yield server


def test_a_task_travels_renders_and_its_pictures_come_home(server, blender_task):
    scene = "/show/scenes/spin with blanks.blend"
    server.put(scene)
    task = server.finish(server.submit(blender_task("1-4[1]", scene=scene)))
    assert task.task_status == TaskCode.FINISHED_HAS_FAILED
    frames = {f.frame_index: f.frame_status for f in server.client.query.iter_frames(task.id)}
    assert [index for index, status in frames.items() if status == FrameCode.ERROR] == ["3"]
    files = server.client.transmit.get_output_files("/", task.id)
    assert [file.file_name for file in files] == ["shot_0001.png", "shot_0002.png", "shot_0004.png"]
    for file in files:
        content = server.get(file.file_path, bid="20201").content
        assert len(content) == file.file_size
        assert Image.open(io.BytesIO(content)).size == (64, 36)


def test_layers_render_into_folders_of_their_own(server, maya_task):
    server.put("a/shot.ma")
    shell = server.finish(server.submit(maya_task({"beauty": "1", "fx": "2"})))
    for leaf, name in zip(
        shell.leaves(), ["beauty/shot.0001.exr", "fx/shot.0002.exr"], strict=True
    ):
        content = server.get(f"{leaf.output_file_name}/{name}", bid="20201").content
        assert content[:4] == b"\x76\x2f\x31\x01"


def test_a_missing_scene_fails_the_task(server, blender_task):
    task = server.finish(server.submit(blender_task(scene="/nowhere.blend")))
    assert task.task_status == TaskCode.FAILED
    assert task.raw["remark"] == "missing in the input storage: /nowhere.blend"


def test_a_file_comes_back_whole_in_part_or_as_its_head(server):
    content = bytes(range(256)) * 1000
    server.put("tex/wood.bin", content, headers={"X-Mtime": "1700000000"})
    head = server.send("HEAD", "tex/wood.bin")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(content))
    assert head.headers["X-Mtime"] == "1700000000"
    assert server.get("tex/wood.bin").content == content
    part = server.get("tex/wood.bin", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])
    assert server.get("tex/wood.bin", headers={"Range": "bytes=999999-"}).status_code == 416


def test_an_upload_replaces_the_file_before(server):
    for content in (b"first", b"second and longer", b""):
        server.put("again.bin", content)
        assert server.get("again.bin").content == content


@pytest.mark.parametrize("path", ["nothing.png", "folder"])
def test_what_is_no_file_is_not_found(server, path):
    server.put("folder/file")
    assert server.get(path).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
@pytest.mark.parametrize(
    "auth", [None, ("10000001", "guess"), ("10000001", ""), ("nobody", "guess"), ("", "")]
)
def test_the_storages_want_the_password(server, method, auth):
    assert server.send(method, "a.bin", auth=auth).status_code == 401


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /w==", "Bearer x", "basic eA=="])
def test_a_malformed_login_is_a_wrong_one(server, header):
    assert server.status("GET", "/storage/10201/a.bin", {"Authorization": header}) == 401


@pytest.mark.parametrize(
    "bid", ["30201", "20201", "10202", "10201-10000002", "20201-10000001", "x"]
)
def test_only_the_input_storage_takes_files(server, bid):
    assert server.send("PUT", "a.bin", b"x", bid=bid).status_code == 403


FAMILY = [
    {"access_id": "SIM-main", "access_key": "main-key", "user_id": 10000001},
    {
        "access_id": "SIM-sub",
        "access_key": "sub-key",
        "user_id": 10000002,
        "main": 10000001,
        "shares_capital": True,
    },
    {"access_id": "SIM-other", "access_key": "other-key", "user_id": 10000003},
]


def test_a_family_shares_what_it_shares(start_simulator, tmp_path):
    file = tmp_path / "family.json"
    file.write_text(json.dumps({"accounts": FAMILY}))
    with start_simulator(tmp_path / "cloud", "--settings", str(file)) as process:
        main, sub, other = (
            Server(
                process.popen,
                process.ready,
                Client(
                    Endpoint(process.ready["domain"], scheme="http"),
                    Credentials(row["access_id"], Secret(row["access_key"])),
                ),
            )
            for row in FAMILY
        )
        sub.put("shared.bin", b"from the sub-account")
        assert main.get("shared.bin").content == b"from the sub-account"
        assert sub.get("shared.bin", bid="10201-10000001").status_code == 200
        sub.put("own.bin", b"own", bid="10201-10000002")
        assert sub.get("own.bin", bid="10201-10000002").content == b"own"
        assert main.get("nothing", bid="20201-10000002").status_code == 404
        for stranger, bid in [
            (other, "10201-10000001"),
            (other, "20201-10000002"),
            (sub, "20201-10000001"),
            (main, "20201-10000003"),
        ]:
            assert stranger.get("shared.bin", bid=bid).status_code == 403
            assert stranger.send("PUT", "x.bin", b"x", bid=bid).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD"])
@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "%2e%2e/%2e%2e/secret",
        "..%2f..%2fsecret",
        "a/%2e%2e/%2e%2e/b",
        "%5c..%5csecret",
        "C%3a/secret",
        "a//b",
        "a%00b",
        "a%0ab",
        "x" * 300,
        "",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(server, method, path):
    # A path with a line feed matches no route at all.
    assert server.status(method, f"/storage/10201/{path}") in {400, 404, 405}


def test_a_part_of_a_file_can_be_had_while_it_is_the_same_file(server):
    server.put("ranges.bin", b"0123456789", headers={"X-Mtime": "1700000000"})
    whole = server.get("ranges.bin")
    tag = whole.headers["ETag"]
    assert tag.startswith('"')
    assert server.send("HEAD", "ranges.bin").headers["ETag"] == tag
    part = server.get("ranges.bin", headers={"Range": "bytes=4-", "If-Range": tag})
    assert (part.status_code, part.content) == (206, b"456789")
    assert part.headers["Content-Range"] == "bytes 4-9/10"
    assert part.headers["ETag"] == tag
    beyond = server.get("ranges.bin", headers={"Range": "bytes=10-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, "bytes */10")
    # Another file of the same size and time.
    server.put("ranges.bin", b"abcdefghij", headers={"X-Mtime": "1700000000"})
    changed = server.get("ranges.bin", headers={"Range": "bytes=4-", "If-Range": tag})
    assert (changed.status_code, changed.content) == (200, b"abcdefghij")
    assert changed.headers["ETag"] != tag


def test_checksums_are_told_of_whole_files_when_that_is_set(server, tmp_path):
    assert "Content-MD5" not in server.send("HEAD", "ranges.bin").headers
    with running(tmp_path / "cloud", checksums=True) as telling:
        telling.put("a.bin", b"content")
        digest = base64.b64encode(hashlib.md5(b"content", usedforsecurity=False).digest())
        for method in ("GET", "HEAD"):
            assert telling.send(method, "a.bin").headers["Content-MD5"] == digest.decode()
        part = telling.get("a.bin", headers={"Range": "bytes=1-"})
        assert (part.status_code, part.content) == (206, b"ontent")
        assert "Content-MD5" not in part.headers


def test_a_file_is_no_folder(server):
    server.put("clash/file")
    for path in ("clash/file/below", "clash"):
        assert server.send("PUT", path, b"x").status_code == 409


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": str(10**15)}, 413),
        ({"Content-Length": "9" * 19}, 413),
        ({"Content-Length": "-1"}, 400),
        ({"Content-Length": "many"}, 400),
        ({"X-Mtime": "soon"}, 400),
        ({"X-Mtime": "nan"}, 400),
        ({"X-Mtime": "1e30"}, 400),
    ],
)
def test_an_impossible_upload_is_refused_before_it_is_sent(server, headers, status):
    assert server.status("PUT", "/storage/10201/huge.bin", headers) == status
    assert server.get("huge.bin").status_code == 404


def test_an_upload_that_breaks_off_leaves_nothing(server):
    host, port = server.ready["domain"].split(":")
    lines = [
        "PUT /storage/10201/half.bin HTTP/1.1",
        f"Host: {host}",
        f"Authorization: {basic(*server.login)}",
        "Content-Length: 1000",
        "",
        "only this",
    ]
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode())
    assert server.get("half.bin").status_code == 404


@pytest.mark.parametrize("path", ["/api/render/submit/createTask", "/simulator/nodes"])
def test_a_caller_that_leaves_in_the_middle_leaves_no_trace(tmp_path, start_simulator, path):
    with start_simulator(tmp_path) as process:
        host, port = process.ready["domain"].split(":")
        lines = [
            f"POST {path} HTTP/1.1",
            f"Host: {host}",
            "Content-Type: application/json",
            f"Authorization: Bearer {process.ready['admin_token']}",
            "Content-Length: 1000",
            "",
            "{",
        ]
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall("\r\n".join(lines).encode())
        assert process.state()["tasks"] == []


def test_it_ends_while_an_answer_is_held_back(tmp_path, start_simulator):
    faults = ["--fault", "create_task:latency,seconds=600", "--fault", "*:slow_drip,seconds=600"]
    with start_simulator(tmp_path, *faults) as process:
        host, port = process.ready["domain"].split(":")
        waiting = []
        for path in ("createTask", "submitTask"):
            connection = socket.create_connection((host, int(port)), timeout=20)
            head = f"POST /api/render/submit/{path} HTTP/1.1\r\nHost: {host}\r\n"
            connection.sendall(f"{head}Content-Length: 2\r\n\r\n{{}}".encode())
            waiting.append(connection)
        while sum(fault["struck"] for fault in process.state()["faults"]) < 2:
            pass
        process.popen.send_signal(signal.SIGTERM)
        assert process.popen.wait(20) == 0
        for connection in waiting:
            connection.close()


def test_nobody_who_reads_its_address_ends_it_without_a_word(tmp_path):
    command = [sys.executable, "-m", "renderbus_core", "simulator", "--storage", str(tmp_path)]
    for option in ([], ["--json"]):
        reading, writing = os.pipe()
        os.close(reading)
        with subprocess.Popen([*command, *option], stdout=writing, stderr=subprocess.PIPE) as popen:
            os.close(writing)
            assert (popen.wait(20), popen.stderr.read()) == (1, b"")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 405),
        ("GET", "/api/render/setUp/queryUserProfile", 405),
        ("DELETE", "/storage/10201/a.bin", 405),
        ("POST", "/storage/10201/a.bin", 404),
        ("POST", "/nothing", 404),
        ("POST", "/api/render/setUp/queryUserProfile?x=1", 200),
    ],
)
def test_other_requests_are_refused_in_good_order(server, method, path, status):
    assert server.status(method, path) == status


def test_a_name_that_only_resolves_here_is_refused(server):
    reply = requests.get(
        server.ready["url"] + "/simulator/state", headers={"Host": "evil.example"}, timeout=20
    )
    assert reply.status_code == 400


def test_the_state_is_shown_without_secrets(server):
    assert server.state().json()["currency"] == "USD"
    for secret in (server.ready["access_key"], server.login[1]):
        assert secret not in server.state().text


def test_pictures_that_cannot_be_drawn_fail_their_frames(server, blender_task):
    server.put("a/spin.blend")
    task = blender_task("1-2[1]")
    task["scene_info"]["common"]["Render_Format"] = "HDR"
    ended = server.finish(server.submit(task))
    assert ended.failed_frames == 2
    failed = {row["id"]: row["failed"] for row in server.state().json()["tasks"]}
    assert "cannot be .hdr files" in failed[ended.id]["1"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_while_it_renders(tmp_path, blender_task, number):
    with running(tmp_path, speed=1000) as server:
        server.put("a/spin.blend")
        server.submit(blender_task("1-200[1]"))
        server.process.send_signal(number)
        assert server.process.wait(20) == 0


@pytest.mark.heavy
def test_a_frame_is_sent_again_while_it_renders(tmp_path, blender_task):
    with running(tmp_path, speed=1000, frame_seconds=1, nodes=1) as server:
        server.put("a/spin.blend")
        # Large enough to be still drawn when it is sent again.
        task = blender_task("1")
        task["scene_info"]["common"] |= {"width": "6000", "height": "6000"}
        task_id = server.submit(task)
        for _ in range(20_000):
            if server.client.query.task_info([task_id])[task_id].executing_frames:
                break
        for _ in range(3):
            server.client.query.restart_frame(task_id, everything=True)
        task = server.finish(task_id)
        assert (task.task_status, task.failed_frames) == (TaskCode.FINISHED, 0)
        (frame,) = server.client.query.iter_frames(task_id)
        assert frame.recommit_flag == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes exist on POSIX systems only")
def test_its_end_ends_every_blender_it_started(tmp_path, blender_task, monkeypatch):
    pipe, program = tmp_path / "pipe", tmp_path / "bin/blender"
    os.mkfifo(pipe)
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nsleep 600 > {pipe}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    with running(tmp_path / "cloud", "blender", **FAST) as server:
        server.put("a/spin.blend")
        server.submit(blender_task("1-4[1]"))
        with pipe.open("rb") as started:
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(20) == 0
            assert started.read() == b""


def test_what_cannot_be_served_is_told_in_one_sentence(server, tmp_path):
    port = int(server.ready["domain"].rpartition(":")[2])
    with pytest.raises(InputError, match=f"port {port}"):
        serve(Settings(), tmp_path, port)
    with pytest.raises(InputError, match="port 70000"):
        serve(Settings(), tmp_path, 70000)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="storage folder"):
        serve(Settings(), tmp_path / "file")


SPIN = """
import bpy, sys
render = bpy.context.scene.render
render.engine = "CYCLES"
render.resolution_x, render.resolution_y, render.resolution_percentage = 40, 20, 100
bpy.context.scene.cycles.samples = 1
bpy.context.scene.cycles.use_denoising = False
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[-1])
"""


@pytest.mark.heavy
@pytest.mark.skipif(shutil.which("blender") is None, reason="Blender is not installed")
def test_blender_renders_what_was_uploaded(tmp_path, blender_task):
    scene = tmp_path / "spin.blend"
    make = ["blender", "--background", "--factory-startup", "--python-expr", SPIN, "--", str(scene)]
    subprocess.run(make, check=True, capture_output=True, timeout=60)
    with running(tmp_path / "cloud", "blender", **FAST) as server:
        assert server.ready["renderer"] == "blender for Blender scenes, stand-in for all others"
        server.put("a/spin.blend", scene.read_bytes())
        task = server.finish(server.submit(blender_task("1-3[1]")))
        assert task.task_status == TaskCode.FINISHED
        for file in server.client.transmit.get_output_files("/", task.id):
            content = server.get(file.file_path, bid="20201").content
            assert Image.open(io.BytesIO(content)).size == (40, 20)
