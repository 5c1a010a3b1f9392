"""A simulated storage as a process, a line to it that can be cut, and servers with bad manners."""

from __future__ import annotations

import http.server
import json
import re
import socket
import subprocess
import sys
import threading
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from renderbus_core.api import Client, Endpoint
from renderbus_core.config import Credentials, Secret
from renderbus_core.transfer import HttpStorageEngine, Storage

PROGRAM = """
import json, sys
from pathlib import Path
from renderbus_core.simulator import RendererKind, Settings, serve

def tell(ready):
    told = {"domain": ready.domain, "id": ready.access_id, "key": ready.access_key.reveal()}
    print(json.dumps(told), flush=True)

serve(Settings(**json.loads(sys.argv[2])), Path(sys.argv[1]), 0, tell,
      renderer=RendererKind("stand-in"), exit_with_stdin=True)
"""
OUTPUTS = "20201-10000001"
INPUTS = "10201-10000001"


@dataclass
class Cloud:
    """A running simulator's storages.

    Args:
        port: of it.
        folder: that holds its files.
        password: of its only user.
    """

    port: int
    folder: Path
    password: Secret

    def put(self, name: str, content: bytes, storage: str = OUTPUTS) -> None:
        """Let a file appear as a renderer would leave it: another file, at once."""
        path = self.folder / storage / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name("new")
        new.write_bytes(content)
        new.replace(path)

    def engine(self, port: int | None = None, parallel: int = 4) -> HttpStorageEngine:
        url = f"http://127.0.0.1:{port or self.port}/storage"
        inputs, outputs = (Storage(bid, "10000001", self.password) for bid in ("10201", "20201"))
        return HttpStorageEngine(url, inputs, outputs, parallel)


@contextmanager
def running(folder, **settings):
    arguments = [sys.executable, "-c", PROGRAM, str(folder), json.dumps(settings)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(arguments, **pipes) as process:
        try:
            ready = json.loads(process.stdout.readline())
            account = Credentials(ready["id"], Secret(ready["key"]))
            with Client(Endpoint(ready["domain"], scheme="http"), account) as client:
                (offer,) = client.transmit.get_transfer_config().resq_engines
            password = offer.resq_engine_accounts[0].password
            yield Cloud(int(ready["domain"].partition(":")[2]), folder, password)
            process.stdin.close()
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def cloud_with_checksums(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cloud"), checksums=True) as cloud:
        yield cloud


class Line:
    """A line to a server that passes on so many bytes of what comes back, and then is cut.

    Args:
        port: of the server.

    `cuts` has a number for each of the next connections; `hold` stops the flow there instead,
    until it is let go. `heads` are the requests that went by, `passed` the bytes that came back.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cuts: list[int] = []
        self.heads: list[str] = []
        self.passed = 0
        self.hold: threading.Event | None = None
        self.reached = threading.Event()
        self._flows: list[threading.Thread] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        if self.hold:
            self.hold.set()
        self._listener.close()

    def wait_for_all(self) -> None:
        """Wait until the connections that were made by now have ended."""
        for flow in self._flows:
            flow.join(60)

    def ranges(self) -> list[str]:
        """Return the ranges that were asked for."""
        return [found[1] for head in self.heads if (found := re.search(r"Range: (bytes\S+)", head))]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                theirs = socket.create_connection(("127.0.0.1", self._to))
                left = self.cuts.pop(0) if self.cuts else None
                for job in (self._up, ours, theirs), (self._down, ours, theirs, left):
                    self._flows.append(threading.Thread(target=job[0], args=job[1:], daemon=True))
                    self._flows[-1].start()

    def _up(self, ours, theirs) -> None:
        with suppress(OSError), closing(theirs):
            while block := ours.recv(1 << 16):
                self.heads.append(block.decode("latin-1"))
                theirs.sendall(block)

    def _down(self, ours, theirs, left) -> None:
        with suppress(OSError), closing(ours):
            while block := theirs.recv(1 << 16):
                if left is not None and len(block) >= left:
                    ours.sendall(block[:left])
                    self.passed += left
                    self.reached.set()
                    if self.hold is None:
                        ours.shutdown(socket.SHUT_RDWR)
                        theirs.shutdown(socket.SHUT_RDWR)
                        return
                    self.hold.wait(60)
                    ours.sendall(block[left:])
                    left = None
                    continue
                ours.sendall(block)
                self.passed += len(block)
                left = None if left is None else left - len(block)


@pytest.fixture
def line(cloud):
    line = Line(cloud.port)
    yield line
    line.close()


@pytest.fixture
def open_engine(cloud):
    """Return what opens an engine, on a port or on the cloud's own."""
    opened = []

    def open_engine(port=None, parallel=4):
        opened.append(cloud.engine(port, parallel))
        return opened[-1]

    yield open_engine
    for engine in opened:
        engine.close()


@pytest.fixture
def rude():
    """Return what serves every GET with one function of the handler, and gives the port."""
    servers = []

    def serve(answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self)

            def do_HEAD(self):
                answer(self)

            def log_message(self, *_):
                pass

            def reply(self, status, content=b"", **headers):
                self.send_response(status)
                length = {"Content_Length": str(len(content))} | headers
                for name, value in length.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content)

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_address[1]

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


class Heard:
    """Progress that remembers, and may have enough."""

    def __init__(self, enough: type[BaseException] | None = None) -> None:
        self.files: dict[str, bool] = {}
        self.bytes = 0
        self.calls = 0
        self._enough = enough

    def bytes_moved(self, count):
        self.calls += 1
        self.bytes += count
        if self._enough and self.bytes:
            raise self._enough

    def file_done(self, name, size, *, skipped):
        assert size >= 0
        self.files[name] = skipped


@pytest.fixture
def heard():
    return Heard
