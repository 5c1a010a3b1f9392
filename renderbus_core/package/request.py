"""What is asked of the cloud: which frames of which job, under which limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import LocalJob
from renderbus_core.money import Money
from renderbus_core.paths import Style, style_of

OS_CODES: Mapping[str, str] = MappingProxyType({"linux": "0", "windows": "1"})
"""`task_info.os_name` by the system of the render machines."""


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
        frame_seconds: expected render time of one frame; None when nobody knows.
        budget: what the burst may cost; None when no limit is set.
        price_per_hour: of one machine; None when no price is configured.
        project_name: project in the cloud; "" for none.
        project_path: the program's project folder as stored; "" for none.
    """

    job: LocalJob
    frames: FrameSet
    platform: int
    os_name: str
    frame_time_limit_factor: float
    frame_time_limit_minimum: float
    machine_limit: int
    frame_seconds: float | None = None
    budget: Money | None = None
    price_per_hour: Money | None = None
    project_name: str = ""
    project_path: str = ""

    @property
    def render_system(self) -> str:
        """The system that renders, with `auto` worked out.

        Raises:
            InputError: `os_name` is none of the three.
        """
        if self.os_name == "auto":
            return "windows" if style_of(self.job.scene) is Style.WINDOWS else "linux"
        if self.os_name not in OS_CODES:
            raise InputError(
                f"there are no render machines with {self.os_name!r}; "
                f"choose auto, {' or '.join(OS_CODES)}"
            )
        return self.os_name
