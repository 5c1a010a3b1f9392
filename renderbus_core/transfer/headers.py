"""Headers of pictures, read without a library: size, channels, bits, and whether the end is there.

Formats: PNG (W3C PNG 3rd edition), JPEG (ITU T.81), TIFF 6.0 and BigTIFF, OpenEXR ("OpenEXR File
Layout"), Truevision TGA 2.0, Radiance HDR. Libraries know fewer kinds of pixels than renderers
write (float TIFF, for one), so they do not decide whether a picture is one.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

_LONGEST_TEXT = 1 << 16
_MOST_ENTRIES = 1 << 20


class BrokenPictureError(ValueError):
    """The file is no whole picture of its kind; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture says of itself.

    Args:
        width: pixels.
        height: pixels.
        channels: names, or letters for kinds that have no names.
        bits: of one channel of one pixel.
    """

    width: int
    height: int
    channels: tuple[str, ...]
    bits: int


def read_header(path: Path, ending: str) -> Header | None:
    """Read the header of a picture; None for a kind that is not known.

    Args:
        path: the file.
        ending: of its proper name, which says the kind: `.exr`.

    Raises:
        BrokenPictureError: the file is not what its name says, or not whole.
        OSError: it cannot be read.
    """
    read = _READERS.get(ending.lower())
    if read is None:
        return None
    with path.open("rb") as file:
        try:
            header = read(file)
        except (struct.error, LookupError) as error:
            raise BrokenPictureError("ends within its header") from error
    if header.width < 1 or header.height < 1 or not header.channels:
        raise BrokenPictureError("has no pixels")
    return header


def _png(file: BinaryIO) -> Header:
    _expect(file.read(8) == b"\x89PNG\r\n\x1a\n", "is no PNG")
    width, height, bits, color = struct.unpack(">8x2I2B", file.read(18))
    _expect(b"IEND" in _tail(file), "is cut off: its end is missing")
    return Header(width, height, _PNG_CHANNELS.get(color, ()), bits)


_PNG_CHANNELS: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {0: ("L",), 2: tuple("RGB"), 3: ("P",), 4: tuple("LA"), 6: tuple("RGBA")}
)


_MARK = 0xFF


def _jpeg(file: BinaryIO) -> Header:
    _expect(file.read(2) == b"\xff\xd8", "is no JPEG")
    while True:
        mark, kind = struct.unpack("2B", file.read(2))
        _expect(mark == _MARK, "has a damaged header")
        if kind == _MARK:  # Filling: the next byte may be the kind.
            file.seek(-1, os.SEEK_CUR)
            continue
        (length,) = struct.unpack(">H", file.read(2))
        # Frame headers, all but the three that are tables.
        if kind in range(0xC0, 0xD0) and kind not in {0xC4, 0xC8, 0xCC}:
            bits, height, width, count = struct.unpack(">BHHB", file.read(6))
            _expect(b"\xff\xd9" in _tail(file), "is cut off: its end is missing")
            return Header(width, height, tuple("YCbK"[:count]), bits)
        file.seek(length - 2, os.SEEK_CUR)


def _tga(file: BinaryIO) -> Header:
    head = struct.unpack("<BBBHHBHHHHBB", file.read(18))
    id_length, kind, map_length, map_bits = head[0], head[2], head[4], head[5]
    width, height, depth = head[8:11]
    _expect(kind in {1, 2, 3, 9, 10, 11} and depth in {8, 15, 16, 24, 32}, "is no TGA")
    if kind in {1, 2, 3}:
        pixels = width * height * -(-depth // 8)
        whole = 18 + id_length + map_length * -(-map_bits // 8) + pixels
        _expect(_size(file) >= whole, "is cut off")
    return Header(width, height, tuple("BGRA"[: max(depth // 8, 1)]), 8)


def _hdr(file: BinaryIO) -> Header:
    _expect(file.read(2) == b"#?", "is no Radiance HDR")
    text = file.read(_LONGEST_TEXT)
    found = re.search(rb"\n\n[-+]Y (\d{1,9}) [-+]X (\d{1,9})\n", text)
    if found is None:
        raise BrokenPictureError("ends within its header")
    return Header(int(found[2]), int(found[1]), tuple("RGBE"), 8)


# -- TIFF ---------------------------------------------------------------------------------------

_TIFF, _BIG_TIFF = 42, 43
_WIDTH, _HEIGHT, _BITS, _SAMPLES = 256, 257, 258, 277
_PLACES = ((273, 279), (324, 325))
# Letter of `struct` by the number of the type: bytes, shorts, longs and their 64-bit kin.
_TIFF_TYPES: Mapping[int, str] = MappingProxyType({1: "B", 3: "H", 4: "I", 16: "Q"})


def _tiff(file: BinaryIO) -> Header:
    order = {b"II": "<", b"MM": ">"}.get(file.read(2), "")
    _expect(bool(order), "is no TIFF")
    (version,) = struct.unpack(f"{order}H", file.read(2))
    _expect(version in {_TIFF, _BIG_TIFF}, "is no TIFF")
    big = version == _BIG_TIFF
    start = f"{order}4xQ" if big else f"{order}I"
    (place,) = struct.unpack(start, file.read(struct.calcsize(start)))
    tags = dict(_tiff_tags(file, order, place, big=big))
    for offsets, lengths in _PLACES:
        ends = map(sum, zip(tags.get(offsets, ()), tags.get(lengths, ()), strict=False))
        _expect(max(ends, default=0) <= _size(file), "is cut off")
    channels = "RGBA"[: tags.get(_SAMPLES, (1,))[0]]
    return Header(tags[_WIDTH][0], tags[_HEIGHT][0], tuple(channels), tags.get(_BITS, (1,))[0])


def _tiff_tags(
    file: BinaryIO, order: str, place: int, *, big: bool
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the numbers of the first picture's directory."""
    entry = f"{order}HHQ8s" if big else f"{order}HHI4s"
    count = f"{order}Q" if big else f"{order}H"
    _go_to(file, place)
    (entries,) = struct.unpack(count, file.read(struct.calcsize(count)))
    table = file.read(struct.calcsize(entry) * min(entries, _MOST_ENTRIES))
    for tag, kind, values, inline in struct.iter_unpack(entry, table):
        letter = _TIFF_TYPES.get(kind)
        if letter is None or values > _MOST_ENTRIES:
            continue
        form = f"{order}{values}{letter}"
        size = struct.calcsize(form)
        if size > len(inline):
            _go_to(file, struct.unpack(f"{order}{'Q' if big else 'I'}", inline)[0])
            yield tag, struct.unpack(form, file.read(size))
        else:
            yield tag, struct.unpack(form, inline[:size])


# -- OpenEXR ------------------------------------------------------------------------------------

_EXR_MAGIC = b"\x76\x2f\x31\x01"
_TILED, _DEEP, _PARTS = 0x200, 0x800, 0x1000
# Lines of a block by compression: none, RLE, ZIPS, ZIP, PIZ, PXR24, B44, B44A, DWAA, DWAB.
_EXR_LINES = (1, 1, 1, 16, 32, 16, 32, 32, 32, 256)
_EXR_BITS = (32, 16, 32)


def _exr(file: BinaryIO) -> Header:
    _expect(file.read(4) == _EXR_MAGIC, "is no OpenEXR file")
    (flags,) = struct.unpack("<I", file.read(4))
    values = dict(_exr_attributes(file))
    left, top, right, bottom = struct.unpack("<4i", values["displayWindow"])
    channels = dict(_exr_channels(values["channels"]))
    if not flags & (_TILED | _DEEP | _PARTS):
        _check_exr_blocks(file, values)
    bits = _EXR_BITS[max(channels.values(), default=0)]
    return Header(right - left + 1, bottom - top + 1, tuple(channels), bits)


def _exr_attributes(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    while name := _text(file):
        _text(file)
        (size,) = struct.unpack("<i", file.read(4))
        _expect(0 <= size <= _size(file), "has a damaged header")
        yield name, file.read(size)


def _exr_channels(table: bytes) -> Iterator[tuple[str, int]]:
    while table and table[0]:
        name, _, rest = table.partition(b"\0")
        (kind,) = struct.unpack_from("<i", rest)
        _expect(kind in range(len(_EXR_BITS)), "has a damaged header")
        yield name.decode("utf-8", "replace"), kind
        table = rest[16:]


def _check_exr_blocks(file: BinaryIO, values: Mapping[str, bytes]) -> None:
    """Refuse a file that a renderer has not finished: places of blocks are written last."""
    _, top, _, bottom = struct.unpack("<4i", values["dataWindow"])
    compression = values["compression"][0]
    if compression >= len(_EXR_LINES):
        return
    blocks = -(-(bottom - top + 1) // _EXR_LINES[compression])
    _expect(0 < blocks <= _size(file) // 8, "is cut off")
    places = struct.unpack(f"<{blocks}Q", file.read(8 * blocks))
    _expect(all(places), "was not finished: some of its lines are missing")
    _go_to(file, max(places) + 4)
    (length,) = struct.unpack("<i", file.read(4))
    _expect(max(places) + 8 + length <= _size(file), "is cut off")


def _text(file: BinaryIO) -> str:
    text = bytearray()
    while (letter := file.read(1)) not in {b"\0", b""}:
        text += letter
        _expect(len(text) < _LONGEST_TEXT, "has a damaged header")
    return text.decode("utf-8", "replace")


def _go_to(file: BinaryIO, place: int) -> None:
    _expect(place < _size(file), "is cut off")
    file.seek(place)


def _tail(file: BinaryIO) -> bytes:
    """Read the end: some programs write a little behind it."""
    file.seek(max(0, _size(file) - 1024))
    return file.read()


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _expect(holds: bool, problem: str) -> None:
    if not holds:
        raise BrokenPictureError(problem)


_READERS: Mapping[str, Callable[[BinaryIO], Header]] = MappingProxyType(
    {
        ".png": _png,
        ".jpg": _jpeg,
        ".jpeg": _jpeg,
        ".tif": _tiff,
        ".tiff": _tiff,
        ".exr": _exr,
        ".tga": _tga,
        ".hdr": _hdr,
    }
)
