"""What the operators share: calling by the operation's name, with failures as the vendor's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from renderbus_core.api.compat.exception import ArgumentError, RayvisionAPIError
from renderbus_core.api.operations import operations
from renderbus_core.api.session import Session
from renderbus_core.errors import CloudError, InputError


class Calls:
    """Calls operations of one account and returns the replies' data as they came.

    Args:
        session: carries the calls.
        platform: id of the render platform, as the script gave it.
        logger: gets a line per call, without anything secret.
    """

    def __init__(self, session: Session, platform: int | str, logger: logging.Logger) -> None:
        self.session = session
        self.platform = platform
        self._logger = logger

    @property
    def domain(self) -> str:
        """Host of the service."""
        return self.session.endpoint.domain

    @property
    def zone(self) -> int:
        """Zone of the domain, by its name as the vendor finds it: 1 China, 2 overseas."""
        return 1 if "renderbus" in self.domain.lower() else 2

    def __call__(self, name: str, /, **arguments: object) -> Any:
        """Carry out one operation.

        Args:
            name: of the operation in `schemas/api.json`.
            arguments: by Python name; None means left out, a tuple is sent as a list.
        """
        given = {n: list(v) if isinstance(v, tuple) else v for n, v in arguments.items()}
        with self.translated():
            data = self.session.call(name, given)
        self._logger.debug("%s: done", name)
        return data

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Raise what goes wrong inside as the vendor's exceptions."""
        try:
            yield
        except CloudError as error:
            self._logger.debug("%s: %s", error.operation, error)
            raise RayvisionAPIError.of(error, self._address(error.operation)) from error
        except InputError as error:
            raise ArgumentError(str(error)) from error

    def _address(self, operation: str | None) -> str:
        endpoint = self.session.endpoint
        path = operations()[operation].path(endpoint.profile) if operation else ""
        return f"{endpoint.base_url}{path}"
