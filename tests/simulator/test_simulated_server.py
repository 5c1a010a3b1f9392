"""The simulator as a process: the API and the storages over real HTTP on the loopback address."""

from __future__ import annotations

import base64
import http.client
import io
import json
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
from renderbus_core.statuses import FrameCode, TaskCode, task_status

PROGRAM = """
import json, sys
from pathlib import Path
from renderbus_core.simulator import RendererKind, Settings, serve

def tell(ready):
    fields = {name: getattr(ready, name) for name in ready.__slots__}
    fields["access_key"] = ready.access_key.reveal()
    print(json.dumps(fields), flush=True)

settings = json.loads(sys.argv[2])
settings["fail_frames"] = {int(k): v for k, v in settings.get("fail_frames", {}).items()}
serve(Settings(**settings), Path(sys.argv[1]), 0, tell,
      renderer=RendererKind(sys.argv[3]), exit_with_stdin=True)
"""
FAST = {"speed": 10000, "frame_seconds": 60, "nodes": 2}


@dataclass
class Server:
    process: subprocess.Popen
    ready: dict

    @property
    def client(self):
        credentials = Credentials(self.ready["access_id"], Secret(self.ready["access_key"]))
        return Client(Endpoint(self.ready["domain"], scheme="http"), credentials)

    @property
    def login(self):
        (engine,) = self.client.transmit.get_transfer_config()["resqEngines"]
        account = engine["resqEngineAccounts"][0]
        return account["name"], account["password"]

    def url(self, path, bid="10201"):
        return f"{self.ready['storage']}/{bid}/{path}"

    def raw(self, method, path, headers=None, body=b""):
        """Send a path exactly as it is written."""
        name, password = self.login
        code = base64.b64encode(f"{name}:{password}".encode()).decode()
        connection = http.client.HTTPConnection(self.ready["domain"], timeout=20)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            connection.putheader("Authorization", f"Basic {code}")
            for header, value in (headers or {"Content-Length": str(len(body))}).items():
                connection.putheader(header, value)
            connection.endheaders(body)
            return connection.getresponse().status
        finally:
            connection.close()


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
            yield Server(process, json.loads(line))
        finally:
            process.stdin.close()
            assert process.wait(20) == 0
            assert process.stderr.read() == b""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cloud"), fail_frames={"3": 1}, **FAST) as server:
        yield server


def submit(server, task):
    client = server.client
    (task_id,) = client.task.create_task().task_id_list
    scene = task["task_info"]["input_cg_file"]
    upload = {"asset": [{"local": scene, "server": scene}]}
    client.transmit.upload_task_json(task_id, "task.json", json.dumps(task))
    client.transmit.upload_task_json(task_id, "upload.json", json.dumps(upload))
    client.task.submit_task(task_id)
    return task_id


def finish(server, task_id):
    client = server.client
    for _ in range(20_000):
        task = client.query.query_task_info([task_id])[task_id]
        if all(task_status(leaf.task_status).is_terminal for leaf in task.leaves()):
            return task
    raise AssertionError(
        f"task {task_id} does not end: {requests.get(server.ready['url'] + '/simulator/state', timeout=9).text}"
    )


def test_a_task_travels_renders_and_its_pictures_come_home(server, blender_task):
    scene = "/show/scenes/spin with blanks.blend"
    put = requests.put(
        server.url("show/scenes/spin with blanks.blend"), b"scene", auth=server.login, timeout=20
    )
    assert put.status_code == 201
    task = finish(server, submit(server, blender_task("1-4[1]", scene=scene)))
    assert task.task_status == TaskCode.FINISHED_HAS_FAILED
    frames = {f.frame_index: f.frame_status for f in server.client.query.iter_frames(task.id)}
    assert frames == {
        "1": FrameCode.DONE,
        "2": FrameCode.DONE,
        "3": FrameCode.ERROR,
        "4": FrameCode.DONE,
    }
    files = server.client.transmit.get_output_files("/", task.id)
    assert [file.file_name for file in files] == ["shot_0001.png", "shot_0002.png", "shot_0004.png"]
    for file in files:
        reply = requests.get(
            server.url(file.file_path.strip("/"), "20201"), auth=server.login, timeout=20
        )
        assert len(reply.content) == file.file_size
        assert Image.open(io.BytesIO(reply.content)).size == (64, 36)


def test_layers_render_into_folders_of_their_own(server, maya_task):
    requests.put(
        server.url("a/shot.ma"), b"scene", auth=server.login, timeout=20
    ).raise_for_status()
    shell = finish(server, submit(server, maya_task({"beauty": "1", "fx": "2"})))
    for leaf, name in zip(
        shell.leaves(), ["beauty/shot.0001.exr", "fx/shot.0002.exr"], strict=True
    ):
        address = server.url(f"{leaf.output_file_name}/{name}", "20201")
        content = requests.get(address, auth=server.login, timeout=20).content
        assert content[:4] == b"\x76\x2f\x31\x01"


def test_a_file_comes_back_whole_in_part_or_as_its_head(server):
    content = bytes(range(256)) * 1000
    address = server.url("tex/wood.bin")
    headers = {"X-Mtime": "1700000000"}
    requests.put(
        address, content, headers=headers, auth=server.login, timeout=20
    ).raise_for_status()
    head = requests.head(address, auth=server.login, timeout=20)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(content))
    assert head.headers["X-Mtime"] == "1700000000"
    assert requests.get(address, auth=server.login, timeout=20).content == content
    part = requests.get(address, headers={"Range": "bytes=100-199"}, auth=server.login, timeout=20)
    assert (part.status_code, part.content) == (206, content[100:200])
    beyond = requests.get(
        address, headers={"Range": "bytes=999999-"}, auth=server.login, timeout=20
    )
    assert beyond.status_code == 416


def test_an_upload_replaces_the_file_before(server):
    for content in (b"first", b"second and longer", b""):
        address = server.url("again.bin")
        requests.put(address, content, auth=server.login, timeout=20).raise_for_status()
        assert requests.get(address, auth=server.login, timeout=20).content == content


def test_what_is_not_there_is_not_found(server):
    for path in ("nothing.png", "tex"):
        assert requests.get(server.url(path), auth=server.login, timeout=20).status_code == 404


@pytest.mark.parametrize(
    "auth", [None, ("10000001", "guess"), ("10000001", ""), ("nobody", "guess"), ("", "")]
)
def test_the_storages_want_the_password(server, auth):
    for method in ("GET", "PUT", "HEAD"):
        reply = requests.request(method, server.url("a.bin"), data=b"x", auth=auth, timeout=20)
        assert reply.status_code == 401


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /w==", "Bearer x", "basic eA=="])
def test_a_malformed_login_is_a_wrong_one(server, header):
    reply = requests.get(server.url("a.bin"), headers={"Authorization": header}, timeout=20)
    assert reply.status_code == 401


@pytest.mark.parametrize("bid", ["30201", "10202", "..", "10201-10000001", "x"])
def test_other_storages_are_closed_and_the_output_is_read_only(server, bid):
    assert requests.put(
        server.url("a.bin", bid), b"x", auth=server.login, timeout=20
    ).status_code in {403, 405}
    assert (
        requests.put(server.url("a.bin", "20201"), b"x", auth=server.login, timeout=20).status_code
        == 403
    )


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "%2e%2e/%2e%2e/secret",
        "..%2f..%2fsecret",
        "a/%2e%2e/%2e%2e/b",
        "%5c..%5csecret",
        "C%3a/secret",
        "/etc/passwd",
        "a%00b",
        "a%0ab",
        "%ff%fe",
        "x" * 300,
        "",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(server, path):
    for method in ("PUT", "GET", "HEAD"):
        status = server.raw(method, f"/storage/10201/{path}")
        assert 400 <= status < 500 or path == "%ff%fe"


def test_a_file_is_no_folder(server):
    assert server.raw("PUT", "/storage/10201/clash/file") == 201
    assert server.raw("PUT", "/storage/10201/clash/file/below") == 409
    assert server.raw("PUT", "/storage/10201/clash") == 409


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": str(10**15)}, 413),
        ({"Content-Length": "9" * 19}, 413),
        ({"Content-Length": "-1"}, 400),
        ({"Content-Length": "many"}, 400),
        ({"Content-Length": "0", "X-Mtime": "soon"}, 400),
        ({"Content-Length": "0", "X-Mtime": "nan"}, 400),
        ({"Content-Length": "0", "X-Mtime": "1e30"}, 400),
    ],
)
def test_an_impossible_upload_is_refused_before_it_is_sent(server, headers, status):
    assert server.raw("PUT", "/storage/10201/huge.bin", headers) == status
    assert server.raw("GET", "/storage/10201/huge.bin") == 404


def test_an_upload_that_breaks_off_leaves_nothing(server):
    name, password = server.login
    code = base64.b64encode(f"{name}:{password}".encode()).decode()
    host, port = server.ready["domain"].split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            f"PUT /storage/10201/half.bin HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {code}\r\n"
            "Content-Length: 1000\r\n\r\nonly this".encode()
        )
    assert server.raw("GET", "/storage/10201/half.bin") == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 405),
        ("GET", "/api/render/setUp/queryUserProfile", 405),
        ("DELETE", "/storage/10201/a.bin", 405),
        ("POST", "/storage/10201/a.bin", 405),
        ("POST", "/nothing", 404),
        ("POST", "/api/render/setUp/queryUserProfile?x=1", 200),
    ],
)
def test_other_requests_are_refused_in_good_order(server, method, path, status):
    assert server.raw(method, path) == status


def test_a_name_that_only_resolves_here_is_refused(server):
    reply = requests.get(
        server.ready["url"] + "/simulator/state", headers={"Host": "evil.example"}, timeout=20
    )
    assert reply.status_code == 400


def test_the_state_is_shown_without_secrets(server):
    reply = requests.get(server.ready["url"] + "/simulator/state", timeout=20)
    assert reply.json()["currency"] == "USD"
    for secret in (server.ready["access_key"], server.login[1]):
        assert secret not in reply.text


def test_pictures_that_cannot_be_drawn_fail_their_frames(server, blender_task):
    requests.put(
        server.url("a/spin.blend"), b"scene", auth=server.login, timeout=20
    ).raise_for_status()
    task = blender_task("1-2[1]")
    task["scene_info"]["common"]["Render_Format"] = "HDR"
    ended = finish(server, submit(server, task))
    assert ended.failed_frames == 2
    state = requests.get(server.ready["url"] + "/simulator/state", timeout=20).json()
    failed = next(row["failed"] for row in state["tasks"] if row["id"] == ended.id)
    assert "cannot be .hdr files" in failed["1"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_while_it_renders(tmp_path, blender_task, number):
    with running(tmp_path, speed=1000) as server:
        requests.put(server.url("a/spin.blend"), b"scene", auth=server.login, timeout=20)
        submit(server, blender_task("1-200[1]"))
        server.process.send_signal(number)
        assert server.process.wait(20) == 0


def test_a_taken_port_is_told_in_one_sentence(server, tmp_path):
    from renderbus_core.errors import InputError
    from renderbus_core.simulator import Settings, serve

    port = int(server.ready["domain"].rpartition(":")[2])
    with pytest.raises(InputError, match=f"port {port}"):
        serve(Settings(), tmp_path, port)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="storage folder"):
        serve(Settings(), tmp_path / "file")


@pytest.mark.heavy
def test_blender_renders_what_was_uploaded(tmp_path, blender_task):
    pytest.importorskip("bpy", reason="placeholder")
