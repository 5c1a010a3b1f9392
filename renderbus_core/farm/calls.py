"""A farm behind an agent: the Farm port, spoken in the calls of `schemas/link_calls.json`."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Any, Self

from renderbus_core import schema
from renderbus_core.errors import FarmError, InputError
from renderbus_core.farm import wire
from renderbus_core.farm.protocol import Hello, LinkDataError, Result, Unknown
from renderbus_core.farm.translators import Translator, translator_of
from renderbus_core.jobs import (
    BurstId,
    Claim,
    Gone,
    Intent,
    JobId,
    LocalJob,
    LocalTask,
    Outcome,
    QueueSnapshot,
    TaskRef,
)
from renderbus_core.shim import renderbus_link as shim

TIMEOUTS: Mapping[str, float] = MappingProxyType(
    {
        "snapshot": 300.0,
        "job": 60.0,
        "tasks": 300.0,
        "page": 60.0,
        "claim": 120.0,
        "complete": 120.0,
        "fail": 120.0,
        "release": 120.0,
        "annotate": 60.0,
        "annotations": 60.0,
        "show": 120.0,
        "intents": 60.0,
        "acknowledge": 60.0,
    }
)
"""Seconds within which an agent answers each call."""

_SCHEMA = "link_calls.json"
_INTENT_SCHEMA = "link_intent.json"

_log = logging.getLogger(__name__)


class AgentFarm(ABC):
    """A farm whose agent carries out calls; every answer is judged with the schemas.

    What the agent does not answer in time may have been done or not: tasks of a claim, completion,
    failure or release come back as unknown, and reading raises `FarmError`.

    Args:
        agent: what it says of itself.
        timeouts: seconds within which each call is answered.
        translator: of jobs in the farm's own words; None for the one of the agent's farm.
    """

    def __init__(
        self,
        agent: Hello,
        timeouts: Mapping[str, float] = TIMEOUTS,
        translator: Translator | None = None,
    ) -> None:
        self.agent = agent
        self._translator = translator or translator_of(agent.farm)
        self._timeouts = timeouts

    @abstractmethod
    def close(self) -> None:
        """Let go of the farm; nothing happens to it."""

    @abstractmethod
    def _call(
        self, method: str, params: Mapping[str, Any], deadline_seconds: float
    ) -> Result | Unknown:
        """Have the agent do something, and wait for its answer."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def capabilities(self) -> frozenset[str]:
        """Parts of the Farm port beyond the least that every farm has."""
        return self.agent.capabilities

    # The Farm port.

    def snapshot(self, tasks_of: Collection[JobId] = ()) -> QueueSnapshot:
        """Read the queue; tasks only of the jobs asked for."""
        return wire.read_snapshot(self._read("snapshot", {"tasks_of": list(tasks_of)}))

    def job(self, id: JobId) -> LocalJob | Gone:  # noqa: A002 - the port's name
        """Read one job."""
        found = self._demand("job", {"id": id})["found"]
        return wire.JOB.read(found[0]) if found else Gone(id)

    def tasks(self, ids: Collection[JobId]) -> Mapping[JobId, tuple[LocalTask, ...]]:
        """Read all tasks of some jobs; jobs that are gone are absent."""
        found: dict[JobId, tuple[LocalTask, ...]] = {}
        for part in _parts("ids", ids):
            found |= wire.read_tasks(self._read("tasks", part)["tasks"])
        return found

    def claim(self, claim: Claim) -> Outcome:
        """Take queued tasks so that no local worker starts them."""
        return self._act("claim", claim, claim.tasks)

    def complete(self, claim: Claim, tasks: Sequence[TaskRef]) -> Outcome:
        """Mark held tasks as rendered."""
        return self._act("complete", claim, tasks)

    def fail(self, claim: Claim, tasks: Sequence[TaskRef], why: str) -> Outcome:
        """Mark held tasks as failed, with a reason for people."""
        return self._act("fail", claim, tasks, why=why)

    def release(self, claim: Claim, tasks: Sequence[TaskRef], why: str) -> Outcome:
        """Give held tasks back to local workers, with a reason for people."""
        return self._act("release", claim, tasks, why=why)

    def annotate(self, claim: Claim, facts: Mapping[str, str]) -> None:
        """Show facts about the burst on the job, where the farm can show them."""
        if "annotate" in self.capabilities:
            self._demand("annotate", {"claim": wire.write_claim(claim), "facts": dict(facts)})

    def annotations(self, job: JobId) -> Mapping[BurstId, Mapping[str, str]]:
        """Read what bursts noted on a job, where the farm can show it."""
        if "annotate" not in self.capabilities:
            return {}
        noted = self._demand("annotations", {"job": job})["notes"]
        return {BurstId(burst): facts for burst, facts in noted.items()}

    def show(self, claim: Claim, said: Mapping[str, str]) -> None:
        """Show a few words on single tasks, by id, where the farm can."""
        if "show" in self.capabilities:
            self._demand("show", {"claim": wire.write_claim(claim), "tasks": dict(said)})

    def intents(self) -> tuple[Intent, ...]:
        """Return what people asked for and did, oldest first, until it is acknowledged."""
        if "intents" not in self.capabilities:
            return ()
        found, odd = [], []
        for row in self._read("intents", {})["intents"]:
            try:
                found.append(_intent(row))
            except LinkDataError as error:
                _log.warning("the farm %r tells of what is no intent: %s", self.agent.farm, error)
                odd += (
                    [row["id"]] if isinstance(row, dict) and isinstance(row.get("id"), str) else []
                )
        self._forget(odd)
        return tuple(found)

    def acknowledge(self, ids: Collection[str]) -> None:
        """Forget intents that were acted on or written down."""
        for part in _parts("ids", ids):
            self._demand("acknowledge", part)

    # How it is done.

    def _forget(self, odd: Collection[str]) -> None:
        """Acknowledge what is no intent; the others are acted on where that fails."""
        try:
            self.acknowledge(odd)
        except (FarmError, LinkDataError) as error:
            _log.warning("%s", error)

    def _act(self, method: str, claim: Claim, tasks: Sequence[TaskRef], **more: str) -> Outcome:
        """Have something done to tasks, in as many calls as their names need."""
        wanted = tuple(dict.fromkeys(tasks))
        params = {"claim": wire.write_claim(claim), **more}
        taken: set[TaskRef] = set()
        refused: dict[TaskRef, Any] = {}
        for part in _parts("tasks", wire.REFS.write(wanted)):
            outcome = self._outcome(method, {**params, **part})
            taken.update(outcome.taken)
            refused.update(outcome.refused)
            if outcome.unknown:
                break
        return Outcome(
            taken=tuple(ref for ref in wanted if ref in taken),
            refused={ref: refused[ref] for ref in wanted if ref in refused},
            # Also what an agent passes over in silence.
            unknown=tuple(ref for ref in wanted if ref not in taken and ref not in refused),
        )

    def _outcome(self, method: str, params: Mapping[str, Any]) -> Outcome:
        unknown = Outcome(unknown=wire.REFS.decode(params["tasks"]))
        try:
            answer = self._ask(method, params)
            if not isinstance(answer, Unknown):
                return wire.OUTCOME.read(answer.value)
            why = answer.why
        except LinkDataError as error:
            why = str(error)
        _log.warning("farm: the outcome of %s is unknown: %s", method, why)
        return unknown

    def _read(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return an answer with its lists complete."""
        whole: dict[str, Any] = self._demand(method, params)
        more = whole
        while token := more.get("more"):
            more = self._demand("page", {"token": token})
            for name, rows in more.items():
                if isinstance(rows, list):
                    whole.setdefault(name, []).extend(rows)
        return whole

    def _demand(self, method: str, params: Mapping[str, Any]) -> Any:
        answer = self._ask(method, params)
        if isinstance(answer, Unknown):
            raise FarmError(
                f"the farm {self.agent.farm!r} gave no answer to {method} ({answer.why}); "
                "it is asked again later"
            )
        return answer.value

    def _ask(self, method: str, params: Mapping[str, Any]) -> Result | Unknown:
        """Ask the agent and judge its answer.

        Raises:
            FarmError: the farm refused; nothing was done.
            LinkDataError: the answer is not what it should be.
        """
        answer = self._call(method, params, self._timeouts[method])
        if isinstance(answer, Unknown):
            return answer
        if answer.error is not None:
            if answer.error.code == shim.INTERNAL_ERROR:
                return Unknown(answer.error.message)
            raise FarmError(
                f"the farm {self.agent.farm!r} refused {method}: {answer.error.message}"
            )
        told = self._translated(answer.value)
        wrong = schema.problems(_SCHEMA, {method: {"result": told}})
        if wrong:
            raise LinkDataError(f"the farm {self.agent.farm!r} sent a wrong answer: {wrong[0]}")
        return Result(told)

    def _translated(self, answer: Any) -> Any:
        """Put the jobs in an answer into the link's words."""
        if not isinstance(answer, dict):
            return answer
        words = {"jobs": self._translator.row, "found": self._translator.job}
        try:
            return answer | {
                name: [say(one) for one in answer[name]]
                for name, say in words.items()
                if isinstance(answer.get(name), list)
            }
        except InputError as error:
            raise LinkDataError(
                f"the farm {self.agent.farm!r} sent a job that is none: {error}"
            ) from error


def _intent(row: Any) -> Intent:
    wrong = schema.problems(_INTENT_SCHEMA, row)
    if wrong:
        raise LinkDataError(wrong[0])
    return wire.INTENT.read(row)


def _parts(name: str, rows: Collection[Any]) -> Iterator[dict[str, Any]]:
    """Spread a list over as many calls as their lines need; none for an empty one."""
    return shim.cut({name: rows}) if rows else iter(())
