"""Pictures on disk, read by OpenImageIO a band of lines at a time."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import OpenImageIO
from numpy.typing import NDArray

from renderbus_core.parity.parts import Channel, Part, UnreadablePictureError

Pixels = NDArray[Any]

# 16384 x 16384. A few bytes can claim any size: what is larger is damaged, or no frame of a film.
_MOST_PIXELS = 1 << 28
# What is decoded at once, a line or a row of tiles: 64 lines of 4096 pixels with 128 channels.
_MOST_VALUES = 1 << 25
_NO_TEXT = "a name in it is no text"

_TYPES: Mapping[str, type[np.generic]] = MappingProxyType(
    {
        "uint8": np.uint8,
        "int8": np.int8,
        "uint16": np.uint16,
        "int16": np.int16,
        "uint": np.uint32,
        "int": np.int32,
        "half": np.float16,
        "float": np.float32,
        "double": np.float64,
    }
)


class Picture:
    """An open picture.

    Args:
        path: the file, for sentences.
        source: that reads it.

    Raises:
        UnreadablePictureError: it claims or holds what cannot be compared.
    """

    def __init__(self, path: Path, source: OpenImageIO.ImageInput) -> None:
        self._path, self._source = path, source
        # Some files are opened although the library found something missing.
        problem = _problem(source.geterror)
        if problem:
            raise self._damaged(problem)
        # The library draws a picture for every name of this kind.
        if source.format_name() == "null":
            raise UnreadablePictureError(f"{path} is no picture")
        try:
            self._specs = tuple(self._read_specs())
            self.parts = tuple(self._part(spec) for spec in self._specs)
        except UnicodeDecodeError as error:
            raise self._damaged(_NO_TEXT) from error

    def lines(self, part: int, top: int, bottom: int, run: tuple[int, int]) -> Pixels:
        """Return lines of the display window; 0 where the file has no data for it.

        Args:
            part: which of `parts`.
            top: first line, from the top of the display window.
            bottom: behind the last line.
            run: first channel, and behind the last one; all of one kind.

        Raises:
            UnreadablePictureError: the file is damaged there.
        """
        spec, kind = self._specs[part], self.parts[part].channels[run[0]].kind
        shown = np.zeros((bottom - top, spec.full_width, run[1] - run[0]), _TYPES[kind])
        first_line, last_line = top + spec.full_y, bottom + spec.full_y
        up, down = max(first_line, spec.y), min(last_line, spec.y + spec.height)
        left = max(spec.full_x, spec.x)
        right = min(spec.full_x + spec.full_width, spec.x + spec.width)
        if up < down and left < right:
            data = self._data(part, up, down, run, kind)
            shown[up - first_line : down - first_line, left - spec.full_x : right - spec.full_x] = (
                data[:, left - spec.x : right - spec.x]
            )
        return shown

    def _data(self, part: int, up: int, down: int, run: tuple[int, int], kind: str) -> Pixels:
        """Return lines of the data window, by their numbers in the file."""
        spec, skipped = self._specs[part], 0
        if spec.tile_width:
            # Only whole tiles are read, and they begin with the data window.
            skipped = (up - spec.y) % spec.tile_height
            lines = -(-(down - up + skipped) // spec.tile_height) * spec.tile_height
            rows = up - skipped, min(up - skipped + lines, spec.y + spec.height)
            columns, slices = (spec.x, spec.x + spec.width), (spec.z, spec.z + 1)
            data = self._source.read_tiles(part, 0, *columns, *rows, *slices, *run, kind)
        else:
            data = self._source.read_scanlines(part, 0, up, down, spec.z, *run, kind)
        # Some readers fill what is missing with grey, and say so only when asked.
        problem = _problem(self._source.geterror)
        if data is None or problem:
            raise self._damaged(problem or "some of its pixels cannot be read")
        return data[skipped : skipped + down - up]

    def _damaged(self, problem: str) -> UnreadablePictureError:
        return UnreadablePictureError(f"{self._path} is damaged ({problem})")

    def _read_specs(self) -> Iterator[OpenImageIO.ImageSpec]:
        part = 0
        while self._source.seek_subimage(part, 0):
            yield self._source.spec()
            part += 1
        # The last one that is sought is none, which some readers call an error.
        _problem(self._source.geterror)

    def _part(self, spec: OpenImageIO.ImageSpec) -> Part:
        if spec.deep or spec.depth > 1:
            raise UnreadablePictureError(
                f"{self._path} keeps several values behind each pixel (deep data or a volume), "
                "which are not compared"
            )
        band, size = max(spec.tile_height, 1), (spec.full_width, spec.full_height)
        if min(*size, spec.width, spec.height, spec.nchannels) < 1:
            raise UnreadablePictureError(f"{self._path} has no pixels")
        for width, height in (size, (spec.width, spec.height)):
            if width * height > _MOST_PIXELS or width * band * spec.nchannels > _MOST_VALUES:
                raise UnreadablePictureError(
                    f"{self._path} claims to be {width} x {height} pixels of {spec.nchannels} "
                    f"channel{'s' if spec.nchannels > 1 else ''}, more than is compared; look "
                    "whether it is damaged"
                )
        name = spec.get_string_attribute("oiio:subimagename") if len(self._specs) > 1 else ""
        channels = tuple(self._channels(spec))
        row = max(spec.full_width, spec.width) * spec.nchannels
        return Part(name, (spec.full_x, spec.full_y), size, channels, row, band)

    def _channels(self, spec: OpenImageIO.ImageSpec) -> Iterator[Channel]:
        # 10 bits of DPX, for example, come as 16.
        bits = spec.get_int_attribute("oiio:BitsPerSample")
        kinds = spec.channelformats or (spec.format,) * spec.nchannels
        for name, kind in zip(spec.channelnames, map(str, kinds), strict=True):
            known = _TYPES.get(kind)
            if known is None:
                raise UnreadablePictureError(f"{self._path} has pixels of an unknown kind, {kind}")
            whole = issubclass(known, np.integer)
            width = bits if whole and bits else 8 * np.dtype(known).itemsize
            yield Channel(name, kind, f"{width} bits{'' if whole else ' (float)'}")


@contextmanager
def opened(path: Path) -> Iterator[Picture]:
    """Give an open picture; its content, not its name, says what kind it is.

    Args:
        path: the file.

    Raises:
        UnreadablePictureError: it is missing, no picture, damaged, or cannot be compared.
    """
    name = _name_of_file(path)
    wishes = OpenImageIO.ImageSpec()
    # What is stored is compared: color under a transparent pixel too, and inks as inks.
    wishes.attribute("oiio:UnassociatedAlpha", 1)
    wishes.attribute("oiio:RawColor", 1)
    source = OpenImageIO.ImageInput.open(name, wishes)
    if source is None:
        problem = _problem(OpenImageIO.geterror)
        raise UnreadablePictureError(f"{path} does not open as a picture ({problem})")
    try:
        yield Picture(path, source)
    finally:
        source.close()


def _name_of_file(path: Path) -> str:
    """Return the name of a file that is worth opening."""
    try:
        seen = path.stat()
        str(path).encode()
    except FileNotFoundError as error:
        raise UnreadablePictureError(f"there is no picture {path}") from error
    except OSError as error:
        raise UnreadablePictureError(f"{path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UnreadablePictureError(f"{str(path)!r} is a name that cannot be opened") from error
    if not stat.S_ISREG(seen.st_mode):
        raise UnreadablePictureError(f"{path} is no file")
    if not seen.st_size:
        raise UnreadablePictureError(f"{path} is empty")
    return str(path)


def _problem(geterror: Callable[[], str]) -> str:
    """Return the first line of what the library says went wrong; it may quote a damaged file."""
    try:
        lines = geterror().strip().splitlines()
    except UnicodeDecodeError:
        return _NO_TEXT
    return lines[0].strip() if lines else ""
