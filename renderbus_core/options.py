"""What a single job wants of the cloud otherwise than its site; see `docs/options.md`.

Farms keep options as people wrote them: a text for each, by name. `schemas/options.json` says which
there are and judges them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.frames import Dialect, FrameSet

_SCHEMA = "options.json"
_WORDS = ("first", "middle", "last")


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """What a job wants of the cloud; None is as the site has it.

    Args:
        platform: number of the render platform.
        hardware_model: of the render machines, as the cloud's hardware list names it.
        hardware_ram: memory of a render machine, GB.
        hardware_gpus: graphics cards of a render machine, 0 for machines without.
        machine_limit: machines that one burst may use at the same time.
        priority_frames: those that are rendered before all others, see `first_frames`.
        stop_after_test: whether the others then wait for a person.
        frames_per_machine: how many one machine renders in a row.
        tiles: parts that a frame is cut into.
        tiles_type: how it is cut, `block` or `strip`.
        frame_limit_minutes: after which the cloud stops a frame; never later than without it.
        task_limit_minutes: after which it stops all of a burst; never later than without it.
        remind_minutes: after which Renderbus reminds of a task that still renders.
    """

    platform: int | None = None
    hardware_model: str | None = None
    hardware_ram: int | None = None
    hardware_gpus: int | None = None
    machine_limit: int | None = None
    priority_frames: str | None = None
    stop_after_test: bool | None = None
    frames_per_machine: int | None = None
    tiles: int | None = None
    tiles_type: str | None = None
    frame_limit_minutes: float | None = None
    task_limit_minutes: float | None = None
    remind_minutes: int | None = None

    @property
    def said(self) -> dict[str, Any]:
        """Those that the job names, by name."""
        pairs = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in pairs if value is not None}

    @property
    def names_machines(self) -> bool:
        """Whether the job chooses its render machines itself."""
        return not {self.hardware_model, self.hardware_ram, self.hardware_gpus} <= {None}


NO_OPTIONS = CloudOptions()
"""Everything as the site has it."""


def read_options(texts: Mapping[str, str]) -> CloudOptions:
    """Read the options of a job; an empty text says nothing.

    Args:
        texts: as people wrote them, by name.

    Raises:
        InputError: something cannot be used; the text names everything that is wrong.
    """
    rules = schema.load(_SCHEMA)["properties"]
    given = {name: text.strip() for name, text in texts.items() if text.strip()}
    if not given:
        return NO_OPTIONS
    values = {name: schema.scalar(rules.get(name, {}), text) for name, text in given.items()}
    problems = [
        f"cloud option {each}" if each.where else f"cloud options: {each}"
        for each in schema.problems(_SCHEMA, values)
    ]
    problems = problems or list(_contradictions(values))
    if problems:
        raise InputError("; ".join(problems))
    return CloudOptions(**values)


def write_options(options: CloudOptions) -> dict[str, str]:
    """Write options as farms keep them; `read_options` reads them again.

    Args:
        options: of a job.
    """
    return {name: _text(value) for name, value in options.said.items()}


def site_pauses(overrides: Mapping[str, Any]) -> bool:
    """Tell whether a site has every burst wait for a person after its first frames.

    Args:
        overrides: what it wants otherwise in task.json, values by dotted path.
    """
    return overrides.get("task_info.stop_after_test") == "1"


def first_frames(text: str) -> tuple[frozenset[str], FrameSet]:
    """Take the option `priority_frames` apart.

    Args:
        text: for example `first, last, 10-20x5`.

    Returns:
        Which of the words `first`, `middle` and `last` stand in it, and the frames by number.

    Raises:
        InputError: it is no such list.
    """
    parts = [part.strip() for part in text.split(",")]
    listed = ",".join(part for part in parts if part not in _WORDS)
    frames = FrameSet.parse(listed, Dialect.DEADLINE) if listed else FrameSet()
    return frozenset(parts) & frozenset(_WORDS), frames


def _contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    """Name what each value alone does not show."""
    tiles, together = values.get("tiles", 1), values.get("frames_per_machine", 1)
    if tiles > 1 and together > 1:
        yield (
            f"cloud options: tiles is {tiles} and frames_per_machine {together}, which exclude "
            "each other; leave one of them out"
        )
    if values.get("stop_after_test") and "priority_frames" not in values:
        yield (
            "cloud option stop_after_test: there are no priority_frames behind which the others "
            "could wait; name some, for example first"
        )
    if "priority_frames" in values:
        try:
            first_frames(values["priority_frames"])
        except InputError as error:
            yield f"cloud option priority_frames: {error}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # Nobody wrote 90.0.
    return str(value).removesuffix(".0")
