"""Reading values from replies: by field name and annotation, with nothing written twice.

Field names are the wire names in snake case. Unknown wire fields are kept in `raw`, missing ones
and nulls become the field's default: samples have nulls everywhere. A field whose null has a
meaning of its own (a hidden cost, a folder's size) is annotated with None and stays None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from decimal import Decimal, InvalidOperation
from types import NoneType, UnionType
from typing import Any, Self, get_args, get_origin, get_type_hints

from renderbus_core.config import Secret
from renderbus_core.errors import UnknownOutcomeError

# Takes a decoded JSON value that is not null, gives a field's value.
_Reader = Callable[[Any], object]
_WRONG = (TypeError, ValueError, OverflowError, InvalidOperation)


def named(wire: str, default: Any) -> Any:
    """Return a field that has another name on the wire than in Python.

    Args:
        wire: its name there.
        default: what a missing or null one becomes.
    """
    return field(default=default, metadata={"wire": wire})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Base of everything read from a reply.

    Args:
        raw: the member of the reply it was read from.
    """

    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, data: object) -> Self:
        """Read one value; tolerant of missing, null and unknown fields.

        Raises:
            UnknownOutcomeError: `data` is not an object or a field has an impossible type.
        """
        if not isinstance(data, Mapping):
            raise UnknownOutcomeError(
                f"a reply holds {type(data).__name__} where an object belongs"
            )
        # Thousands of frames come at once: the slots are filled by what was worked out once.
        plan = _PLANS.get(cls) or _plan(cls)
        value = object.__new__(cls)
        plan.set_raw(value, data)
        get = data.get
        try:
            for step in plan.steps:
                wire, put, default, read = step
                given = get(wire)
                put(value, default if given is None else read(given))
        except _WRONG as error:
            raise UnknownOutcomeError(
                f"a reply holds {data[step[0]]!r:.80} as {cls.__name__}.{step[0]}, "
                "which cannot be read as what it should be"
            ) from error
        return value


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a class is read: for each field its wire name, slot, default and reader."""

    set_raw: Callable[[object, object], None]
    steps: tuple[tuple[str, Callable[[object, object], None], object, _Reader], ...]


_PLANS: dict[type, _Plan] = {}


def _plan(kind: type[Wire]) -> _Plan:
    hints = get_type_hints(kind)
    slots = {each.name: getattr(kind, each.name).__set__ for each in fields(kind)}
    steps = tuple(
        (
            each.metadata.get("wire") or camel_case(each.name),
            slots[each.name],
            None if each.default is MISSING else each.default,
            _reader(hints[each.name]),
        )
        for each in fields(kind)
        if each.name != "raw"
    )
    plan = _PLANS[kind] = _Plan(slots["raw"], steps)
    return plan


def camel_case(name: str) -> str:
    """Turn a Python name into its wire name: `task_user_level` -> `taskUserLevel`."""
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def concealed(data: Any, names: frozenset[str]) -> Any:
    """Return decoded JSON with some members as `Secret`, at any depth, so that none prints.

    Args:
        data: a decoded JSON value.
        names: of the members, as they are on the wire.
    """
    if isinstance(data, Mapping):
        return {
            name: Secret(str(value))
            if name in names and value is not None
            else concealed(value, names)
            for name, value in data.items()
        }
    if isinstance(data, list):
        return [concealed(item, names) for item in data]
    return data


def _reader(kind: Any) -> _Reader:
    """Return how a field is read, by its annotation."""
    if get_origin(kind) is UnionType:
        (kind,) = (each for each in get_args(kind) if each is not NoneType)
    if get_origin(kind) is tuple:
        return _each(_reader(get_args(kind)[0]))
    if isinstance(kind, type) and issubclass(kind, Wire):
        return kind.read
    return _READERS.get(kind, _as_it_came)


def _each(read: _Reader) -> _Reader:
    def read_all(values: Any) -> object:
        if not isinstance(values, list | tuple):
            raise TypeError("not a list")
        return tuple(map(read, values))

    return read_all


def _amount(value: Any) -> Decimal:
    amount = Decimal(value) if type(value) is int else Decimal(str(value))
    if not amount.is_finite():
        raise ValueError("not a finite number")
    return amount


def _as_it_came(value: Any) -> object:
    return value


def _yes(value: Any) -> bool:
    return value in {True, "1", "true", "True"}


_READERS: Mapping[Any, _Reader] = {
    int: int,
    str: str,
    bool: _yes,
    Decimal: _amount,
    Secret: lambda value: value if isinstance(value, Secret) else Secret(str(value)),
}
