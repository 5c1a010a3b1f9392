"""Reading documents that no schema has judged: every complaint names its field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.package import CloudPicture
from renderbus_core.paths import safe_relative

_SIZE = (1920, 1080)
_PIXELS = re.compile(r"[1-9][0-9]{0,8}")
_LETTERS = re.compile(r"\.?([a-z]+)")
_ENDINGS = {"jpeg": "jpg", "tiff": "tif", "openexr": "exr", "targa": "tga"}


@dataclass(frozen=True, slots=True)
class Fields:
    """An object of a document.

    Args:
        place: where it stands, for people: `scene_info_render.common`.
        values: its members.
    """

    place: str
    values: Mapping[str, Any]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; numbers, which some samples hold, are written as text.

        Raises:
            InputError: it is missing and there is no default, or it is no text.
        """
        value = self.values.get(name, default)
        if value is None:
            raise self._missing(name)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise InputError(f"task.json: {self.place}.{name} is no text; write it in quotes")
        return str(value)

    def is_on(self, name: str, default: str | None = None) -> bool:
        """Tell whether a flag is set."""
        return self.text(name, default) == "1"

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; nothing is an empty list."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise InputError(f"task.json: {self.place}.{name} is no list of texts")
        return value

    def block(self, name: str) -> Fields:
        """Return an object."""
        if name not in self.values:
            raise self._missing(name)
        return _fields(f"{self.place}.{name}", self.values[name])

    def blocks(self, name: str) -> Iterator[Fields]:
        """Yield the objects of a list; one that is missing is empty."""
        rows = self.values.get(name, [])
        if not isinstance(rows, list):
            raise InputError(f"task.json: {self.place}.{name} is no list")
        for number, row in enumerate(rows):
            yield _fields(f"{self.place}.{name}[{number}]", row)

    def members(self) -> Iterator[tuple[str, Fields]]:
        """Yield the members, which are objects, by name."""
        for name, value in self.values.items():
            yield name, _fields(f"{self.place}.{name}", value)

    def frames(self, name: str = "frames") -> FrameSet:
        """Return a frame list."""
        try:
            return FrameSet.parse(self.text(name))
        except InputError as error:
            raise InputError(f"task.json: {self.place}.{name}: {error}") from error

    def size(self, width: str = "width", height: str = "height") -> tuple[int, int]:
        """Return a picture's size in pixels; the usual one where nothing sensible is named."""
        texts = self.text(width, ""), self.text(height, "")
        if not all(_PIXELS.fullmatch(text) for text in texts):
            return _SIZE
        return int(texts[0]), int(texts[1])

    def _missing(self, name: str) -> InputError:
        return InputError(f"task.json: {self.place}.{name} is missing")


def section(document: Mapping[str, Any], *names: str) -> Fields:
    """Return the first part of task.json that is there and holds something.

    Args:
        document: task.json.
        names: `scene_info_render`, `scene_info`.
    """
    name = next((name for name in names if document.get(name)), names[0])
    return _fields(name, document.get(name, {}))


def plain_picture(document: Mapping[str, Any], wire_format: str) -> CloudPicture:
    """Return how the cloud names a picture of a program that nothing is known of.

    ASSUMPTION: `<scene>.<frame, 4 digits>.<ending>`; png when no format is named.

    Args:
        document: task.json.
        wire_format: `exr16`, `.tga`, `TIFF`; "" when there is none.

    Raises:
        InputError: the scene's name makes no file name.
    """
    scene = re.split(r"[\\/]", document["task_info"]["input_cg_file"])[-1]
    stem = scene.rpartition(".")[0] or scene
    found = _LETTERS.match(wire_format.lower().replace("_", ""))
    letters = found[1] if found else "png"
    name = f"{stem}.####.{_ENDINGS.get(letters, letters)}"
    try:
        template = str(safe_relative(name))
    except InputError as error:
        raise InputError(
            f"task.json: the pictures would be called {name!r:.80}, which not every system can "
            "store; rename the scene"
        ) from error
    return CloudPicture(template, {"scene": stem})


def _fields(place: str, value: object) -> Fields:
    if not isinstance(value, dict):
        raise InputError(f"task.json: {place} is no object")
    return Fields(place, value)
