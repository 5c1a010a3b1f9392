"""Who calls the web service of a farm: read apart from the configuration, and never printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from renderbus_core.config.secret import Secret, owner_only
from renderbus_core.errors import ConfigError

if TYPE_CHECKING:
    from renderbus_core.config.values import Config

LOGIN_KEYS = ("user", "password")
"""What stands in the file that `farm.credentials_file` names."""


@dataclass(frozen=True, slots=True)
class Login:
    """A user of a farm's web service."""

    user: str
    password: Secret


def farm_login(config: Config) -> Login | None:
    """Read who calls the farm's web service; None where no file is named.

    Args:
        config: names the file.

    Raises:
        ConfigError: the file cannot be used, or the password would travel readable.
    """
    from renderbus_core.http import is_loopback  # noqa: PLC0415 - most farms need no HTTP

    file, url = config.farm.credentials_file, config.farm.url
    if file is None:
        return None
    if urlsplit(url).scheme == "http" and not (is_loopback(url) or config.farm.plain_password):
        raise ConfigError(
            "farm.url begins with http, so that everybody on the way could read the password of "
            "farm.credentials_file; use https, or allow it with farm.plain_password = true"
        )
    found = owner_only(file, f"there is no file {file}, which farm.credentials_file names")
    user, password = (_text(found.get(name), name, str(file)) for name in LOGIN_KEYS)
    if ":" in user:
        raise ConfigError(f"user in {file} holds a colon, which no user of HTTP has")
    return Login(user, Secret(password))


def _text(value: object, name: str, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{name} in {place} is missing or not a text; give user and password")
    if not value.isprintable():
        raise ConfigError(f"{name} in {place} holds a character that cannot be typed")
    return value
