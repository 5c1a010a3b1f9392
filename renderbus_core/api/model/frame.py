"""Frame entries of leaf tasks, and what can be seen of them while they render."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from renderbus_core import statuses
from renderbus_core.api.model.times import from_milliseconds
from renderbus_core.api.model.wire import Wire
from renderbus_core.errors import InputError, UnknownOutcomeError
from renderbus_core.frames import FrameSet

# Entries that only prepare pictures: preprocessing, photons, their merging, simulations.
_PREPARING = frozenset({1, 2, 3, 8})


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFrame(Wire):
    """One frame entry of a leaf task; times in epoch milliseconds, 0 = not yet.

    Args:
        id: of the entry; several entries of a task may have the same `frame_index`.
        frame_index: `7`, `2-4[1]` for several frames on one machine, `7-3` for a tile.
        frame_block: number of the tile, "" when it is none.
        frame_status: code, which `status` explains.
        frame_type: code of what is rendered.
        recommit_flag: how often it was rendered again.
        fee_type: 0 by use, 1 machine package, 2 project package.
        fee_amount: its cost, in the account's currency; None where it is hidden or not known yet.
        coupon_fee: what a coupon paid of it.
        arrears_fee: what is still owed for it.
        frame_execute_time: seconds.
        average_memory: bytes.
        node_id: address of the machine.
    """

    id: int = 0
    task_id: int = 0
    user_id: int | None = None
    frame_index: str = ""
    frame_block: str = ""
    frame_status: int = statuses.NO_CODE
    frame_type: int = 0
    recommit_flag: int = 0
    fee_type: int | None = None
    frame_price: Decimal | None = None
    fee_amount: Decimal | None = None
    coupon_fee: Decimal | None = None
    arrears_fee: Decimal | None = None
    start_time: int = 0
    end_time: int = 0
    frame_execute_time: int = 0
    is_over_time: int = 0
    average_cpu: int = 0
    average_memory: int = 0
    gop_name: str = ""
    node_id: str = ""

    @property
    def status(self) -> statuses.Status:
        """What its code means; a code that no source lists is a status like any other."""
        return statuses.frame_status(self.frame_status)

    @property
    def is_preparation(self) -> bool:
        """Whether it only prepares pictures: preprocessing, photons, a simulation."""
        return self.frame_type in _PREPARING

    @property
    def frames(self) -> FrameSet:
        """Frames the entry stands for.

        `7` is one frame, `2-4[1]` several on one machine, `0-1` with a block is tile 1 of frame 0:
        the block decides, because the text alone is ambiguous.
        """
        text = self.frame_index
        if self.frame_block:
            text = text.rsplit("-", 1)[0]
        try:
            return _parsed(text)
        except InputError as error:
            raise UnknownOutcomeError(
                f"frame entry {self.id} has the index {self.frame_index!r:.80}, "
                "which is not a frame, a range or a tile"
            ) from error

    @property
    def started_at(self) -> datetime | None:
        """When rendering began, UTC."""
        return from_milliseconds(self.start_time)

    @property
    def ended_at(self) -> datetime | None:
        """When rendering ended, UTC."""
        return from_milliseconds(self.end_time)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> FrameSet:
    """Remember what was read: tasks are listed over and over, and many have the same frames."""
    return FrameSet.parse(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrabbedPicture(Wire):
    """A small picture of a 3ds Max frame in progress; all of it is text on the wire."""

    frame_index: str = ""
    frame_block: str = ""
    frame_status: str = ""
    frame_percent: str = ""
    frame_used: str = ""
    frame_est: str = ""
    start_time: str = ""
    end_time: str = ""
    render_info: str = ""
    grab_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingPictures(Wire):
    """The small pictures of a 3ds Max task in progress.

    Args:
        width: pixels.
        height: pixels.
        block: tiles of a frame.
        current_task_type: `Render` or `RenderPhoton`.
        grab_info: pictures, row by row.
    """

    width: int = 0
    height: int = 0
    block: int = 0
    is_render_photon: bool = False
    current_task_type: str = ""
    scene_name: str = ""
    start_time: str = ""
    end_time: str = ""
    grab_info: tuple[tuple[GrabbedPicture, ...], ...] = ()
