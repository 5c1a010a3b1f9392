"""What the groups of operations share: calling by name, and the shape a reply must have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from renderbus_core.api.envelope import NO_MORE_RECORDS
from renderbus_core.api.model import Page, Wire
from renderbus_core.api.operations import operations
from renderbus_core.api.session import Session
from renderbus_core.errors import InputError, RequestRefusedError, UnknownOutcomeError

T = TypeVar("T")
W = TypeVar("W", bound=Wire)

PER_CALL = 100
"""Most ids in a request and most rows on a page, as the documents allow."""


class Group:
    """Operations of one session that belong together."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _call(self, name: str, /, **arguments: object) -> Any:
        return self._session.call(name, arguments)

    def _value(self, name: str, kind: type[W], /, **arguments: object) -> W:
        """Carry out an operation that answers with an object."""
        return self._session.read(name, arguments, kind.read)

    def _rows(self, name: str, read: Callable[[Any], T], /, **arguments: object) -> tuple[T, ...]:
        """Carry out an operation that answers with a list; null is an empty one."""
        return self._session.read(name, arguments, lambda data: rows(read, data))

    def _page(self, name: str, read: Callable[[Any], T], /, **arguments: object) -> Page[T]:
        """Carry out an operation that answers with a page; "no more records" is an empty one."""
        try:
            return self._session.read(name, arguments, lambda data: Page.of(data, read))
        except RequestRefusedError as error:
            if error.code != NO_MORE_RECORDS:
                raise
            return Page.of(None, read)

    def _has(self, name: str, wire: str | None = None) -> bool:
        """Tell whether our generation of the protocol has an operation, or a field of it."""
        operation, profile = operations()[name], self._session.endpoint.profile
        if wire is None:
            return profile in operation.paths
        return profile in operation.since.get(wire, operation.paths)


def rows(read: Callable[[Any], T], data: Any) -> tuple[T, ...]:
    """Read the items of a list that came with a reply; null is an empty one.

    Args:
        read: makes a value of an item.
        data: the list.

    Raises:
        UnknownOutcomeError: it is no list, or an item cannot be read.
    """
    if not isinstance(data, list | None):
        raise UnknownOutcomeError(f"a reply holds {type(data).__name__} where a list belongs")
    return tuple(map(read, data or ()))


def as_list(values: Iterable[T]) -> list[T]:
    """Return a list for a request.

    Raises:
        InputError: it is one value, or a text.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InputError(f"{values!r:.80} is no list; put it into brackets, even when it is alone")
    return list(values)
