"""The catalogue of structs (DNA) that every Blender scene carries, and fields read by it."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass, field

_NAME = re.compile(rb"(?P<pointer>\**)\(?\**(?P<name>\w+)\)?(?:\(\))?(?P<sizes>(?:\[[0-9]+\])*)")
_SIZE = re.compile(rb"[0-9]+")

_NUMBERS = {
    "char": "b",
    "uchar": "B",
    "short": "h",
    "ushort": "H",
    "int": "i",
    "long": "i",
    "ulong": "I",
    "float": "f",
    "double": "d",
    "int8_t": "b",
    "uint8_t": "B",
    "int64_t": "q",
    "uint64_t": "Q",
    "bool": "b",
}


class DnaError(ValueError):
    """The catalogue cannot be read; becomes an `InputError` that names the file."""


@dataclass(frozen=True, slots=True)
class Field:
    """Where a value lies in a struct."""

    offset: int
    type: str
    pointer: bool
    size: int


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct: its size in bytes and its fields by name."""

    size: int
    fields: dict[str, Field]


@dataclass(frozen=True, slots=True)
class Dna:
    """All structs of a file.

    Args:
        structs: by name.
        index: name to the number that blocks carry.
        pointer: bytes of a pointer.
        order: of bytes, as `struct` writes it.
    """

    structs: dict[str, Struct]
    index: dict[str, int]
    pointer: int
    order: str
    _found: dict[tuple[str, str], Field | None] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: bytes, pointer: int, order: str) -> Dna:
        """Read the body of a DNA1 block.

        Raises:
            DnaError: names what is wrong.
        """
        reader = _Reader(body, order)
        reader.expect(b"SDNA")
        names = [_name(text) for text in reader.texts(b"NAME")]
        types = [text.decode("ascii", "replace") for text in reader.texts(b"TYPE")]
        sizes = reader.shorts(b"TLEN", len(types))
        reader.expect(b"STRC")
        structs: dict[str, Struct] = {}
        index: dict[str, int] = {}
        try:
            for number in range(reader.count()):
                type_index, fields = reader.pair()
                layout, offset = {}, 0
                for _ in range(fields):
                    type_of, name_of = reader.pair()
                    is_pointer, name, items = names[name_of]
                    size = (pointer if is_pointer else sizes[type_of]) * items
                    layout[name] = Field(offset, types[type_of], is_pointer, size)
                    offset += size
                structs[types[type_index]] = Struct(sizes[type_index], layout)
                index[types[type_index]] = number
        except IndexError as why:
            raise DnaError("its catalogue of structs refers to names it does not have") from why
        return cls(structs, index, pointer, order)

    def find(self, struct_name: str, path: str) -> Field | None:
        """Find a field, also of a struct within: `r.im_format.imtype`; None when it has none."""
        key = (struct_name, path)
        if key not in self._found:
            self._found[key] = self._find(struct_name, path)
        return self._found[key]

    def _find(self, struct_name: str, path: str) -> Field | None:
        offset = 0
        *within, last = path.split(".")
        for name in within:
            outer = self.structs.get(struct_name)
            inner = outer.fields.get(name) if outer else None
            if inner is None or inner.pointer:
                return None
            offset += inner.offset
            struct_name = inner.type
        owner = self.structs.get(struct_name)
        found = owner.fields.get(last) if owner else None
        if found is None:
            return None
        return Field(offset + found.offset, found.type, found.pointer, found.size)


@dataclass(frozen=True, slots=True)
class Record:
    """One struct of a file.

    Args:
        dna: the catalogue.
        struct: name of the struct.
        data: its bytes.
        address: where it lay when it was saved; pointers refer to it.
    """

    dna: Dna
    struct: str
    data: bytes
    address: int

    def number(self, path: str, default: float = 0) -> float:
        """Read a number; the default where this version of Blender has no such field."""
        found = self.dna.find(self.struct, path)
        form = _NUMBERS.get(found.type) if found and not found.pointer else None
        if found is None or form is None:
            return default
        value = self._unpack(form, found.offset)
        return default if value is None else value

    def whole(self, path: str, default: int = 0) -> int:
        """Read a whole number."""
        value = self.number(path, default)
        return int(value) if math.isfinite(value) else default

    def pointer(self, path: str) -> int:
        """Read a pointer; 0 for none."""
        found = self.dna.find(self.struct, path)
        if found is None or not found.pointer:
            return 0
        return int(self._unpack("Q" if self.dna.pointer == 8 else "I", found.offset) or 0)  # noqa: PLR2004 - bytes

    def text(self, *paths: str) -> str:
        """Read the first of these fields that exists as text."""
        for path in paths:
            found = self.dna.find(self.struct, path)
            if found is not None and not found.pointer:
                raw = self.data[found.offset : found.offset + found.size]
                return raw.split(b"\0", 1)[0].decode("utf-8", "replace")
        return ""

    def _unpack(self, form: str, offset: int) -> float | None:
        try:
            (value,) = struct.unpack_from(f"{self.dna.order}{form}", self.data, offset)
        except struct.error:
            return None
        number: float = value
        return number


class _Reader:
    """Goes through the catalogue, each part padded to four bytes."""

    def __init__(self, body: bytes, order: str) -> None:
        self._body = body
        self._position = 0
        self._int = struct.Struct(f"{order}i")
        self._short = struct.Struct(f"{order}H")
        self._pair = struct.Struct(f"{order}HH")

    def expect(self, mark: bytes) -> None:
        # A part begins at a multiple of four behind the part before it.
        self._position = -(-self._position // 4) * 4
        if self._body[self._position : self._position + 4] != mark:
            raise DnaError(f"its catalogue of structs lacks the part {mark.decode()}")
        self._position += 4

    def count(self) -> int:
        number = int(self._take(self._int)[0])
        # Each item takes a byte at least.
        if not 0 <= number <= len(self._body):
            raise DnaError(f"its catalogue of structs claims {number:,} items in one part")
        return number

    def pair(self) -> tuple[int, int]:
        first, second = self._take(self._pair)
        return first, second

    def texts(self, mark: bytes) -> list[bytes]:
        self.expect(mark)
        count = self.count()
        *found, rest = self._body[self._position :].split(b"\0", count)
        if len(found) < count:
            raise DnaError(f"its catalogue of structs is cut off in the part {mark.decode()}")
        self._position = len(self._body) - len(rest)
        return found

    def shorts(self, mark: bytes, count: int) -> list[int]:
        self.expect(mark)
        return [int(self._take(self._short)[0]) for _ in range(count)]

    def _take(self, form: struct.Struct) -> tuple[int, ...]:
        try:
            values = form.unpack_from(self._body, self._position)
        except struct.error as why:
            raise DnaError("its catalogue of structs is cut off") from why
        self._position += form.size
        return values


def _name(text: bytes) -> tuple[bool, str, int]:
    """Read a field's name as C writes it: whether it is a pointer, its name, number of items."""
    found = _NAME.match(text)
    if found is None:
        return False, text.decode("ascii", "replace"), 1
    items = math.prod(int(size[:9]) for size in _SIZE.findall(found["sizes"]))
    is_pointer = bool(found["pointer"]) or text.startswith(b"(")
    return is_pointer, found["name"].decode("ascii"), items
