"""Translators: jobs that an agent sends in its farm's own words, put into those of the link.

An agent that lives in another program's interpreter cannot judge what its jobs mean for the cloud.
It sends them as they are, and an integration, found by the name the agent gives its farm, says in
the core's process what they are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import entry_points
from typing import Any, Protocol

from renderbus_core import schema
from renderbus_core.errors import FarmError, InputError
from renderbus_core.farm import wire
from renderbus_core.farm.conversion import Conversion, Refusal
from renderbus_core.jobs import LocalJob

_GROUP = "renderbus.farms"
# Jobs that are remembered; the largest farms have some ten thousand in their queue.
_MOST = 50_000


class Translator(Protocol):
    """What an integration says of jobs in its farm's words."""

    def job(self, native: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a job of `schemas/snapshot.json`; `InputError` when it is none of the farm's."""
        ...

    def row(self, native: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row of `schemas/snapshot.json`; `InputError` as for a job."""
        ...


class Plain:
    """Leaves jobs as they are: those of agents that speak the link's words."""

    def job(self, native: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a job as it came."""
        return native

    def row(self, native: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row as it came."""
        return native


class JobTranslator(ABC):
    """Says what jobs of one schema mean, and lets no odd job hide the others.

    A queue is read again and again, and few of its jobs change: what each came to is remembered.

    Args:
        schema_name: of jobs in the farm's words; they have at least `id` and `submitted_at`.
    """

    def __init__(self, schema_name: str) -> None:
        self._schema = schema_name
        self._known: dict[str, tuple[Any, Mapping[str, Any], Conversion]] = {}

    @abstractmethod
    def convert(self, native: Mapping[str, Any], submitted_at: datetime) -> Conversion:
        """Turn a job of the schema into one that the bridge can send.

        Args:
            native: the job.
            submitted_at: UTC.
        """

    @abstractmethod
    def stays(
        self, native: Mapping[str, Any], submitted_at: datetime, refusals: Sequence[Refusal]
    ) -> LocalJob:
        """Return a job that cannot be sent, as far as people and the queue's order need it.

        Args:
            native: the job.
            submitted_at: UTC.
            refusals: why it cannot.
        """

    def job(self, native: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a job in the link's words; one that cannot be sent says why.

        Args:
            native: of the schema.

        Raises:
            InputError: it is no such job.
        """
        document, _ = self._translated(native)
        return document

    def row(self, native: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row of the queue in the link's words, with the traits that its job has.

        Args:
            native: a row whose job is of the schema.

        Raises:
            InputError: its job is no such job.
        """
        document, found = self._translated(native.get("job"))
        traits = dict.fromkeys([*native.get("traits", ()), *found.traits])
        return {**native, "job": document, "traits": list(traits)}

    def _translated(self, native: Any) -> tuple[Mapping[str, Any], Conversion]:
        id_ = str(native.get("id", "")) if isinstance(native, Mapping) else ""
        known = self._known.get(id_)
        if known is not None and known[0] == native:
            return known[1], known[2]
        document, found = self._judged(native)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[id_] = native, document, found
        return document, found

    def _judged(self, native: Any) -> tuple[Mapping[str, Any], Conversion]:
        wrong = schema.problems(self._schema, native)
        if wrong:
            raise InputError(str(wrong[0]))
        submitted_at = datetime.fromisoformat(native["submitted_at"])
        try:
            found = self.convert(native, submitted_at)
            job = found.job or self.stays(native, submitted_at, found.refusals)
            return wire.write_job(job), found
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # One odd job must not hide all others.
            odd = Refusal("", "", f"it cannot be read: {error}")
            stays = self.stays(native, submitted_at, [odd])
            return wire.write_job(stays), Conversion(None, refusals=(odd,))


def read_job(farm: str, native: Mapping[str, Any]) -> LocalJob:
    """Read a job in its farm's words, as it is before it is submitted.

    Args:
        farm: as its agent calls it.
        native: the job.

    Raises:
        InputError: it is none of the farm's.
        FarmError: see `translator_of`.
    """
    document = translator_of(farm).job(native)
    wrong = schema.problems("link_calls.json", {"job": {"result": {"found": [document]}}})
    if wrong:
        raise InputError(str(wrong[0]))
    return wire.JOB.read(document)


def translator_of(farm: str) -> Translator:
    """Return the translator of a farm; one that changes nothing where none is installed.

    Args:
        farm: as its agent calls it.

    Raises:
        FarmError: it is installed, but cannot be loaded.
    """
    for entry in entry_points(group=_GROUP):
        if entry.name == farm:
            try:
                made: Translator = entry.load()()
            except ImportError as error:
                raise FarmError(
                    f"what translates jobs of the farm {farm!r} cannot be loaded ({error}); "
                    "install the bridge again on the gateway"
                ) from error
            return made
    return Plain()
