"""Credentials of the cloud: read apart from the configuration, and never printed."""

from __future__ import annotations

import os
import shlex
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from renderbus_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renderbus_core.config.values import Config

ID_VARIABLE = "RAYVISION_API_ACCESS_ID"
KEY_VARIABLE = "RAYVISION_API_KEY"
FILE_KEYS = ("access_id", "access_key")
_LONG_ID = 8


class Secret:
    """A text that shows only when it is asked to."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied; pass it on as it is")

    def reveal(self) -> str:
        """Return the text; call it where the text is used, and keep it nowhere."""
        return self._text


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who calls the cloud, and the key that signs for it.

    Raises:
        ConfigError: one of the two is missing, or holds what no key has.
    """

    access_id: str
    access_key: Secret

    def __post_init__(self) -> None:
        _check(self.access_id, "the access id", "what was given")
        if not isinstance(self.access_key, Secret):
            raise ConfigError("the access key must be a Secret; write Secret(...) around its text")
        key = _present(self.access_key.reveal(), "the access key", "what was given")
        # A line end read along with it, for example: the cloud would only say that it is wrong.
        if not key.isprintable() or key != key.strip():
            raise ConfigError(_odd("the access key", "what was given"))

    def __repr__(self) -> str:
        end = self.access_id[-4:] if len(self.access_id) >= _LONG_ID else ""
        return f"Credentials(access_id='...{end}')"


def credentials(config: Config, env: Mapping[str, str] = os.environ) -> Credentials:
    """Read the credentials from the environment, else from the owner-only file.

    Args:
        config: names the file.
        env: the environment.

    Raises:
        ConfigError: there are none, only one of the two, or others could read the file.
    """
    place, names = "the environment", (ID_VARIABLE, KEY_VARIABLE)
    found: Mapping[str, Any] = {name: env[name] for name in names if env.get(name)}
    if not found:
        file = config.cloud.credentials_file
        place, names = str(file), FILE_KEYS
        found = owner_only(
            file,
            f"there are no Renderbus credentials; set {ID_VARIABLE} and {KEY_VARIABLE}, "
            f"or write access_id and access_key to {file}, readable by its owner alone",
        )
    access_id, access_key = (_check(found.get(name), name, place) for name in names)
    return Credentials(access_id, Secret(access_key))


def _check(value: object, name: str, place: str) -> str:
    text = _present(value, name, place)
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ConfigError(_odd(name, place))
    return text


def _odd(name: str, place: str) -> str:
    return (
        f"Renderbus credentials: {name} in {place} holds a space or another character "
        "that no key has; copy it again from the Renderbus developer centre"
    )


def _present(value: object, name: str, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(
            f"Renderbus credentials: {name} in {place} is missing or not a text; "
            "give the id and the key together"
        )
    return value


def owner_only(file: Path, absent: str) -> Mapping[str, Any]:
    """Read a TOML file that nobody but its owner may read.

    Args:
        file: with credentials.
        absent: what to say when there is none.

    Raises:
        ConfigError: there is none, it cannot be read, or others could read it.
    """
    from renderbus_core.config.files import decode_toml  # noqa: PLC0415 - often there is no file

    try:
        with file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise ConfigError(
                    f"others may read the credentials in {file}; "
                    f"run: chmod 600 {shlex.quote(str(file))}"
                )
            content = stream.read()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConfigError(absent) from error
    except OSError as error:
        raise ConfigError(f"the credentials in {file} cannot be read: {error.strerror}") from error
    return decode_toml(content, file)[1]
