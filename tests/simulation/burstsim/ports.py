"""The engine's ports with faults in them: the farm, the store, and the moving of files.

Each call passes a named point first. What a fault of that point does, it does here; what came of
the call, the world's witness hears.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from burstsim.cases import Fault
from burstsim.faults import Crash
from renderbus_core.burst import BurstStore
from renderbus_core.errors import FarmError, StoreError, TransferError
from renderbus_core.farm import LocalFarm
from renderbus_core.jobs import Claim, Outcome, TaskRef
from renderbus_core.transfer import Download, Progress, Upload

if TYPE_CHECKING:
    from burstsim.hosts import Host

# Calls of the store that change it; each is one transaction.
WRITES = frozenset(
    {
        "lease",
        "renew",
        "give_up",
        "plan",
        "ask",
        "move",
        "note",
        "confirm",
        "move_tasks",
        "note_situations",
        "note_remote",
        "stage",
        "list_outputs",
        "forget_outputs",
        "collected",
        "intent",
        "settle",
    }
)


class StorePort:
    """The store as one gateway has it.

    Args:
        store: the real one.
        host: whose.
    """

    def __init__(self, store: BurstStore, host: Host) -> None:
        self._store = store
        self._host = host
        self._begun: dict[int, str] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return self._guarded(name, method) if name in WRITES else method

    def _guarded(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            fault = self._host.passes(self._point(name, args))
            self._host.strike(fault, before=True)
            if fault and fault.kind == "store error":
                raise StoreError("the burst store cannot be used (disk I/O error)")
            witness = self._host.world.witness
            witness.writing(name, args)
            result = method(*args, **kwargs)
            witness.written(self._host, name, args, kwargs)
            if name == "intent" and not (fault and fault.kind == "pause"):
                witness.began(self._host, args[0])
            if name == "intent":
                self._begun[result] = args[1].name
                self._host.hinder_disk(args[1].name)
            elif name == "settle":
                self._host.free_disk()
            self._host.strike(fault, before=False)
            return result

        return call

    def _point(self, name: str, args: Sequence[Any]) -> str:
        match name:
            case "intent":
                return f"store intent {args[1].name}"
            case "settle":
                return f"store settle {self._begun.get(args[1], '')}"
            case _:
                return f"store {name}"


class FarmPort:
    """The farm as one gateway has it.

    Args:
        farm: the real one.
        host: whose.
    """

    def __init__(self, farm: LocalFarm, host: Host) -> None:
        self._farm = farm
        self._host = host
        self.capabilities = farm.capabilities

    def snapshot(self, tasks_of: Any = ()) -> Any:
        self._look("snapshot")
        return self._farm.snapshot(tasks_of)

    def job(self, id: Any) -> Any:  # noqa: A002 - the port's name
        self._look("job")
        return self._farm.job(id)

    def tasks(self, ids: Any) -> Any:
        fault = self._look("tasks")
        return {} if fault and fault.kind == "farm blind" else self._farm.tasks(ids)

    def claim(self, claim: Claim) -> Outcome:
        return self._change("claim", claim, claim.tasks, lambda: self._farm.claim(claim))

    def complete(self, claim: Claim, tasks: Sequence[TaskRef]) -> Outcome:
        return self._change("complete", claim, tasks, lambda: self._farm.complete(claim, tasks))

    def fail(self, claim: Claim, tasks: Sequence[TaskRef], why: str) -> Outcome:
        return self._change("fail", claim, tasks, lambda: self._farm.fail(claim, tasks, why))

    def release(self, claim: Claim, tasks: Sequence[TaskRef], why: str) -> Outcome:
        return self._change("release", claim, tasks, lambda: self._farm.release(claim, tasks, why))

    def annotate(self, claim: Claim, facts: Any) -> None:
        def note() -> Outcome:
            self._farm.annotate(claim, facts)
            return Outcome()

        self._change("annotate", claim, (), note)

    def show(self, claim: Claim, said: Any) -> None:
        self._farm.show(claim, said)

    def _look(self, name: str) -> Fault | None:
        fault = self._host.passes(f"look {name}")
        if fault and fault.kind == "farm error":
            raise FarmError("the farm does not answer")
        return fault

    def _change(
        self, name: str, claim: Claim, tasks: Sequence[TaskRef], do: Callable[[], Outcome]
    ) -> Outcome:
        host, tasks = self._host, tuple(tasks)
        fault = host.passes(f"farm {name}")
        kind = fault.kind if fault else ""
        host.strike(fault, before=True)
        if kind == "farm error":
            raise FarmError("the farm does not answer")
        if kind == "farm unknown" and tasks:
            return Outcome(unknown=tasks)
        host.world.witness.changing(host, name, claim, tasks)
        outcome = do()
        host.note(f"farm {name} {_ids(tasks)} -> {_told(outcome)}")
        host.world.witness.changed(host, name, claim, outcome)
        if name == "claim" and kind == "pause":
            host.world.witness.belated |= {(claim.burst, ref.id) for ref in outcome.taken}
        host.strike(fault, before=False)
        if kind == "farm reply lost":
            raise FarmError("the farm did not answer")
        return Outcome(unknown=tasks) if kind == "farm unknown done" and tasks else outcome


class Files:
    """A transfer engine between this disk and the simulated storages.

    Args:
        host: whose.
        inputs: name of the storage of scenes.
        outputs: name of the storage of pictures.
    """

    def __init__(self, host: Host, inputs: str, outputs: str) -> None:
        self._host = host
        self._inputs, self._outputs = inputs, outputs

    def close(self) -> None:
        pass

    def upload(self, plan: Sequence[Upload], progress: Progress) -> None:
        fault = self._host.passes("upload")
        storage = self._host.world.storage
        for place, item in enumerate(plan):
            if fault and place == len(plan) // 2:
                self._fail(fault)
            with storage.receive(self._inputs, item.server) as file:
                file.write(item.local.read_bytes())
            progress.file_done(item.server, item.size, skipped=False)

    def download(self, plan: Sequence[Download], progress: Progress) -> None:
        fault = self._host.passes("download")
        for place, item in enumerate(plan):
            if fault and place == len(plan) // 2:
                self._fail(fault)
            content = self._host.world.cloud.content(self._outputs, item.remote)
            if len(content) != item.size:
                raise TransferError(f"{len(content)} bytes came where {item.size} were listed")
            _put(item.local, content)
            self._host.note(f"fetched {item.local.name}, {item.size} bytes")
            progress.file_done(item.remote, item.size, skipped=False)

    def _fail(self, fault: Fault) -> None:
        if fault.kind == "crash half way":
            raise Crash(fault.seconds)
        why = "No space left on device" if fault.kind == "disk full" else "no answer in time"
        raise TransferError(f"files did not move ({why})")


def _put(place: Path, content: bytes) -> None:
    """Write a file as a whole, as every engine does."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.part")
    part.write_bytes(content)
    os.replace(part, place)  # noqa: PTH105 - Path.replace is slower, and this runs often


def _ids(tasks: Sequence[TaskRef]) -> str:
    return ",".join(ref.id for ref in tasks) or "-"


def _told(outcome: Outcome) -> str:
    refused = ", ".join(f"{ref.id}: {why.name}" for ref, why in outcome.refused.items())
    return f"{_ids(outcome.taken)}{f' ({refused})' if refused else ''}"
