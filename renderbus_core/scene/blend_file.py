"""The container of Blender scenes: header, blocks, catalogue of structs (DNA), fields by name.

Written from the layout that Blender's source documents (`BLO_core_bhead`, `DNA_genfile`), for
2.4x to 5.x: pointers of 4 and 8 bytes, both byte orders, plain, gzip or zstandard.
"""

from __future__ import annotations

import gzip
import os
import struct
import sys
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from renderbus_core.errors import InputError
from renderbus_core.scene.blend_dna import Dna, DnaError, Record

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BLOCKS = 5_000_000
"""Most blocks that are walked through."""

MAX_RECORDS = 2_000_000
"""Most structs that are read."""

MAX_KEPT = 64 << 20
"""Most bytes of blocks that are kept."""

UNPACKED, UNPACKED_FACTOR = 2 << 30, 100
"""A compressed file may unpack to so many bytes plus this multiple of its size."""

_MAGIC = b"BLENDER"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_LARGEST_DNA = 1 << 20
_POINTERS = {b"_": 4, b"-": 8}
_ORDERS = {b"v": "<", b"V": ">"}


class Layout(NamedTuple):
    """What the header says about the rest.

    Args:
        version: 304 for 3.4.
        pointer: bytes of a pointer.
        order: of bytes, as `struct` writes it.
        start: where the first block begins.
        large: whether blocks have the wide headers of 5.0.
    """

    version: int
    pointer: int
    order: str
    start: int
    large: bool


class Block(NamedTuple):
    """A block header: what follows it in the file."""

    code: bytes
    length: int
    address: int
    struct: int
    items: int


def begins(head: bytes) -> bool:
    """Tell whether a file that begins so may be a Blender scene, compressed or not."""
    return head.startswith((_MAGIC, _GZIP, _ZSTD))


@dataclass(frozen=True, slots=True)
class BlendFile:
    """An open scene.

    Args:
        name: for messages.
        stream: the unpacked bytes.
        limit: where they must have ended.
        layout: from the header.
        dna: the structs of this file.
    """

    name: str
    stream: BinaryIO
    limit: int
    layout: Layout
    dna: Dna

    def records(self, wanted: Collection[str]) -> Iterator[Record]:
        """Give the content of the blocks that hold these structs, in file order.

        Raises:
            InputError: the file is damaged.
        """
        types = {self.dna.index[name]: name for name in wanted if name in self.dna.index}
        read = 0
        for block in _blocks(self.name, self.stream, self.limit, self.layout):
            name = types.get(block.struct)
            if name is None or block.code == b"DNA1":
                continue
            size = self.dna.structs[name].size
            body = self.stream.read(min(block.length, MAX_KEPT))
            items = min(block.items, len(body) // size if size else 0)
            read += items
            if read > MAX_RECORDS:
                raise _damaged(self.name, f"it has more than {MAX_RECORDS:,} scenes and objects")
            for number in range(items):
                data = body[number * size : (number + 1) * size]
                yield Record(self.dna, name, data, block.address + number * size)


@contextmanager
def open_blend(path: Path) -> Iterator[BlendFile]:
    """Open a scene and read its catalogue.

    Raises:
        InputError: no Blender scene, or damaged - while inside, too.
    """
    name = path.name
    try:
        with path.open("rb") as file, _unpacked(file) as stream:
            size = os.fstat(file.fileno()).st_size
            packed = stream is not file
            limit = UNPACKED + UNPACKED_FACTOR * size if packed else size
            layout = _layout(stream, name)
            dna = _dna(name, stream, limit, layout)
            yield BlendFile(name, stream, limit, layout, dna)
    except (DnaError, EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError) as why:
        raise _damaged(name, str(why)) from why


@contextmanager
def _unpacked(file: BinaryIO) -> Iterator[BinaryIO]:
    head = file.read(4)
    file.seek(0)
    if head.startswith(_GZIP):
        with gzip.open(file, "rb") as stream:
            yield stream  # type: ignore[misc]  # reads like one
    elif head == _ZSTD:
        with zstd.ZstdFile(file, "rb") as stream:
            yield stream  # type: ignore[misc]  # reads like one
    else:
        yield file


def _layout(stream: BinaryIO, name: str) -> Layout:
    head = stream.read(17)
    if not head.startswith(_MAGIC):
        raise InputError(
            f"{name} is not a Blender scene: it does not begin with 'BLENDER', packed or not; "
            "save it again"
        )
    if head[7:9].isdigit():
        size, form, version = head[7:9], head[10:12], head[13:17]
        sign, order = head[9:10], head[12:13]
        known = size == b"17" and form == b"01" and sign == b"-"
    else:
        sign, order, version = head[7:8], head[8:9], head[9:12]
        form, known = b"", sign in _POINTERS
    if not known or order not in _ORDERS or not version.isdigit():
        raise InputError(
            f"{name} begins with {head!r}, a Blender header that is not known; save it with "
            "Blender 5.3 or older"
        )
    return Layout(
        version=int(version),
        pointer=_POINTERS[sign],
        order=_ORDERS[order],
        start=17 if form else 12,
        large=bool(form),
    )


def _blocks(name: str, stream: BinaryIO, limit: int, layout: Layout) -> Iterator[Block]:
    """Walk through the block headers; bodies are jumped over unless the caller reads them."""
    if layout.large:
        form = struct.Struct(f"{layout.order}4siQqq")
    else:
        form = struct.Struct(f"{layout.order}4si{'Q' if layout.pointer == 8 else 'I'}ii")  # noqa: PLR2004 - bytes
    position = layout.start
    for _ in range(MAX_BLOCKS):
        stream.seek(position)
        head = stream.read(form.size)
        if len(head) < form.size:
            raise _damaged(name, f"it ends at byte {position + len(head):,} without an end mark")
        code, first, address, second, count = form.unpack(head)
        length, kind = (second, first) if layout.large else (first, second)
        if code == b"ENDB":
            return
        position += form.size + length
        if length < 0 or position > limit:
            raise _damaged(
                name,
                f"the block {code!r} at byte {position - form.size - length:,} claims "
                f"{length:,} bytes, more than there are",
            )
        yield Block(code, length, address, kind, count)
    raise _damaged(name, f"it has more than {MAX_BLOCKS:,} blocks")


def _dna(name: str, stream: BinaryIO, limit: int, layout: Layout) -> Dna:
    for block in _blocks(name, stream, limit, layout):
        if block.code == b"DNA1":
            body = stream.read(min(block.length, _LARGEST_DNA))
            return Dna.parse(body, layout.pointer, layout.order)
    raise _damaged(name, "it has no catalogue of structs (DNA1)")


def _damaged(name: str, what: str) -> InputError:
    return InputError(f"{name} is damaged: {what}; copy or save the scene again")
