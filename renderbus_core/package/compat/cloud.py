"""What a check asks the cloud, through any client that has the vendor's names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from renderbus_core.errors import UnknownOutcomeError
from renderbus_core.package.compat import software
from renderbus_core.package.compat.machines import OfferedMachine
from renderbus_core.package.supported import Supported, system_of
from renderbus_core.package.tips import Explanation

_LANGUAGES = {"zh": 0, "en": 1}
_STOPS = "1"


class Query(Protocol):
    """Reads what the platform offers."""

    def supported_plugin(self, name: str, os_name: str) -> Any:
        """List versions and plug-ins of a program on `windows` or `linux` machines."""

    def error_detail(self, *, codes: Sequence[str], language: int) -> Any:
        """Explain codes of the scene analysis, in Chinese (0) or English (1)."""


class User(Protocol):
    """Reads what the account may use."""

    def get_hardware_config(self) -> Any:
        """List the machines that can be asked for."""


class Task(Protocol):
    """Makes tasks."""

    def create_task(self) -> Any:
        """Reserve an id."""


class Api(Protocol):
    """The client that a script made: `RayvisionAPI`, ours or the vendor's."""

    @property
    def platform(self) -> int | str:
        """Id of the render platform."""

    @property
    def query(self) -> Query:
        """Reads what the platform offers."""

    @property
    def user(self) -> User:
        """Reads what the account may use."""

    @property
    def task(self) -> Task:
        """Makes tasks."""

    @property
    def user_info(self) -> Mapping[str, Any]:
        """The account, with the `domain` that is called."""

    def get_user_id(self) -> int:
        """Read the account's id."""

    def check_and_add_project_name(self, project_name: str) -> Any:
        """Return the id of a project, creating it where it is missing."""


def machines(api: Api) -> tuple[OfferedMachine, ...]:
    """List the machines that can be asked for."""
    rows = api.user.get_hardware_config()
    with _documented("get_hardware_config"):
        return tuple(map(OfferedMachine.read, rows or ()))


def offered(api: Api, task: Mapping[str, Any]) -> Supported:
    """List versions and plug-ins of a task's program on the system that renders it."""
    reply = api.query.supported_plugin(software.name_of(task), os_name=system_of(task))
    with _documented("supported_plugin"):
        return software.read(reply or {})


def explanations(api: Api, codes: Iterable[str]) -> list[dict[str, Any]]:
    """Explain codes of an analysis, all of them in one call, in the client's language."""
    wanted = list(codes)
    if not wanted:
        return []
    rows = api.query.error_detail(codes=wanted, language=_LANGUAGES[_language(api)])
    with _documented("error_detail"):
        named = [dict(row) | {"code": str(row["code"])} for row in rows or ()]
    return [row for row in named if row["code"] in wanted]


def read_explanations(rows: Iterable[Mapping[str, Any]]) -> dict[str, Explanation]:
    """Read what `explanations` returned, by code."""
    return {row["code"]: _explanation(row) for row in rows}


def _explanation(row: Mapping[str, Any]) -> Explanation:
    meaning, remedy = (str(row.get(key) or "") for key in ("desDescriptionCn", "desSolutionCn"))
    return Explanation(int(str(row.get("type")) == _STOPS), meaning, remedy)


def new_task_id(api: Api) -> int:
    """Reserve an id for one package alone."""
    reply = api.task.create_task()
    with _documented("create_task"):
        return int(reply["taskIdList"][0])


def _language(api: Api) -> str:
    spoken = getattr(api, "language", None)
    if spoken in _LANGUAGES:
        return str(spoken)
    # A client that does not say: as the vendor's decides for all its texts.
    return "zh" if "renderbus" in str(api.user_info["domain"]).lower() else "en"


@contextmanager
def _documented(operation: str) -> Iterator[None]:
    """Name the operation whose answer cannot be read."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise UnknownOutcomeError(
            f"{operation}: the answer does not have its documented form ({error!r:.120})",
            operation=operation,
        ) from error
