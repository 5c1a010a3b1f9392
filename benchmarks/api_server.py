"""A cloud that answers at once, or after a while, and counts: one process for both clients.

Run by `bench_api.py`; prints its port. Every path answers with success; one that ends in
`queryTaskFrames` with a page of frames. A GET of `/count` tells how many requests there were, one
of `/latency/MILLISECONDS` slows everything down from now on.
"""

from __future__ import annotations

import asyncio
import json
from typing import cast

FRAMES = 10_000
PAGE = 100


def frame(number: int) -> dict[str, object]:
    """Return a frame's row as long as a real one."""
    return {
        "id": 50_000 + number,
        "userId": 10_000_001,
        "taskId": 7,
        "frameIndex": str(number),
        "frameStatus": 4,
        "frameStatusText": "task_frame_status_4",
        "frameType": 2,
        "frameBlock": "",
        "framePrice": "0.0412",
        "feeAmount": 0.0412,
        "couponFee": 0.0,
        "feeType": 0,
        "arrearsFee": 0.0,
        "startTime": 1535960273000,
        "endTime": 1535960762000,
        "frameExecuteTime": 489,
        "recommitFlag": 0,
        "isOverTime": 0,
        "averageCpu": 73,
        "averageMemory": 14_271_066_112,
        "gopName": "",
        "nodeId": "10.60.1.181",
    }


def envelope(data: object) -> bytes:
    """Return a reply with its head."""
    body = json.dumps(
        {
            "version": "1.0.0",
            "result": True,
            "message": "success",
            "code": 200,
            "data": data,
            "serverTime": 1535957371000,
            "requestId": "bench",
        }
    ).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def page(number: int) -> bytes:
    """Return a page of frames; the one behind the last is empty."""
    rows = range((number - 1) * PAGE, min(number * PAGE, FRAMES))
    return envelope(
        {
            "pageCount": FRAMES // PAGE,
            "pageNum": number,
            "total": FRAMES,
            "size": len(rows),
            "items": [frame(row) for row in rows],
        }
    )


class State:
    """What the connections share; all replies are made beforehand."""

    def __init__(self) -> None:
        self.count = 0
        self.latency = 0.0
        self.pages = [page(number) for number in range(1, FRAMES // PAGE + 2)]
        task = {"pageCount": 1, "pageNum": 1, "total": 1, "size": 1, "items": [{"id": 7}]}
        self.any = envelope(task | {"userId": 10_000_001})

    def told(self, path: str) -> bytes:
        """Answer a question of the benchmark."""
        if path.startswith("/latency/"):
            self.latency = int(path.removeprefix("/latency/")) / 1000
        return envelope(self.count)

    def reply(self, path: str, body: bytes) -> bytes:
        """Answer a call."""
        self.count += 1
        if not path.endswith("queryTaskFrames"):
            return self.any
        number: int = json.loads(body)["pageNum"]
        return self.pages[min(number, len(self.pages)) - 1]


class Connection(asyncio.Protocol):
    """As little of HTTP as the two clients speak."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer once a request is there as a whole; nobody sends the next one before."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if len(body) < length:
            return
        self._received = b""
        method, path, _ = head.split(b"\r\n")[0].decode().split()
        if method == "GET":
            self._transport.write(self._state.told(path))
        elif self._state.latency:
            reply = self._state.reply(path, body)
            asyncio.get_running_loop().call_later(self._state.latency, self._answer, reply)
        else:
            self._answer(self._state.reply(path, body))

    def _answer(self, reply: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(reply)


async def main() -> None:
    """Listen on loopback until this process is ended."""
    state = State()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(state), "127.0.0.1", 0, backlog=128)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
