"""The witness: sees every call that matters as it happens, and keeps a ledger of its own.

It knows what was really sent, heard, painted, released and completed, whatever the engine
recorded. What must never happen is judged in `invariants`; the witness only remembers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from burstsim import invariants
from renderbus_core.burst.leases import Lease
from renderbus_core.burst.model import BurstState, TaskState
from renderbus_core.codes import cloud_codes
from renderbus_core.jobs import Claim, Outcome, TaskRef

if TYPE_CHECKING:
    from burstsim.hosts import Host
    from burstsim.world import World

# Answers after which the caller may believe that nothing was done.
_NOTHING_HAPPENED = frozenset({"refused", "auth", "billing", "transient"})
_SUCCESS = 200


@dataclass(slots=True)
class Submits:
    """What was sent to submit one id.

    Args:
        sent: when each one left that may have arrived, in seconds since the start.
        absences: when the cloud was heard to know nothing of the id, by id and then by list.
        absences_before: those that the last one was sent upon.
        unknown_by_id: the last answer by id did not show it.
    """

    sent: list[float] = field(default_factory=list)
    absences: list[float] = field(default_factory=list)
    unknown_by_id: bool = False
    absences_before: list[float] = field(default_factory=list)


class Witness:
    """The ledger of one world.

    Args:
        world: what is watched.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.submits: defaultdict[int, Submits] = defaultdict(Submits)
        # Submits that were begun and have not left: a paused process may still send them.
        self.held_up: set[int] = set()
        # Burst and task of claims that a paused process made when it went on.
        self.belated: set[tuple[str, str]] = set()
        # Moments, counted in events of the world.
        self.decided: dict[tuple[str, str], int] = {}
        self.ended: dict[str, int] = {}
        self.woken = -1
        self.by_person: set[str] = set()
        self.painted: defaultdict[int, set[bytes]] = defaultdict(set)
        self.resumed_since: dict[str, float] = {}
        self._lease_before: Any = None
        self._before: Mapping[str, Any] = {}

    # On the wire.

    def on_its_way(self, operation: str, body: Mapping[str, Any]) -> None:
        if operation == "submit_task":
            self.held_up.add(body["taskId"])

    def never_sent(self, operation: str, body: Mapping[str, Any]) -> None:
        if operation == "submit_task":
            self.held_up.discard(body["taskId"])

    def sending(self, host: Host, operation: str, body: Mapping[str, Any]) -> None:
        invariants.what_changes_the_cloud_was_intended(self._world, host, operation)
        if operation == "submit_task":
            remote_id = body["taskId"]
            self.held_up.discard(remote_id)
            known = self.submits[remote_id]
            invariants.an_id_is_submitted_once(self._world, remote_id, known)
            known.sent.append(self._world.seconds)
            known.absences_before, known.absences = known.absences, []

    def sent(self, host: Host, operation: str, body: Mapping[str, Any], reply: Any) -> None:
        """Hear what a caller heard; None when it heard nothing that it can trust."""
        del host
        if reply is None:
            return
        if operation == "submit_task" and reply["code"] != _SUCCESS:
            known = cloud_codes().get(reply["code"])
            if known is not None and known.kind in _NOTHING_HAPPENED:
                refused = self.submits[body["taskId"]]
                refused.sent.pop()
                refused.absences = refused.absences_before
        if reply["code"] != _SUCCESS or not isinstance(reply["data"], dict):
            return
        rows = reply["data"].get("items") or []
        shown = {row["id"] for row in rows if row.get("submitDate") or row.get("totalFrames")}
        if operation == "query_task_info":
            for remote_id in body["taskIds"]:
                self.submits[remote_id].unknown_by_id = remote_id not in shown
        elif operation == "get_task_list" and (word := body.get("searchKeyword", "")).isdigit():
            known = self.submits[int(word)]
            if known.unknown_by_id and int(word) not in shown:
                known.absences.append(self._world.seconds)

    def cloud_woken(self) -> None:
        """Remember that stopped work in the cloud may go on, by no doing of ours."""
        self.woken = self._world.moment

    # At the store.

    def writing(self, name: str, args: Sequence[Any]) -> None:
        """See what is about to be changed, as far as it will be judged."""
        if name == "lease":
            rows = self._world.store_rows("SELECT * FROM leases WHERE name = ?", args[0])
            self._lease_before = rows[0] if rows else None

    def began(self, host: Host, lease: Lease) -> None:
        """See an effect begin, by a process that was not held up just now."""
        invariants.effects_begin_with_time_left(self._world, host, lease)

    def written(
        self, host: Host, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """See a transaction of the store that was committed."""
        if args and isinstance(args[0], Lease) and name != "give_up":
            invariants.only_the_holder_writes(self._world, host, name, args[0])
        if name == "lease":
            invariants.leases_are_left_alone(self._world, host, args[0], self._lease_before)
        if name == "move_tasks" and args[3] is TaskState.RELEASING:
            for ref in args[2]:
                self.decided.setdefault((args[1], ref.id), host.began_at)
        if name == "move":
            self._world.trace.note(host.name, f"{args[1]} is {args[2]}: {self._told(kwargs)}")
            if BurstState(args[2]).is_over:
                self.ended[args[1]] = self._world.moment

    def _told(self, kwargs: Mapping[str, Any]) -> str:
        return str(kwargs["reason"]).replace(str(self._world.studio.folder), "")[:90]

    # At the farm.

    def changing(self, host: Host, name: str, claim: Claim, tasks: Sequence[TaskRef]) -> None:
        """See what the farm shows before something is changed there."""
        del tasks
        invariants.what_changes_the_farm_was_intended(self._world, host, name, claim.burst)
        rows = self._world.farm_rows("SELECT id, state, burst FROM tasks WHERE job = ?", claim.job)
        self._before = {row["id"]: (row["state"], row["burst"]) for row in rows}

    def changed(self, host: Host, name: str, claim: Claim, outcome: Outcome) -> None:
        """See what came of it."""
        for ref in outcome.taken:
            before = self._before.get(ref.id, ("", None))
            invariants.only_what_is_ours_is_touched(name, claim, ref, before)
        if name == "release":
            for ref in outcome.taken:
                since = self.decided.pop((claim.burst, ref.id), host.began_at)
                invariants.nothing_is_released_that_may_render(self._world, claim, ref, since)
        if name == "complete":
            for ref in outcome.taken:
                invariants.completed_means_all_files_are_there(self._world, ref)

    def completed_by_person(self, task: str) -> None:
        self.by_person.add(task)
