"""What is asked of the cloud: which frames of which job, under which limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import LocalJob
from renderbus_core.money import Money
from renderbus_core.paths import Style, style_of

OS_CODES: Mapping[str, str] = MappingProxyType({"linux": "0", "windows": "1"})
"""`task_info.os_name` by the system of the render machines."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """The render machines that are wanted; what is not named is the platform's choice.

    Args:
        model: as the cloud's hardware list names it; "" for any.
        ram_gigabytes: 0 for any.
        gpus: graphics cards, 0 for machines without; None for any number.
    """

    model: str = ""
    ram_gigabytes: int = 0
    gpus: int | None = None

    def __str__(self) -> str:
        parts = (
            self.model,
            f"{self.ram_gigabytes} GB" if self.ram_gigabytes else "",
            "" if self.gpus is None else f"{self.gpus} graphics cards",
        )
        return ", ".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class Software:
    """What the site has the cloud render with, whatever the scene was saved with.

    Args:
        version: of the program.
        plugins: name to version, instead of or beside those that the scene requires.
    """

    version: str
    plugins: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return ", ".join([self.version, *(f"{name} {own}" for name, own in self.plugins.items())])


@dataclass(frozen=True, slots=True)
class PriorityFrames:
    """Frames that are rendered before all others of a burst.

    Args:
        first: whether the first frame is one of them.
        middle: whether the one in the middle is.
        last: whether the last one is.
        frames: others.
        pauses: whether the rest then waits for a person.
    """

    first: bool = False
    middle: bool = False
    last: bool = False
    frames: FrameSet = field(default_factory=FrameSet)
    pauses: bool = False

    def __str__(self) -> str:
        """Return them as `task_info.pre_frames` has them: `100:3-4[1]`."""
        flags = "".join(str(int(flag)) for flag in (self.first, self.middle, self.last))
        # Sources show remote lists only in ascending order.
        return f"{flags}:{FrameSet.of(sorted(self.frames))}" if self.frames else flags


@dataclass(frozen=True, slots=True)
class BurstRequest:
    """One burst, as far as its task package depends on it.

    Args:
        job: the local job; `job.scene` is the scene as the farm stores it, `job.outputs` are
            paths of this host.
        frames: what to render remotely.
        platform: number of the render platform.
        os_name: system of the render machines: `windows`, `linux`, or `auto` for the one that
            wrote the scene's path.
        frame_time_limit_factor: a frame is stopped after this many times its estimated seconds.
        frame_time_limit_minimum: but never before this many seconds.
        machine_limit: machines that render at the same time.
        frame_seconds: expected render time of one frame, all its pictures together; None when
            nobody knows.
        frame_seconds_error: how far the mean of the burst's frames may be from that on machines
            like those that were measured; None when too few were.
        budget: what the burst may cost; None when no limit is set.
        price_per_hour: of one machine; None when no price is configured.
        project_name: project in the cloud; "" for none.
        project_id: number of that project; 0 where it is not known yet.
        project_path: the program's project folder as stored; "" for the one that the scene lies
            in, where it is known.
        hardware: which machines are wanted.
        software: what renders; None for what the scene was saved with.
        vendor_time_limits: leaves the vendor's limits of days where the task's own would stand.
        profile: generation of the protocol whose defaults a task starts from.
        tiles: parts that a frame is cut into; 1 leaves it whole.
        tiles_type: how it is cut, `block` or `strip`.
        priority: which frames are rendered first.
        frames_per_machine: how many frames one machine renders in a row.
        frame_limit: seconds after which a frame is stopped in any case; None adds no limit.
        task_limit: seconds after which the whole task is; None adds no limit.
        overrides: what is wanted otherwise in task.json, made last: values by dotted path
            (`task_info.frames_per_task`), or whole sections (`task_info`, `additional_info`).
    """

    job: LocalJob
    frames: FrameSet
    platform: int
    os_name: str
    frame_time_limit_factor: float
    frame_time_limit_minimum: float
    machine_limit: int
    frame_seconds: float | None = None
    frame_seconds_error: float | None = None
    budget: Money | None = None
    price_per_hour: Money | None = None
    project_name: str = ""
    project_id: int = 0
    project_path: str = ""
    hardware: Hardware = Hardware()
    software: Software | None = None
    vendor_time_limits: bool = False
    profile: str = "current"
    tiles: int = 1
    tiles_type: str = "block"
    priority: PriorityFrames = PriorityFrames()
    frames_per_machine: int = 1
    frame_limit: float | None = None
    task_limit: float | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def render_system(self) -> str:
        """The system that renders, with `auto` worked out.

        Raises:
            InputError: `os_name` is none of the three.
        """
        return render_system(self.os_name, self.job.scene)


def render_system(os_name: str, scene: str) -> str:
    """Return the system of the render machines: `windows` or `linux`.

    Args:
        os_name: the same, or `auto` for the one that wrote the scene's path.
        scene: as the farm stores it.

    Raises:
        InputError: `os_name` is none of the three.
    """
    if os_name == "auto":
        return "windows" if style_of(scene) is Style.WINDOWS else "linux"
    if os_name not in OS_CODES:
        raise InputError(
            f"there are no render machines with {os_name!r}; choose auto, {' or '.join(OS_CODES)}"
        )
    return os_name
