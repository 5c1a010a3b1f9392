"""Deadline jobs that come over the farm link, put into the link's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from deadline_plugin.converting import Conversion, Refusal, convert, stays
from deadline_plugin.submission import Dump
from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.farm import write_job

_SCHEMA = "deadline_job.json"
# Jobs that are remembered; the largest farms have some ten thousand in their queue.
_MOST = 50_000


class Translator:
    """Says what jobs mean that the agent inside Deadline sends as they are.

    A queue is read again and again, and few of its jobs change: what each came to is remembered.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, Mapping[str, Any], Conversion]] = {}

    def job(self, native: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a job in the link's words; one that cannot be sent says why.

        Args:
            native: of `schemas/deadline_job.json`.

        Raises:
            InputError: it is no such job.
        """
        document, _ = self._translated(native)
        return document

    def row(self, native: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row of the queue in the link's words, with the traits that its job has.

        Args:
            native: a row whose job is of `schemas/deadline_job.json`.

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
        document, found = _translated(native)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[id_] = native, document, found
        return document, found


def _translated(native: Any) -> tuple[Mapping[str, Any], Conversion]:
    wrong = schema.problems(_SCHEMA, native)
    if wrong:
        raise InputError(str(wrong[0]))
    dump = Dump(native["job_info"], native["plugin_info"], native["auxiliary"], native["id"])
    submitted_at = datetime.fromisoformat(native["submitted_at"])
    try:
        found = convert(dump, submitted_at)
        return write_job(found.job or stays(dump, submitted_at, found.refusals)), found
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # One odd job must not hide all others.
        odd = Refusal("", "", f"it cannot be read: {error}")
        return write_job(stays(dump, submitted_at, [odd])), Conversion(None, refusals=(odd,))
