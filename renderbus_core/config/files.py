"""Configuration files: where they lie, reading them, and finding a key's line in them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from renderbus_core import schema
from renderbus_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_VARIABLE = "RENDERBUS_CONFIG"
_NAME = "renderbus.toml"

_TABLE = re.compile(r"\s*\[\[?\s*([\w.-]+)")
_KEY = re.compile(r"\s*([\w-]+)\s*=")


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a system keeps configuration and data."""

    user_config: Path
    site_config: Path
    data: Path

    @classmethod
    def of_this_host(cls) -> Folders:
        """Return the folders of the person who runs this process."""
        app = "renderbus"
        return cls(
            user_config=platformdirs.user_config_path(app, appauthor=False),
            site_config=platformdirs.site_config_path(app, appauthor=False),
            data=platformdirs.user_data_path(app, appauthor=False),
        )

    def places(self) -> dict[str, str]:
        """Return what stands for an empty value, by dotted key."""
        return {
            "cloud.credentials_file": str(self.user_config / "credentials.toml"),
            "farm.database": str(self.data / "farm.db"),
            "store.url": f"sqlite:///{(self.data / 'bursts.db').as_posix()}",
            "burst.work_folder": str(self.data / "packages"),
        }


def read_file(
    file: Path | None, env: Mapping[str, str], folders: Folders
) -> tuple[Path | None, bytes]:
    """Return the file to use and its content; nothing when none was named and none is there."""
    named = file or (Path(env[FILE_VARIABLE]) if env.get(FILE_VARIABLE) else None)
    usual = (folders.user_config / _NAME, folders.site_config / _NAME)
    for path in (named,) if named else usual:
        try:
            return path.absolute(), path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            if named:
                raise ConfigError(
                    f"the configuration file {path} named by "
                    f"{'--config' if file else FILE_VARIABLE} does not exist; "
                    "create it or name another"
                ) from error
        except OSError as error:
            raise ConfigError(
                f"the configuration file {path} cannot be read: {error.strerror}"
            ) from error
    return None, b""


def decode_toml(content: bytes, path: Path | None) -> tuple[str, dict[str, Any]]:
    """Return the text of a TOML file, and the same decoded."""
    try:
        text = content.decode("utf-8-sig")
        return text, tomllib.loads(text, parse_float=schema.finite)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not a TOML file in UTF-8: {error}") from error


def line_of(text: str, where: str) -> int | None:
    """Find the line of a key or table; a hint, so rare spellings may be missed."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _TABLE.match(line), _KEY.match(line)
        if header:
            table = header[1]
        if (header or key) and where == f"{table}.{key[1] if key else ''}".strip("."):
            return number
    return None
