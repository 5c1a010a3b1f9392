"""Every key of a job and of its plug-in is looked at; one that nobody knows keeps the job here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deadline_plugin.tables import Family, Keys
from renderbus_core.farm import Refusal, same_value
from renderbus_core.overflow import TRAITS

_NOTHING = frozenset({"", "0", "false", "none", "notscheduled", "00:00:00:00"})


def refusals(info: Mapping[str, str], keys: Keys) -> Iterator[Refusal]:
    """Yield what of a job the cloud cannot do, or nobody knows.

    Args:
        info: keys of the job, or of its plug-in.
        keys: what is known of them.
    """
    families: dict[Family, dict[str, str]] = {}
    for key, value in info.items():
        name, family = keys.name_of(key), keys.family_of(key)
        if name is not None:
            yield from _of_known(key, value, name, keys)
        elif not value:
            continue
        elif family is not None:
            families.setdefault(family, {})[key] = value
        else:
            yield Refusal(key, value, "nobody knows what it means for the cloud")
    for family, found in families.items():
        (key, value), *others = found.items()
        more = f" (and {len(others)} more keys like it)" if others else ""
        yield Refusal(key, value, f"{family.why}{more}")


def traits(info: Mapping[str, str], keys: Keys) -> Iterator[str]:
    """Yield what may speak against the cloud, in the words of `renderbus_core.overflow.TRAITS`.

    Args:
        info: keys of the job, or of its plug-in.
        keys: what is known of them.
    """
    for key, value in info.items():
        trait = keys.traits.get(keys.name_of(key) or "")
        if trait is not None and not says_nothing(value):
            yield trait


def says_nothing(value: str) -> bool:
    """Tell whether a value is as good as none: no, never, nobody."""
    return value.casefold() in _NOTHING


def _of_known(key: str, value: str, name: str, keys: Keys) -> Iterator[Refusal]:
    trait = keys.traits.get(name)
    usual = keys.defaults.get(name)
    if usual is not None and not any(same_value(value, each) for each in usual):
        must = " or ".join(map(repr, usual)) if any(usual) else "empty"
        yield Refusal(key, value, f"the cloud would render without it, so it must be {must}")
    elif says_nothing(value):
        return
    elif name in keys.refused:
        yield Refusal(key, value, keys.refused[name])
    elif trait is not None and not TRAITS[trait].by_hand:
        yield Refusal(key, value, TRAITS[trait].why)
