"""Operations that read tasks, frames and what the platform offers, or act on frames."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from functools import partial

from renderbus_core.api.group import PER_CALL, Group, as_list
from renderbus_core.api.model import (
    ErrorDetail,
    FrameStats,
    LogPage,
    PackNode,
    Page,
    Platform,
    ProcessingPictures,
    RaysyncKey,
    RemoteFrame,
    RemoteTask,
    ServerInfo,
    SupportedPlugins,
    SupportedSoftware,
)
from renderbus_core.api.paging import MOST_PARALLEL, distinct, pages
from renderbus_core.api.selection import Numbers, filtered, selection
from renderbus_core.errors import InputError, RequestRefusedError

_LANGUAGES = {"zh": 0, "en": 1}
# The cloud takes dates without a zone, in China's time.
_CHINA = timezone(timedelta(hours=8))
_DATE_FORMAT = "%Y-%m-%d %H:%M:%S"


class QueryOperations(Group):
    """Reading tasks, frames and what the platform offers."""

    def platforms(self, zone: int) -> tuple[Platform, ...]:
        """List platforms of zone 1 (China) or 2 (overseas)."""
        return self._rows("query_platforms", Platform.read, zone=zone)

    def supported_software(self) -> SupportedSoftware:
        """List the DCCs the platform renders."""
        return self._value("query_supported_software", SupportedSoftware)

    def supported_plugin(self, cg_id: int | str, os_name: str) -> SupportedPlugins:
        """List versions and plug-ins of one DCC on `windows` or `linux` render machines."""
        return self._value("query_supported_plugin", SupportedPlugins, cg_id=cg_id, os_name=os_name)

    def error_detail(
        self, codes: Iterable[int | str], language: str | None = None
    ) -> tuple[ErrorDetail, ...]:
        """Explain codes of the scene analysis.

        Args:
            codes: any number of them.
            language: `en` or `zh`; None takes the endpoint's.
        """
        spoken = language or self._session.endpoint.language
        if spoken not in _LANGUAGES:
            raise InputError(f"error_detail: language must be en or zh, not {spoken!r:.80}")
        ask = partial(self._rows, "error_detail", ErrorDetail.read, language=_LANGUAGES[spoken])
        wanted = list(map(str, as_list(codes)))
        if self._has("error_detail", "codes"):
            return ask(codes=wanted)
        return tuple(detail for code in wanted for detail in ask(code=code))

    def get_task_list(
        self,
        page_num: int = 1,
        page_size: int = PER_CALL,
        *,
        status_list: Collection[int] = (),
        search_keyword: str | None = None,
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        deleted: bool = False,
    ) -> Page[RemoteTask]:
        """Read one page of the account's tasks, newest first.

        Args:
            page_num: which page, from 1.
            page_size: tasks on a page, at most 100.
            status_list: codes; empty for any.
            search_keyword: part of a scene name or id.
            start_time: submitted since then; an aware datetime.
            end_time: submitted until then.
            deleted: what is in the recycle bin; other filters do not go with it.
        """
        return self._page(
            "get_task_list",
            RemoteTask.read,
            page_num=page_num,
            page_size=page_size,
            status_list=as_list(status_list) or None,
            search_keyword=search_keyword,
            start_time=_in_china("start_time", start_time),
            end_time=_in_china("end_time", end_time),
            recycle_flag=1 if deleted else None,
        )

    def iter_tasks(
        self,
        search_keyword: str | None = None,
        *,
        status_list: Collection[int] = (),
        start_time: datetime | None = None,
        end_time: datetime | None = None,
        deleted: bool = False,
    ) -> Iterator[RemoteTask]:
        """Yield the account's tasks, newest first; holds one page at a time.

        Args:
            search_keyword: part of a scene name or id.
            status_list: codes; empty for any.
            start_time: submitted since then; an aware datetime.
            end_time: submitted until then.
            deleted: what is in the recycle bin; other filters do not go with it.
        """
        read = partial(
            self.get_task_list,
            page_size=PER_CALL,
            status_list=status_list,
            search_keyword=search_keyword,
            start_time=start_time,
            end_time=end_time,
            deleted=deleted,
        )
        listing = pages(read, page_size=PER_CALL)
        return distinct(task for page in listing for task in page.items)

    def task_info(self, task_ids: Iterable[int]) -> dict[int, RemoteTask]:
        """Read tasks by id, any number of them; ids the cloud does not know are absent."""
        wanted = as_list(task_ids)
        found: dict[int, RemoteTask] = {}
        for start in range(0, len(wanted), PER_CALL):
            page = self._page(
                "query_task_info", RemoteTask.read, task_ids=wanted[start : start + PER_CALL]
            )
            found |= {task.id: task for task in page.items}
        return found

    def get_small_task_id(self, task_id: int) -> tuple[int, ...]:
        """Return the ids of the leaves that hold a task's frames: its own when it has no layers."""
        task = self.task_info([task_id]).get(task_id)
        if task is None:
            raise RequestRefusedError(
                f"get_small_task_id: the cloud does not know task {task_id}; "
                "a reserved id is known only once it is submitted",
                operation="query_task_info",
            )
        return tuple(leaf.id for leaf in task.leaves())

    def task_frames(
        self,
        task_id: int,
        page_num: int = 1,
        page_size: int = PER_CALL,
        search_keyword: str | None = None,
    ) -> Page[RemoteFrame]:
        """Read one page of a leaf task's frame entries.

        Args:
            task_id: of the leaf.
            page_num: which page, from 1.
            page_size: entries on a page, at most 100.
            search_keyword: part of a frame's name.
        """
        return self._page(
            "query_task_frames",
            RemoteFrame.read,
            task_id=task_id,
            page_num=page_num,
            page_size=page_size,
            search_keyword=search_keyword,
        )

    def iter_frames(
        self,
        task_id: int,
        *,
        numbers: Numbers | None = None,
        statuses: Collection[int] = (),
        parallel: int = 1,
    ) -> Iterator[RemoteFrame]:
        """Yield a leaf task's frame entries in order, also those of the same frame.

        Args:
            task_id: of the leaf.
            numbers: of frames; only picture entries that render any of them. None for all.
            statuses: codes; only entries with one of them. Empty for all.
            parallel: pages, of 100 entries, that are read at the same time and held; at most 16.
        """
        listing = pages(partial(self.task_frames, task_id), page_size=PER_CALL, parallel=parallel)
        entries = distinct(frame for page in listing for frame in page.items)
        return filtered(entries, numbers, statuses)

    def get_all_frames(self, task_id: int) -> tuple[RemoteFrame, ...]:
        """Read all frame entries of a leaf task at once, many pages at a time."""
        return tuple(self.iter_frames(task_id, parallel=MOST_PARALLEL))

    def all_frame_status(self) -> FrameStats:
        """Count the frames of all tasks by what became of them."""
        return self._value("query_all_frame_stats", FrameStats)

    def restart_failed_frames(self, task_ids: Iterable[int], status: Collection[int] = ()) -> None:
        """Render frames of whole tasks again.

        Args:
            task_ids: the tasks.
            status: codes of the frames; empty for the failed ones.
        """
        self._call(
            "restart_failed_frames",
            task_ids=as_list(task_ids),
            status=as_list(status) or None,
        )

    def restart_frame(
        self,
        task_id: int,
        *,
        ids: Iterable[int] | None = None,
        numbers: Numbers | None = None,
        statuses: Collection[int] | None = None,
        everything: bool = False,
    ) -> None:
        """Render frames of a leaf task again: those that exactly one argument selects.

        Args:
            task_id: of the leaf.
            ids: of frame entries.
            numbers: of frames, as numbers or a list like `1-10[2]`; all tiles of each.
            statuses: codes; entries with one of them.
            everything: all entries.

        Raises:
            InputError: none or several of the four are given, one is empty, or a number belongs
                to no entry or to one that renders other frames too.
        """
        chosen = selection(
            task_id,
            partial(self.get_all_frames, task_id),
            ids=ids,
            numbers=numbers,
            statuses=statuses,
            everything=everything,
        )
        self._call("restart_frame", task_id=task_id, **chosen)

    def stop_frame(
        self,
        task_id: int,
        *,
        ids: Iterable[int] | None = None,
        numbers: Numbers | None = None,
        statuses: Collection[int] | None = None,
        everything: bool = False,
    ) -> None:
        """Stop frames of a leaf task: those that exactly one argument selects.

        Args:
            task_id: of the leaf.
            ids: of frame entries.
            numbers: of frames, as numbers or a list like `1-10[2]`; all tiles of each.
            statuses: codes; entries with one of them.
            everything: all entries.

        Raises:
            InputError: none or several of the four are given, one is empty, or a number belongs
                to no entry or to one that renders other frames too.
        """
        chosen = selection(
            task_id,
            partial(self.get_all_frames, task_id),
            ids=ids,
            numbers=numbers,
            statuses=statuses,
            everything=everything,
        )
        self._call("stop_task_frames", task_id=task_id, **chosen)

    def get_task_processing_img(
        self, task_id: int, frame_type: int | None = None
    ) -> ProcessingPictures:
        """Read the small pictures of a 3ds Max task in progress.

        Args:
            task_id: of the leaf.
            frame_type: 2 photons, 5 main picture; None leaves it to the cloud.
        """
        return self._value(
            "load_task_process_img", ProcessingPictures, task_id=task_id, frame_type=frame_type
        )

    def get_frame_thumbnail(self, frame_id: int) -> tuple[str, ...]:
        """Name the small pictures of a finished frame entry."""
        return self._rows("load_frame_thumbnail", str, id=frame_id)

    def get_render_log(
        self,
        frame_id: int,
        page_num: int = 1,
        page_size: int = 1,
        rendering_type: str = "render",
    ) -> LogPage:
        """Read one page of what a frame entry's renderer said.

        Args:
            frame_id: of the entry.
            page_num: which page, from 1.
            page_size: as the vendor's client sends it; the cloud cuts pages by bytes.
            rendering_type: of the log.
        """
        return self._page(
            "get_render_log",
            str,
            id=frame_id,
            page_num=page_num,
            page_size=page_size,
            rendering_type=rendering_type,
        )

    def iter_render_log(self, frame_id: int, rendering_type: str = "render") -> Iterator[str]:
        """Yield the lines that a frame entry's renderer said so far; holds one page at a time.

        Args:
            frame_id: of the entry.
            rendering_type: of the log.
        """
        number = 1
        while True:
            page = self.get_render_log(frame_id, number, rendering_type=rendering_type)
            yield from page.items
            if not page.items or number >= page.page_count:
                return
            number += 1

    def get_transfer_server_msg(self, zone: int) -> ServerInfo:
        """Read where Raysync's servers of zone 1 (China) or 2 (overseas) are."""
        return self._value("get_transfer_server_msg", ServerInfo, zone=zone)

    def get_raysync_user_key(self) -> RaysyncKey:
        """Read the account's key for Raysync; it shows only when it is asked to."""
        return self._value("get_raysync_user_key", RaysyncKey)

    def get_pack_node_info(self) -> tuple[PackNode, ...]:
        """List the machine packages that the account has bought."""
        return self._rows("get_pack_node_info", PackNode.read)


def _in_china(name: str, moment: datetime | None) -> str | None:
    if moment is None:
        return None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise InputError(
            f"get_task_list: {name} must be a datetime with a time zone, not {moment!r:.80}"
        )
    return moment.astimezone(_CHINA).strftime(_DATE_FORMAT)
