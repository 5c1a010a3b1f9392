"""The client: operations grouped as the vendor's documents group them, with Python arguments."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Self

from renderbus_core.api.operations import operations
from renderbus_core.api.session import Endpoint, Seams, Session

if TYPE_CHECKING:
    from renderbus_core.api.env import EnvOperations
    from renderbus_core.api.query import QueryOperations
    from renderbus_core.api.tag import TagOperations
    from renderbus_core.api.task import TaskOperations
    from renderbus_core.api.transmit import TransmitOperations
    from renderbus_core.api.user import UserOperations
    from renderbus_core.config import Credentials


class Client:
    """Everything that can be asked of one Renderbus account; sends nothing at construction.

    A group is imported when it is first used: a program that only asks for one thing starts as
    quickly as with `requests` alone.

    Args:
        endpoint: where the service is and how it is spoken to.
        credentials: of the account.
        seams: what a test replaces.
    """

    def __init__(
        self, endpoint: Endpoint, credentials: Credentials, seams: Seams | None = None
    ) -> None:
        self.session = Session(endpoint, credentials, seams)

    @property
    def endpoint(self) -> Endpoint:
        """Where the service is and how it is spoken to."""
        return self.session.endpoint

    @property
    def capabilities(self) -> frozenset[str]:
        """Names of the operations that the protocol profile has."""
        profile = self.endpoint.profile
        return frozenset(n for n, operation in operations().items() if profile in operation.paths)

    @cached_property
    def user(self) -> UserOperations:
        """The account."""
        from renderbus_core.api.user import UserOperations  # noqa: PLC0415 - see the class

        return UserOperations(self.session)

    @cached_property
    def task(self) -> TaskOperations:
        """Making and ending tasks."""
        from renderbus_core.api.task import TaskOperations  # noqa: PLC0415 - see the class

        return TaskOperations(self.session)

    @cached_property
    def query(self) -> QueryOperations:
        """Reading tasks, frames and what the platform offers."""
        from renderbus_core.api.query import QueryOperations  # noqa: PLC0415 - see the class

        return QueryOperations(self.session)

    @cached_property
    def tag(self) -> TagOperations:
        """Projects and labels."""
        from renderbus_core.api.tag import TagOperations  # noqa: PLC0415 - see the class

        return TagOperations(self.session)

    @cached_property
    def env(self) -> EnvOperations:
        """Render environments."""
        from renderbus_core.api.env import EnvOperations  # noqa: PLC0415 - see the class

        return EnvOperations(self.session)

    @cached_property
    def transmit(self) -> TransmitOperations:
        """Configuration files and listings of the storages."""
        from renderbus_core.api.transmit import TransmitOperations  # noqa: PLC0415 - see the class

        return TransmitOperations(self.session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close pooled connections."""
        self.session.close()
