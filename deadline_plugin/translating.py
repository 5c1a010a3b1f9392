"""Deadline jobs that come over the farm link, put into the link's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from deadline_plugin.converting import convert, stays
from deadline_plugin.submission import Dump
from renderbus_core.farm import Conversion, JobTranslator, Refusal
from renderbus_core.jobs import LocalJob


class Translator(JobTranslator):
    """Says what jobs mean that the agent inside Deadline sends as they are."""

    def __init__(self) -> None:
        super().__init__("deadline_job.json")

    def convert(self, native: Mapping[str, Any], submitted_at: datetime) -> Conversion:
        """See `JobTranslator`."""
        return convert(_dump(native), submitted_at)

    def stays(
        self, native: Mapping[str, Any], submitted_at: datetime, refusals: Sequence[Refusal]
    ) -> LocalJob:
        """See `JobTranslator`."""
        return stays(_dump(native), submitted_at, refusals)


def _dump(native: Mapping[str, Any]) -> Dump:
    return Dump(native["job_info"], native["plugin_info"], native["auxiliary"], native["id"])
