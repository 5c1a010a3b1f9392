"""The way to the cloud: requests that get lost, late, twice or nowhere, and what truly arrived."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import requests

from burstsim.cases import Fault
from renderbus_core.api import routes
from renderbus_core.simulator import (
    Answer,
    DiskStorage,
    FaultKind,
    Request,
    Settings,
    SimulatedCloud,
    SimulatorAdapter,
)
from renderbus_core.simulator import Fault as CloudFault

if TYPE_CHECKING:
    from burstsim.hosts import Host
    from burstsim.world import World

# Faults after which the caller has read the whole reply.
_HEARD = frozenset(
    {"latency", "slow_drip", "duplicate", "echo", "expired", "wrong_counts", "crash after"}
)
_HEARD_CODE = "code "

DOMAIN = "127.0.0.1:9"
"""A loopback address, so that nothing of this machine's environment has a say."""


class Cloud(SimulatedCloud):
    """The simulated cloud, whose files may take some time to be whole.

    Args:
        settings: how it behaves.
        storage: of all files.
        growing: seconds from a frame's end until its files are whole; 0 for at once.
        now: the true time.
    """

    def __init__(self, settings: Settings, storage: DiskStorage, growing: float, now: Any) -> None:
        super().__init__(settings, storage)
        self._growing = growing
        self._now = now
        self.storage = storage

    def receive(self, request: Request, now: datetime) -> Answer:
        answer = super().receive(request, now)
        if self._growing and routes()[request.path].name == "get_output_files":
            answer = self._with_sizes_of_now(answer)
        return answer

    def content(self, storage: str, name: str) -> bytes:
        """Return what of a file of the output storage is there by now."""
        whole = self.storage.path(storage, name).read_bytes()
        return whole[: self._size(name.lstrip("/"), len(whole))]

    def _with_sizes_of_now(self, answer: Answer) -> Answer:
        try:
            document = json.loads(answer.content)
        except ValueError:
            return answer
        for row in document.get("data") or ():
            if row["fileSize"] is not None:
                row["fileSize"] = self._size(row["filePath"].lstrip("/"), row["fileSize"])
        return replace(answer, content=json.dumps(document).encode())

    def _size(self, name: str, whole: int) -> int:
        if not self._growing:
            return whole
        (files,) = self._world.outputs.values()
        stored = files.get(name)
        age = (self._now() - stored.modified_at).total_seconds() if stored else self._growing
        return min(whole, max(1, int(whole * age / self._growing)))


class Wire:
    """The connection of one gateway, as a transport of `requests`.

    Args:
        host: whose.
        adapter: brings requests to the cloud.
    """

    def __init__(self, host: Host, adapter: SimulatorAdapter) -> None:
        self._host = host
        self._adapter = adapter

    def close(self) -> None:
        pass

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        host, witness = self._host, self._host.world.witness
        operation = routes()[request.path_url].name
        body = json.loads(request.body or b"{}")
        fault = host.passes(f"wire {operation}")
        kind = fault.kind if fault else ""
        witness.on_its_way(operation, body)
        if kind == "crash before":
            witness.never_sent(operation, body)
        host.strike(fault, before=True)
        if kind == "unreachable":
            witness.never_sent(operation, body)
            raise requests.ConnectTimeout(request=request)
        witness.sending(host, operation, body)
        try:
            response = self._carry(fault, request, kwargs)
        except requests.RequestException as error:
            host.note(f"wire {operation} -> {type(error).__name__}")
            witness.sent(host, operation, body, None)
            raise
        heard = kind in _HEARD or not kind or kind == "pause" or kind.startswith(_HEARD_CODE)
        reply = json.loads(response.content) if heard else None
        host.note(f"wire {operation} -> {reply['code'] if reply else 'spoiled'}")
        witness.sent(host, operation, body, reply)
        if fault and kind == "echo":
            host.world.echo(request, fault.seconds)
        host.strike(fault, before=False)
        return response

    def _carry(self, fault: Fault | None, request: Any, kwargs: Any) -> requests.Response:
        cloud = self._host.world.cloud
        spoiled = cloud_fault(fault) if fault else None
        if spoiled is None:
            return self._adapter.send(request, **kwargs)
        cloud.set_faults([spoiled])
        try:
            return self._adapter.send(request, **kwargs)
        finally:
            cloud.set_faults([])


def cloud_fault(fault: Fault) -> CloudFault | None:
    """Return the simulator's rule for a fault of the wire; None when it is not the simulator's."""
    word, _, detail = fault.kind.partition(" ")
    if word not in set(FaultKind):
        return None
    return CloudFault(
        FaultKind(word),
        seconds=fault.seconds,
        code=int(detail) if word == "code" else 500,
        processed=detail == "done",
    )


def echo(world: World, request: requests.PreparedRequest) -> None:
    """Let a request that was answered arrive once more; nobody hears the second answer."""
    body = request.body or b""
    world.adapter.catch_up()
    world.cloud.handle(
        Request(
            domain=DOMAIN,
            path=request.path_url,
            headers=request.headers,
            body=body.encode() if isinstance(body, str) else body,
        ),
        world.time.now(),
    )
