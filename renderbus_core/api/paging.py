"""Reading listings page by page, some of them ahead, whatever their counts say.

Counts are announcements: a listing may grow while it is read, and clouds have been seen to
miscount. So a listing ends with a page that is not full, is the last one announced and completes
the announced total; or with an empty page there or beyond; or with two empty pages in a row. A
page before the end that holds less than others is read once more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Protocol, Self, TypeVar

from renderbus_core.api.model import Page
from renderbus_core.api.session import CONNECTIONS
from renderbus_core.errors import InputError, UnknownOutcomeError

T = TypeVar("T")

MOST_PARALLEL = CONNECTIONS
"""Most pages read at the same time: as many connections as a session keeps."""

MOST_PAGES = 20_000
"""Most pages of one listing: two million rows."""


class HasId(Protocol):
    """A row that the cloud gave an id."""

    @property
    def id(self) -> int:
        """Its id, 0 when there is none."""


R = TypeVar("R", bound=HasId)


def pages(
    read: Callable[[int], Page[T]], *, page_size: int, parallel: int = 1
) -> Iterator[Page[T]]:
    """Yield the pages of a listing in order, those that hold something.

    Closing the iterator, or a page that cannot be read, ends everything that was begun.

    Args:
        read: reads one page by its number, from 1.
        page_size: rows that were asked for on each.
        parallel: most pages that are read ahead and held, 1 to `MOST_PARALLEL`.

    Raises:
        InputError: `parallel` is out of bounds; at once.
        UnknownOutcomeError: there is no end.
    """
    if not 1 <= parallel <= MOST_PARALLEL:
        raise InputError(f"parallel must be 1 to {MOST_PARALLEL}, not {parallel}")
    return _pages(read, page_size, parallel)


def distinct(rows: Iterable[R]) -> Iterator[R]:
    """Leave out rows that came before: a row that is added in front moves others to a next page."""
    seen: set[int] = set()
    for row in rows:
        if row.id not in seen:
            yield row
        if row.id:
            seen.add(row.id)


def _pages(read: Callable[[int], Page[T]], page_size: int, parallel: int) -> Iterator[Page[T]]:
    announced, total, seen, fullest = 0, 0, 0, 0
    rows: tuple[T, ...] = ()
    with _ReadAhead(read, parallel) as ahead:
        for number in range(1, MOST_PAGES + 1):
            page = ahead.page(number)
            announced, total = max(announced, page.page_count), max(total, page.total)
            if number < announced and len(page.items) < fullest:
                # Read before the listing grew, or by a hiccup of the cloud: the fuller one counts.
                page = max(page, read(number), key=lambda each: len(each.items))
            if page.items and page.items == rows and number > announced:
                return  # Behind the end, some clouds repeat the last page.
            was_empty = number > 1 and not rows
            rows, seen = page.items, seen + len(page.items)
            fullest = max(fullest, len(rows))
            if rows:
                yield page
            elif was_empty or number >= announced:
                return
            if len(rows) < page_size and 0 < announced <= number and seen >= total:
                return
            # A last page that will be full proves nothing: the one behind it is asked for too.
            ahead.announced = announced + (total >= announced * page_size > 0)
    raise UnknownOutcomeError(
        f"a listing has not ended after {MOST_PAGES:,} pages; ask for a part of it"
    )


class _ReadAhead(Generic[T]):
    """Reads pages that are announced before they are asked for; in order, so many at a time."""

    def __init__(self, read: Callable[[int], Page[T]], parallel: int) -> None:
        self.announced = 0
        self._read = read
        self._parallel = parallel
        self._begun: deque[Future[Page[T]]] = deque()
        self._next = 1
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    def page(self, number: int) -> Page[T]:
        """Return one page; they are asked for in order."""
        if not self._begun and (self._parallel == 1 or number >= self.announced):
            self._next = number + 1
            return self._read(number)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._parallel, "renderbus-page")
        while self._next <= self.announced and len(self._begun) < self._parallel:
            self._begun.append(self._threads.submit(self._read, self._next))
            self._next += 1
        return self._begun.popleft().result()
