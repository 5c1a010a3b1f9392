"""What the cloud's replies say, as values; the raw reply is always reachable.

Field names are the wire names in snake case, so nothing is written twice. Unknown wire fields are
kept in `raw`, missing ones and nulls become the defaults below: samples have nulls everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from renderbus_core.api.operations import snake_case
from renderbus_core.errors import InputError, UnknownOutcomeError
from renderbus_core.frames import FrameSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Base of everything read from a reply.

    Args:
        raw: the member of the reply it was read from.
    """

    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, data: object) -> Self:
        """Read one value; tolerant of missing, null and unknown fields.

        Raises:
            UnknownOutcomeError: `data` is not an object or a field has an impossible type.
        """
        if not isinstance(data, Mapping):
            raise UnknownOutcomeError(
                f"a reply holds {type(data).__name__} where an object belongs"
            )
        given = {snake_case(name): value for name, value in data.items() if value is not None}
        values = {
            f.name: _convert(cls, f.name, str(f.type), given[f.name])
            for f in fields(cls)
            if f.name != "raw" and f.name in given
        }
        return cls(raw=data, **values)


def _convert(owner: type, name: str, kind: str, value: Any) -> Any:
    try:
        return next(read for start, read in _READERS if kind.startswith(start))(value)
    except (TypeError, ValueError, OverflowError, InvalidOperation) as error:
        raise UnknownOutcomeError(
            f"a reply holds {value!r:.80} as {owner.__name__}.{name}, which should be {kind}"
        ) from error


def _amount(value: object) -> Decimal:
    amount = Decimal(str(value))
    if not amount.is_finite():
        raise ValueError("not a finite number")
    return amount


# How a field is read, by the beginning of its annotation; the last one takes everything else.
_READERS: tuple[tuple[str, Callable[[Any], object]], ...] = (
    ("int", int),
    ("Decimal", _amount),
    ("bool", lambda value: value in {True, "1", "true", "True"}),
    ("tuple[RemoteTask", lambda value: tuple(map(RemoteTask.read, value))),
    ("tuple[int", lambda value: tuple(map(int, value))),
    ("tuple", tuple),
    ("", str),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedTasks(Wire):
    """Reserved ids; unsubmitted ones are harmless."""

    task_id_list: tuple[int, ...] = ()
    user_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserProfile(Wire):
    """The account, as far as a burst depends on it; balances in the currency of their name."""

    user_id: int = 0
    user_name: str = ""
    platform: int = 0
    status: int = 0
    main_user_id: int = 0
    rmbbalance: Decimal = Decimal(0)
    usdbalance: Decimal = Decimal(0)
    download_disable: int = 0
    share_main_capital: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferBids(Wire):
    """Ids of the account's storages."""

    config_bid: str = ""
    input_bid: str = ""
    output_bid: str = ""
    parent_input_bid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteTask(Wire):
    """A task, or a shell whose children are the tasks that hold frames.

    Args:
        output_file_name: folder below the output storage; "" on a shell.
        resp_rendering_task_list: children of a shell.
        render_consume: cost so far, in the account's currency.
    """

    id: int = 0
    task_alias: str = ""
    scene_name: str = ""
    task_status: int = -1
    total_frames: int = 0
    done_frames: int = 0
    failed_frames: int = 0
    abort_frames: int = 0
    executing_frames: int = 0
    submit_date: int = 0
    waiting_count: int = 0
    frames_range: str = ""
    render_consume: Decimal = Decimal(0)
    output_file_name: str = ""
    layer_name: str = ""
    layer_parent_id: int = 0
    is_open: int = 0
    labels: str = ""
    resp_rendering_task_list: tuple[RemoteTask, ...] = ()

    def leaves(self) -> Iterator[RemoteTask]:
        """Yield the tasks that hold frames: itself, or all below it."""
        if not self.resp_rendering_task_list:
            yield self
        for child in self.resp_rendering_task_list:
            yield from child.leaves()

    @property
    def is_submitted(self) -> bool:
        """Whether it is more than a reserved id: some clouds may list those too."""
        return self.submit_date > 0 or self.total_frames > 0 or self.task_status > 0

    @property
    def counts(self) -> tuple[int, ...]:
        """Numbers that change when any frame changes: pages are read only when these did."""
        return (
            self.task_status,
            self.total_frames,
            self.done_frames,
            self.failed_frames,
            self.abort_frames,
            self.executing_frames,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFrame(Wire):
    """One frame entry of a leaf task; times in epoch milliseconds, 0 = not yet."""

    id: int = 0
    task_id: int = 0
    frame_index: str = ""
    frame_block: str = ""
    frame_status: int = -1
    frame_type: int = 0
    recommit_flag: int = 0
    fee_amount: Decimal = Decimal(0)
    start_time: int = 0
    end_time: int = 0
    node_id: str = ""

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
            return FrameSet.parse(text)
        except InputError as error:
            raise UnknownOutcomeError(
                f"frame entry {self.id} has the index {self.frame_index!r:.80}, "
                "which is not a frame, a range or a tile"
            ) from error

    @property
    def started_at(self) -> datetime | None:
        """When rendering began, UTC."""
        return _from_milliseconds(self.start_time)

    @property
    def ended_at(self) -> datetime | None:
        """When rendering ended, UTC."""
        return _from_milliseconds(self.end_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile(Wire):
    """One entry of the output storage; `file_size` in bytes, -1 when the cloud gave none."""

    file_name: str = ""
    file_path: str = ""
    file_size: int = -1
    directory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Wire):
    """One page of a listing; a null page is an empty one.

    Args:
        page_count: pages in all.
        items: of this page, as they came.
    """

    page_count: int = 0
    items: tuple[Any, ...] = ()


def _from_milliseconds(value: int) -> datetime | None:
    return datetime.fromtimestamp(value / 1000, UTC) if value > 0 else None
