"""Qube jobs that come over the farm link, put into the link's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from qube_jobtype.converting import convert, stays
from qube_jobtype.packages import Native
from renderbus_core.farm import Conversion, JobTranslator, Refusal
from renderbus_core.jobs import LocalJob


class Translator(JobTranslator):
    """Says what jobs mean that the farm agent of a Qube sends as they are."""

    def __init__(self) -> None:
        super().__init__("qube_job.json")

    def convert(self, native: Mapping[str, Any], submitted_at: datetime) -> Conversion:
        """See `JobTranslator`."""
        return convert(read_native(native), submitted_at)

    def stays(
        self, native: Mapping[str, Any], submitted_at: datetime, refusals: Sequence[Refusal]
    ) -> LocalJob:
        """See `JobTranslator`."""
        return stays(read_native(native), submitted_at, refusals)


def read_native(document: Mapping[str, Any]) -> Native:
    """Return a job of `schemas/qube_job.json`.

    Args:
        document: judged by the schema.
    """
    agenda = document.get("agenda")
    return Native(
        document["job"],
        document["package"],
        document["env"],
        None if agenda is None else tuple(agenda),
        document["id"],
    )
