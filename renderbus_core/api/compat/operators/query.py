"""Reading tasks and frames and acting on frames, under the vendor's names."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from renderbus_core.api.compat.exception import ArgumentError
from renderbus_core.api.compat.operators.dcc import dcc_id
from renderbus_core.api.compat.operators.operator import Operator, whole_number
from renderbus_core.api.model import Page, RemoteFrame
from renderbus_core.api.paging import MOST_PARALLEL, distinct, pages
from renderbus_core.api.query import QueryOperations


class QueryOperator(Operator):
    """Reading tasks, frames and what the platform offers."""

    def platforms(self) -> Any:
        """List the platforms of the domain's zone."""
        return self._call("query_platforms", zone=self._call.zone)

    def error_detail(
        self,
        code: int | str | None = None,
        codes: Sequence[int | str] | None = None,
        language: int | str = 0,
    ) -> Any:
        """Explain codes of the scene analysis, in Chinese (0) or English (1)."""
        if not code and not codes:
            raise ArgumentError("error_detail: name a code, or several as codes")
        return self._call("error_detail", code=code or None, codes=codes or None, language=language)

    def get_task_list(  # noqa: PLR0917 - the vendor's signature
        self,
        page_num: int = 1,
        page_size: int = 100,
        status_list: Sequence[int] | None = None,
        search_keyword: str | None = None,
        start_time: str | None = None,
        end_time: str | None = None,
        recycle_flag: int | None = None,
    ) -> Any:
        """Read one page of the account's tasks, newest first."""
        return self._call(
            "get_task_list",
            page_num=page_num,
            page_size=page_size,
            status_list=status_list or None,
            search_keyword=search_keyword or None,
            start_time=start_time or None,
            end_time=end_time or None,
            recycle_flag=recycle_flag or None,
        )

    def task_frames(
        self,
        task_id: int,
        page_num: int = 1,
        page_size: int = 100,
        search_keyword: str | None = None,
    ) -> Any:
        """Read one page of a leaf task's frame entries."""
        return self._call(
            "query_task_frames",
            task_id=task_id,
            page_num=page_num,
            page_size=page_size,
            search_keyword=search_keyword or None,
        )

    def all_frame_status(self) -> Any:
        """Count the frames of all tasks by what became of them."""
        return self._call("query_all_frame_stats")

    def restart_failed_frames(
        self, task_param_list: Sequence[int], status: Sequence[int] | None = None
    ) -> Any:
        """Render frames of whole tasks again: the failed ones, or those of a status."""
        return self._call("restart_failed_frames", task_ids=task_param_list, status=status or None)

    def restart_frame(
        self,
        task_id: int,
        select_all: int | None = None,
        ids_list: Sequence[int] | None = None,
        status: Sequence[int] | None = None,
    ) -> Any:
        """Render frames of a leaf task again; see `_selection`."""
        chosen = _selection("restart_frame", select_all, ids_list, status)
        return self._call("restart_frame", task_id=task_id, **chosen)

    def stop_frame(
        self,
        task_id: int,
        select_all: int | None = None,
        ids_list: Sequence[int] | None = None,
        status: Sequence[int] | None = None,
    ) -> Any:
        """Stop frames of a leaf task; see `_selection`."""
        chosen = _selection("stop_frame", select_all, ids_list, status)
        return self._call("stop_task_frames", task_id=task_id, **chosen)

    def task_info(self, task_ids_list: Sequence[int]) -> Any:
        """Read tasks by id."""
        return self._call("query_task_info", task_ids=task_ids_list)

    def supported_software(self) -> Any:
        """List the DCCs the platform renders."""
        return self._call("query_supported_software")

    def supported_plugin(self, name: str, os_name: str = "default") -> Any:
        """List versions and plug-ins of one DCC.

        Args:
            name: `maya`, `houdini`, `3ds max`, ...
            os_name: `windows` or `linux`; `default` is this machine's.
        """
        if os_name == "default":
            os_name = "windows" if sys.platform.startswith("win") else "linux"
        return self._call("query_supported_plugin", cg_id=dcc_id(name), os_name=os_name)

    def get_transfer_server_msg(self) -> Any:
        """Read where Raysync's servers of the domain's zone are."""
        return self._call("get_transfer_server_msg", zone=self._call.zone)

    def get_raysync_user_key(self) -> Any:
        """Read the account's key for Raysync, which is a secret."""
        return self._call("get_raysync_user_key")

    def get_task_processing_img(self, task_id: int, frame_type: int | None = None) -> Any:
        """Read the small pictures of a 3ds Max task in progress."""
        return self._call("load_task_process_img", task_id=task_id, frame_type=frame_type or None)

    def get_frame_thumbnall(self, frame_id: int, frame_status: int = 4) -> Any:
        """Name the small pictures of a finished frame entry."""
        return self._call("load_frame_thumbnail", id=frame_id, frame_status=frame_status)

    def get_all_frames(
        self, task_id: int | str, start_page: int = 1, end_page: int = 2000, page_size: int = 100
    ) -> dict[str, dict[str, Any]]:
        """Read all frame entries of a leaf task.

        Returns:
            Entries by `frameIndex`; a further one of the same frame by `frameIndex#id`.
        """
        before = whole_number("start_page", start_page) - 1
        last = whole_number("end_page", end_page)
        ours, leaf = QueryOperations(self._call.session), whole_number("task_id", task_id)

        def read(number: int) -> Page[RemoteFrame]:
            page = ours.task_frames(leaf, before + number, page_size)
            # Counted as if there were no others, so that no others are read ahead.
            count, total = min(page.page_count, last), min(page.total, last * page_size)
            return replace(page, page_count=count - before, total=total - before * page_size)

        listing = pages(read, page_size=page_size, parallel=MOST_PARALLEL)
        found: dict[str, dict[str, Any]] = {}
        with self._call.translated():
            shown = islice(listing, max(0, last - before))
            for entry in distinct(entry for page in shown for entry in page.items):
                index = entry.frame_index
                found[f"{index}#{entry.id}" if index in found else index] = dict(entry.raw)
        return found

    def get_custome_frames(self, task_id: int, restartframes: Iterable[str | int]) -> Any:
        """Render frame entries again by their `frameIndex`, all tiles of each."""
        ids = self._ids_of(task_id, restartframes)
        return self.restart_frame(task_id, select_all=0, ids_list=ids)

    def frame_number_to_stop(self, task_id: int, stop_frame: Iterable[str | int]) -> Any:
        """Stop frame entries by their `frameIndex`, all tiles of each."""
        return self.stop_frame(task_id, select_all=0, ids_list=self._ids_of(task_id, stop_frame))

    def get_small_task_id(self, task_id: int | str) -> list[int]:
        """Return the ids of a task's layers; its own when it has none."""
        wanted = whole_number("task_id", task_id)
        items = (self.task_info([wanted]) or {}).get("items") or [{}]
        layers = items[0].get("respRenderingTaskList") or []
        return [layer["id"] for layer in layers] or [wanted]

    def get_render_log(
        self,
        renderingType: str = "render",  # noqa: N803 - the vendor's name, as below
        pageNum: int = 1,  # noqa: N803
        pageSize: int = 1,  # noqa: N803
        frame_id: int | None = None,
    ) -> Any:
        """Read one page of what a frame entry's renderer said; `frame_id` is needed."""
        return self._call(
            "get_render_log",
            rendering_type=renderingType,
            page_num=pageNum,
            page_size=pageSize,
            id=frame_id,
        )

    def get_pack_node_info(self) -> Any:
        """List the machine packages that the account has bought."""
        return self._call("get_pack_node_info")

    def _ids_of(self, task_id: int, indices: Iterable[str | int]) -> list[int]:
        # A text alone is one index; as a collection, "1" would be found in "12".
        wanted = {indices} if isinstance(indices, str) else set(map(str, indices))
        entries = self.get_all_frames(task_id).values()
        ids = [entry["id"] for entry in entries if str(entry["frameIndex"]) in wanted]
        if not ids:
            raise ArgumentError(f"task {task_id} has no frame entry called any of {indices!r:.80}")
        return ids


def _selection(
    method: str,
    select_all: int | None,
    ids_list: Sequence[int] | None,
    status: Sequence[int] | None,
) -> dict[str, Any]:
    """Return what a request says about which frame entries it means.

    The vendor takes a forgotten list for "all frames", which stops or pays a whole task; and
    where both are given, it ignores the list. Both are refused.

    Args:
        method: for messages.
        select_all: 1 all entries of the task; 0 those listed; None decides by the others.
        ids_list: of entries.
        status: codes; only entries with one of them.
    """
    if ids_list and select_all == 1:
        raise ArgumentError(f"{method}: select_all=1 and ids_list contradict; give one of them")
    if not ids_list and select_all != 1 and not (status and select_all is None):
        raise ArgumentError(f"{method}: name frames by ids_list or status, or say select_all=1")
    return {
        "select_all": 0 if ids_list else 1,
        "ids": ids_list or None,
        "status": status or None,
    }
