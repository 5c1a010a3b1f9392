"""A cloud that holds many long tasks in memory and counts: one process for both clients.

Run by `bench_burst.py` with the numbers of tasks and of frames in each; prints its port. A GET of
`/count` tells requests and bytes so far, one of `/begin/TASKS/FRAMES` lets machines begin some
frames of the first tasks.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from api_server import PAGE, Connection, envelope, frame

FIRST_TASK = 10_000_000
_WAITING, _STARTED = 1, 2
_RENDERING = 5
_PICTURE = 5


class Cloud:
    """All that is known: a byte per frame, which is its status.

    Args:
        tasks: how many.
        frames: in each.
    """

    def __init__(self, tasks: int, frames: int) -> None:
        self._frames = frames
        self._statuses = {FIRST_TASK + n: bytearray([_WAITING]) * frames for n in range(tasks)}
        self._row = _row_template()
        self._requests = self._bytes = 0
        self.latency = 0.0
        self._answers: Mapping[str, Callable[[Any], bytes]] = {
            "queryTaskInfo": self._task_info,
            "queryTaskFrames": self._task_frames,
        }

    def told(self, path: str) -> bytes:
        """Answer a question of the benchmark."""
        what, *numbers = path.strip("/").split("/")
        if what == "begin":
            tasks, frames = map(int, numbers)
            for statuses in list(self._statuses.values())[:tasks]:
                begun = statuses.count(_STARTED)
                statuses[begun : begun + frames] = bytes([_STARTED]) * frames
        return envelope({"requests": self._requests, "bytes": self._bytes})

    def reply(self, path: str, body: bytes) -> bytes:
        """Answer a call."""
        known = next((answer for end, answer in self._answers.items() if end in path), None)
        reply = envelope({}) if known is None else known(json.loads(body))
        self._requests += 1
        self._bytes += len(body) + len(reply)
        return reply

    def _task_info(self, asked: Any) -> bytes:
        items = [self._task(id_) for id_ in asked["taskIds"] if id_ in self._statuses]
        page = {"pageCount": 1, "pageNum": 1, "total": len(items), "size": PAGE}
        return envelope({**page, "items": items})

    def _task(self, id_: int) -> dict[str, object]:
        return {
            "id": id_,
            "taskAlias": f"P{id_}",
            "sceneName": "/projects/shot_010/lighting/shot_010_lighting_v012.ma",
            "taskStatus": _RENDERING,
            "statusText": f"render_task_status_{_RENDERING}",
            "preTaskStatus": 25,
            "totalFrames": self._frames,
            "executingFrames": self._statuses[id_].count(_STARTED),
            "doneFrames": 0,
            "failedFrames": 0,
            "abortFrames": 0,
            "framesRange": f"1-{self._frames}[1]",
            "renderConsume": None,
            "submitDate": 1535958477000,
            "userId": 10_000_001,
            "outputFileName": "",
            "layerParentId": 0,
            "cgId": 2000,
        }

    def _task_frames(self, asked: Any) -> bytes:
        id_, number = asked["taskId"], asked["pageNum"]
        first = (number - 1) * PAGE
        statuses = self._statuses[id_][first : first + PAGE]
        rows = ",".join(
            self._row % (first + at, id_, first + at + 1, status, status)
            for at, status in enumerate(statuses)
        )
        pages = -(-self._frames // PAGE)
        page = {"pageCount": pages, "pageNum": number, "total": self._frames, "size": len(statuses)}
        text = envelope({**page, "items": []}).partition(b"\r\n\r\n")[2]
        return _with_head(text.replace(b'"items": []', f'"items": [{rows}]'.encode()))


def _row_template() -> str:
    """Return a row as long as a real one, with places for id, task, frame and status twice."""
    times = {"startTime": 0, "endTime": 0, "frameExecuteTime": 0}
    row = frame(1) | times | {"feeAmount": None, "frameType": _PICTURE}
    places = {"id": "%d", "taskId": "%d", "frameIndex": '"%d"', "frameStatus": "%d"}
    places["frameStatusText"] = '"task_frame_status_%d"'
    members = (f"{json.dumps(key)}: {places.get(key, json.dumps(row[key]))}" for key in row)
    return f"{{{', '.join(members)}}}"


def _with_head(body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def main(tasks: int, frames: int) -> None:
    """Listen on loopback until this process is ended."""
    cloud = Cloud(tasks, frames)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(cloud), "127.0.0.1", 0, backlog=128)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
