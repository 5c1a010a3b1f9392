"""How our values are kept in database columns, exactly and alike on every database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

from renderbus_core import frames
from renderbus_core.frames import FrameSet
from renderbus_core.options import CloudOptions, read_options, write_options

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware time as microseconds since 1970, exact and good for arithmetic."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn the time into a number."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn the number into a time."""
        return None if value is None else _EPOCH + value * _MICROSECOND


class Frames(TypeDecorator[FrameSet]):
    """A frame list in Deadline's notation, the shorter one for sets that run backwards."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: FrameSet | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write the set."""
        return None if value is None else value.format(frames.Dialect.DEADLINE)

    def process_result_value(self, value: str | None, dialect: Dialect) -> FrameSet | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read the set."""
        return None if value is None else _read_frames(value)


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal as text: SQLite would turn a number into a float."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write the number out."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read the number."""
        return None if value is None else Decimal(value)


class Prose(TypeDecorator[str]):
    """A sentence for people; characters that no database takes are shown by signs it does."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Replace what cannot be written: NUL, and halves of characters."""
        if value is None:
            return None
        whole = value.encode("utf-8", "backslashreplace").decode("utf-8")
        return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


class Options(TypeDecorator[CloudOptions]):
    """What a job wants of the cloud, as one JSON object of texts by name."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: CloudOptions | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write the options out."""
        return None if value is None else json.dumps(write_options(value), sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> CloudOptions | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read the options."""
        return None if value is None else _read_options(value)


@lru_cache(maxsize=4096)
def _read_options(text: str) -> CloudOptions:
    """Remember what was read, as with frames."""
    return read_options(json.loads(text))


@lru_cache(maxsize=4096)
def _read_frames(text: str) -> FrameSet:
    """Remember what was read: the tasks of a queue are listed over and over."""
    return FrameSet.parse(text, frames.Dialect.DEADLINE)
