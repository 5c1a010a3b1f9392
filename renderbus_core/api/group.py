"""What the groups of operations share: calling by name, and the shape a reply must have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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
        data = self._call(name, **arguments)
        with _told(name):
            return kind.read(data)

    def _rows(self, name: str, read: Callable[[Any], T], /, **arguments: object) -> tuple[T, ...]:
        """Carry out an operation that answers with a list; null is an empty one."""
        return rows(name, read, self._call(name, **arguments))

    def _page(self, name: str, read: Callable[[Any], T], /, **arguments: object) -> Page[T]:
        """Carry out an operation that answers with a page; "no more records" is an empty one."""
        try:
            data = self._call(name, **arguments)
        except RequestRefusedError as error:
            if error.code != NO_MORE_RECORDS:
                raise
            data = None
        with _told(name):
            return Page.of(data, read)

    def _has(self, name: str, wire: str | None = None) -> bool:
        """Tell whether our generation of the protocol has an operation, or a field of it."""
        operation, profile = operations()[name], self._session.endpoint.profile
        if wire is None:
            return profile in operation.paths
        return profile in operation.since.get(wire, operation.paths)


def rows(name: str, read: Callable[[Any], T], data: Any) -> tuple[T, ...]:
    """Read the items of a list that came with a reply; null is an empty one.

    Args:
        name: of the operation, for messages.
        read: makes a value of an item.
        data: the list.
    """
    if not isinstance(data, list | None):
        raise UnknownOutcomeError(
            f"{name}: a reply holds {type(data).__name__} where a list belongs", operation=name
        )
    with _told(name):
        return tuple(map(read, data or ()))


def as_list(values: Iterable[T]) -> list[T]:
    """Return a list for a request.

    Raises:
        InputError: it is one value, or a text.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InputError(f"{values!r:.80} is no list; put it into brackets, even when it is alone")
    return list(values)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Name the operation whose reply cannot be read."""
    try:
        yield
    except UnknownOutcomeError as error:
        raise UnknownOutcomeError(f"{name}: {error.sentence}", operation=name) from error
