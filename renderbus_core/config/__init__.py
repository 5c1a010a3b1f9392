"""The configuration: one frozen value, read once, with the source of everything in it known.

A value comes from the environment (`RENDERBUS_<SECTION>_<KEY>`), else from one TOML file, else
from the defaults in `schemas/config.json`, which also judges the whole. Credentials are no part
of it: `credentials` reads them apart, and they do not print.
"""

from renderbus_core.config.files import Folders
from renderbus_core.config.reading import load
from renderbus_core.config.secret import Credentials, Secret, credentials
from renderbus_core.config.values import (
    Burst,
    Cloud,
    Config,
    Farm,
    OverflowPolicy,
    Paths,
    Prices,
    Store,
    Transfer,
)

__all__ = [
    "Burst",
    "Cloud",
    "Config",
    "Credentials",
    "Farm",
    "Folders",
    "OverflowPolicy",
    "Paths",
    "Prices",
    "Secret",
    "Store",
    "Transfer",
    "credentials",
    "load",
]
