"""Translators: jobs that an agent sends in its farm's own words, put into those of the link.

An agent that lives in another program's interpreter cannot judge what its jobs mean for the cloud.
It sends them as they are, and an integration, found by the name the agent gives its farm, says in
the core's process what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, Protocol

from renderbus_core import schema
from renderbus_core.errors import FarmError, InputError
from renderbus_core.farm import wire
from renderbus_core.jobs import LocalJob

_GROUP = "renderbus.farms"


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
