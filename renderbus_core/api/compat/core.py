"""`RayvisionAPI` with the vendor's arguments and results; nothing is sent at construction."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from typing import Any

from renderbus_core.api.compat.calls import Calls
from renderbus_core.api.compat.exception import (
    ArgumentError,
    RayvisionError,
    RayvisonTaskIdError,
)
from renderbus_core.api.compat.operators import (
    QueryOperator,
    RenderEnvOperator,
    TagOperator,
    TaskOperator,
    TransmitOperator,
    UserOperator,
)
from renderbus_core.api.session import Endpoint, Seams, Session
from renderbus_core.api.tag import TagOperations
from renderbus_core.config import Credentials, Secret
from renderbus_core.errors import InputError

ID_VARIABLE = "RAYVISION_API_ACCESS_ID"
KEY_VARIABLE = "RAYVISION_API_KEY"
_NO_USER = 1_000_000

Timeout = float | tuple[float | None, float | None] | None


class RayvisionAPI:
    """Everything the vendor's object of this name does in this layer.

    Args:
        access_id: of the account; else from the environment, RAYVISION_API_ACCESS_ID.
        access_key: that signs for it; else from the environment, RAYVISION_API_KEY.
        domain: host, with a port if it has one.
        platform: id of the render platform.
        protocol: `https`, or `http` for the simulator.
        logger: gets a line per call; else `renderbus_core.api.compat`.
        log_folder: not used, no file is written; give the logger a handler.
        log_name: not used either.
        log_level: not used either; no logger is changed.
        timeout: seconds to connect and to read, or a pair of both; None takes ours.
        language: of the cloud's texts, `en` or `zh`; None decides by the domain as the vendor.
        seams: what a test replaces.

    Raises:
        TypeError: there is no id or no key.
    """

    def __init__(  # noqa: PLR0917 - the vendor's signature
        self,
        access_id: str | None = None,
        access_key: str | None = None,
        domain: str = "task.renderbus.com",
        platform: int | str = "4",
        protocol: str = "https",
        logger: logging.Logger | None = None,
        log_folder: str | None = None,
        log_name: str | None = None,
        log_level: str = "DEBUG",  # noqa: ARG002 - as above
        timeout: Timeout = 60,
        *,
        language: str | None = None,
        seams: Seams | None = None,
    ) -> None:
        self.platform = platform
        self.logger = logger or logging.getLogger("renderbus_core.api.compat")
        if log_folder or log_name:
            self.logger.warning("log_folder and log_name write no file; give the logger a handler")
        credentials = Credentials(
            _given("access_id", access_id, ID_VARIABLE),
            Secret(_given("access_key", access_key, KEY_VARIABLE)),
        )
        endpoint = _endpoint(domain, platform, protocol, timeout, language)
        self._session = Session(endpoint, credentials, seams)
        self._calls = Calls(self._session, platform, self.logger)
        self.user = UserOperator(self._calls)
        self.task = TaskOperator(self._calls)
        self.query = QueryOperator(self._calls)
        self.tag = TagOperator(self._calls)
        self.env = RenderEnvOperator(self._calls)
        self.transmit = TransmitOperator(self._calls)

    def close(self) -> None:
        """Close pooled connections."""
        self._session.close()

    @property
    def language(self) -> str:
        """Language of the cloud's texts, `en` or `zh`."""
        return self._session.endpoint.language

    @property
    def user_info(self) -> dict[str, Any]:
        """Profile, settings and storage ids in snake case; read when it is first used."""
        return self.user.info

    def get_user_id(self) -> int:
        """Read the account's id."""
        try:
            return self.user.user_id
        except KeyError as error:
            raise RayvisionError(_NO_USER, "the profile that came holds no userId") from error

    def check_and_add_project_name(self, project_name: str) -> str:
        """Return the id of a project as text, creating it where it is missing."""
        with self._calls.translated():
            project = TagOperations(self._session).ensure_project(project_name)
        return str(project.project_id)

    def submit(self, task_id: int, producer: str | None = None) -> bool:
        """Start the work of a reserved id; from here on it costs money.

        Raises:
            RayvisonTaskIdError: the id is no number.
        """
        if not isinstance(task_id, int):
            raise RayvisonTaskIdError(2000, f"a task id is a whole number, not {task_id!r:.80}")
        self.task.submit_task(task_id, producer)
        return True


def _given(name: str, value: str | None, variable: str) -> str:
    value = value or os.environ.get(variable)
    if not value:
        raise TypeError(f"{name} is missing; pass it, or set {variable} in the environment")
    return value


def _endpoint(
    domain: str, platform: int | str, protocol: str, timeout: Timeout, language: str | None
) -> Endpoint:
    # The vendor: texts in Chinese wherever "renderbus" is in the domain.
    spoken = language or ("zh" if "renderbus" in domain else "en")
    try:
        ours = Endpoint(domain, scheme=protocol, platform=int(platform), language=spoken)
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        return replace(
            ours,
            connect_timeout=ours.connect_timeout if connect is None else connect,
            read_timeout=ours.read_timeout if read is None else read,
        )
    except (InputError, TypeError, ValueError) as error:
        raise ArgumentError(f"RayvisionAPI(domain={domain!r:.80}, ...): {error}") from error
