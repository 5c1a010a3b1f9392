"""The configuration: one frozen value, read once, with the source of everything in it known.

A value comes from the environment (`RENDERBUS_<SECTION>_<KEY>`), else from one TOML file, else
from the defaults in `schemas/config.json`, which also judges the whole. Credentials are no part
of it: `credentials` reads them apart, and they do not print.

Everything but the credentials is loaded when it is first named: a program that brings its own
settings along starts as quickly as with `requests` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderbus_core.config.secret import Credentials, Secret, credentials

if TYPE_CHECKING:
    from renderbus_core.config.files import Folders
    from renderbus_core.config.login import Login, farm_login
    from renderbus_core.config.per_job import for_job, judged
    from renderbus_core.config.reading import load
    from renderbus_core.config.renewal import RENEWED, Renewal, Renewer
    from renderbus_core.config.values import (
        BudgetRule,
        Burst,
        Cloud,
        Collect,
        Config,
        Farm,
        MappingRow,
        OverflowPolicy,
        Parity,
        Paths,
        Preflight,
        Prices,
        SoftwareRow,
        Store,
        Transfer,
    )

__all__ = [
    "RENEWED",
    "BudgetRule",
    "Burst",
    "Cloud",
    "Collect",
    "Config",
    "Credentials",
    "Farm",
    "Folders",
    "Login",
    "MappingRow",
    "OverflowPolicy",
    "Parity",
    "Paths",
    "Preflight",
    "Prices",
    "Renewal",
    "Renewer",
    "Secret",
    "SoftwareRow",
    "Store",
    "Transfer",
    "credentials",
    "farm_login",
    "for_job",
    "judged",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name!r}")
    from renderbus_core.config import (  # noqa: PLC0415 - as said above
        login,
        per_job,
        reading,
        renewal,
        values,
    )

    places = (login, per_job, reading, renewal, values)
    place = next(one for one in places if hasattr(one, name))
    value = globals()[name] = getattr(place, name)
    return value
