"""The client: operations grouped as the vendor's documents group them, with Python arguments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from renderbus_core.api.model import (
    CreatedTasks,
    OutputFile,
    Page,
    RemoteFrame,
    RemoteTask,
    TransferBids,
    UserProfile,
)
from renderbus_core.api.operations import Profile, operations
from renderbus_core.api.session import Endpoint, Seams, Session
from renderbus_core.config import Credentials
from renderbus_core.errors import InputError, UnknownOutcomeError

T = TypeVar("T")
IDS_PER_CALL = 100


class _Group:
    def __init__(self, session: Session) -> None:
        self._session = session

    def _call(self, name: str, **arguments: object) -> Any:
        return self._session.call(name, arguments)

    def _object(self, name: str, **arguments: object) -> dict[str, Any]:
        """Carry out an operation that answers with an object; null is an empty one."""
        return self._checked(name, dict, self._call(name, **arguments) or {})

    def _rows(self, name: str, **arguments: object) -> list[Any]:
        """Carry out an operation that answers with a list; null is an empty one."""
        return self._checked(name, list, self._call(name, **arguments) or [])

    @staticmethod
    def _checked(name: str, kind: type[T], data: Any) -> T:
        if not isinstance(data, kind):
            raise UnknownOutcomeError(
                f"{name}: a {type(data).__name__} came where a {kind.__name__} belongs",
                operation=name,
            )
        return data


class UserOperations(_Group):
    """The account."""

    def query_user_profile(self) -> UserProfile:
        """Read who the account is and what it may."""
        return UserProfile.read(self._call("query_user_profile"))

    def query_user_setting(self) -> dict[str, Any]:
        """Read the account's settings."""
        return self._object("query_user_setting")

    def get_transfer_bid(self) -> TransferBids:
        """Read the ids of the account's storages."""
        return TransferBids.read(self._call("get_transfer_bid"))

    def get_hardware_config(self) -> list[dict[str, Any]]:
        """List the machines that can be asked for."""
        return self._rows("get_hardware_config")


class TaskOperations(_Group):
    """Making and ending tasks."""

    def create_task(
        self, *, count: int = 1, task_user_level: int = 50, labels: Sequence[str] = ()
    ) -> CreatedTasks:
        """Reserve task ids.

        Args:
            count: how many.
            task_user_level: priority, 50 or 60.
            labels: texts to put on them.
        """
        created = CreatedTasks.read(
            self._call(
                "create_task",
                count=count,
                task_user_level=task_user_level,
                labels=list(labels) or None,
            )
        )
        if len(created.task_id_list) != count:
            raise UnknownOutcomeError(
                f"create_task: asked for {count} ids, got {len(created.task_id_list)}",
                operation="create_task",
            )
        return created

    def submit_task(self, task_id: int, *, producer: str | None = None) -> None:
        """Start the work of a reserved id; from here on it costs money."""
        self._call("submit_task", task_id=task_id, producer=producer)

    def update_task_limit(self, task_id: int, task_limit: int) -> None:
        """Limit the machines that render a task at the same time."""
        self._call("update_task_limit", task_id=task_id, task_limit=task_limit)

    def stop_task(self, task_ids: Sequence[int]) -> None:
        """Stop tasks; they can be started again."""
        self._call("stop_task", task_ids=list(task_ids))

    def abort_task(self, task_ids: Sequence[int]) -> None:
        """Abandon tasks for good."""
        self._call("abort_task", task_ids=list(task_ids))


class QueryOperations(_Group):
    """Reading tasks, frames and what the platform offers."""

    def query_platforms(self, zone: int) -> list[dict[str, Any]]:
        """List platforms of zone 1 (China) or 2 (overseas)."""
        return self._rows("query_platforms", zone=zone)

    def query_supported_software(self) -> dict[str, Any]:
        """List the DCCs the platform renders."""
        return self._object("query_supported_software")

    def query_supported_plugin(self, cg_id: int, os_name: str) -> dict[str, Any]:
        """List versions and plug-ins of one DCC on `windows` or `linux` render machines."""
        return self._object("query_supported_plugin", cg_id=cg_id, os_name=os_name)

    def query_task_info(self, task_ids: Sequence[int]) -> dict[int, RemoteTask]:
        """Read tasks by id, any number of them; ids the cloud does not know are absent."""
        found: dict[int, RemoteTask] = {}
        for start in range(0, len(task_ids), IDS_PER_CALL):
            batch = list(task_ids[start : start + IDS_PER_CALL])
            page = Page.read(self._call("query_task_info", task_ids=batch) or {})
            found |= {task.id: task for task in map(RemoteTask.read, page.items)}
        return found

    def iter_tasks(self, search_keyword: str | None = None) -> Iterator[RemoteTask]:
        """Yield the account's tasks, page by page.

        Args:
            search_keyword: part of a scene name or id.
        """
        for page in self._pages("get_task_list", search_keyword=search_keyword):
            yield from map(RemoteTask.read, page.items)

    def iter_frames(self, task_id: int) -> Iterator[RemoteFrame]:
        """Yield the frame entries of a leaf task; holds one page at a time."""
        for page in self._pages("query_task_frames", task_id=task_id):
            yield from map(RemoteFrame.read, page.items)

    def stop_frames(self, task_id: int, frame_ids: Sequence[int]) -> None:
        """Stop the named frame entries of a leaf task; "all of them" is not offered."""
        if not frame_ids:
            raise InputError(f"stop_frames of task {task_id}: name at least one frame entry")
        self._call("stop_task_frames", task_id=task_id, ids=list(frame_ids), select_all=0)

    def _pages(self, operation: str, **arguments: object) -> Iterator[Page]:
        number = 1
        while True:
            reply = self._call(operation, page_num=number, page_size=IDS_PER_CALL, **arguments)
            page = Page.read(reply or {})
            yield page
            # A full count is not trusted alone: an empty page always ends the listing.
            if not page.items or number >= page.page_count:
                return
            number += 1


class TagOperations(_Group):
    """Projects and labels."""

    def add_project(self, name: str) -> None:
        """Create a project that is switched on."""
        self._call("add_label", new_name=name, status=0)

    def projects(self) -> dict[str, int]:
        """Return the ids of the account's projects by name."""
        rows = self._object("get_project_list", flag=2).get("projectNameList") or ()
        return {row["projectName"]: row["projectId"] for row in rows}

    def add_task_label(self, label: str, task_ids: Sequence[int]) -> None:
        """Put a text on tasks, by which they can be found again."""
        self._call("add_task_label", label=label, task_ids=list(task_ids))


class TransmitOperations(_Group):
    """Configuration files and listings of the storages."""

    def get_transfer_config(self) -> dict[str, Any]:
        """Read storage ids and transfer lines."""
        return self._object("get_transfer_config")

    def upload_task_json(self, task_id: int, file_name: str, content: str) -> None:
        """Store one of the four configuration files of a reserved id."""
        self._call("upload_task_json", task_id=task_id, file_name=file_name, content=content)

    def get_output_files(self, tree_path: str, task_id: int | None = None) -> list[OutputFile]:
        """List one folder of the output storage.

        Args:
            tree_path: `/` or a folder with a leading slash.
            task_id: leaf task whose folder is the root; None for the whole storage.
        """
        rows = self._rows("get_output_files", tree_path=tree_path, task_id=task_id)
        return [OutputFile.read(row) for row in rows]


class Client:
    """Everything that can be asked of one Renderbus account; sends nothing at construction."""

    def __init__(
        self, endpoint: Endpoint, credentials: Credentials, seams: Seams | None = None
    ) -> None:
        self._session = Session(endpoint, credentials, seams)
        self.endpoint = endpoint
        self.user = UserOperations(self._session)
        self.task = TaskOperations(self._session)
        self.query = QueryOperations(self._session)
        self.tag = TagOperations(self._session)
        self.transmit = TransmitOperations(self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close pooled connections."""
        self._session.close()

    @property
    def capabilities(self) -> frozenset[str]:
        """Names of the operations that the protocol profile has."""
        profile: Profile = self.endpoint.profile
        return frozenset(n for n, operation in operations().items() if profile in operation.paths)
