"""One page of a listing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from renderbus_core.api.model.wire import Wire

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Wire, Generic[T]):
    """One page of a listing; a null reply is an empty one.

    Args:
        page_count: pages in all.
        page_num: which one this is, from 1.
        total: entries in all.
        size: entries on a full page, as the cloud counts them.
        items: of this page, in order.
    """

    page_count: int = 0
    page_num: int = 0
    total: int = 0
    size: int = 0
    items: tuple[T, ...] = ()

    @classmethod
    def of(cls, data: object, read: Callable[[Any], T]) -> Page[T]:
        """Read a page and each of its items.

        Args:
            data: the reply; None is an empty page.
            read: makes an item of what the reply holds of it.
        """
        page = cls.read(data if data is not None else {})
        return replace(page, items=tuple(map(read, page.items)))


LogPage = Page[str]
"""One page of a frame's log: lines, while `total` and `size` count bytes."""
