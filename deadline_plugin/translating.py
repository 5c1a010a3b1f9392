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


class Translator:
    """Says what jobs mean that the agent inside Deadline sends as they are."""

    def job(self, native: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a job in the link's words; one that cannot be sent says why.

        Args:
            native: of `schemas/deadline_job.json`.

        Raises:
            InputError: it is no such job.
        """
        document, _ = _translated(native)
        return document

    def row(self, native: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row of the queue in the link's words, with the traits that its job has.

        Args:
            native: a row whose job is of `schemas/deadline_job.json`.

        Raises:
            InputError: its job is no such job.
        """
        document, found = _translated(native.get("job"))
        traits = dict.fromkeys([*native.get("traits", ()), *found.traits])
        return {**native, "job": document, "traits": list(traits)}


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
