"""Scenes made by the tests themselves."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

WriteScene = Callable[..., Path]


@pytest.fixture
def write_ma(tmp_path: Path) -> WriteScene:
    """Return a function that writes a Maya ASCII scene with a header around the given lines."""

    def write(body: str, name: str = "shot.ma", codec: str = "utf-8") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        codeset = {"utf-8": "UTF-8", "cp1252": "1252", "gbk": "936"}[codec]
        text = f"//Maya ASCII 2023 scene\n//Codeset: {codeset}\n{body}\n// End of {path.name}\n"
        path.write_bytes(text.encode(codec))
        return path

    return write


# Structs of a small Blender: C types and names as DNA spells them, each aligned by hand.
STRUCTS = {
    "ListBase": [("void", "*first"), ("void", "*last")],
    "ID": [("void", "*next"), ("void", "*prev"), ("char", "name[24]")],
    "ImageFormatData": [("char", "imtype"), ("char", "pad[7]")],
    "RenderData": [
        ("int", "sfra"),
        ("int", "efra"),
        ("int", "frame_step"),
        ("int", "xsch"),
        ("int", "ysch"),
        ("short", "size"),
        ("short", "frs_sec"),
        ("float", "frs_sec_base"),
        ("char", "engine[32]"),
        ("char", "pic[64]"),
        ("ImageFormatData", "im_format"),
        ("int", "pad"),
    ],
    "Scene": [
        ("ID", "id"),
        ("Object", "*camera"),
        ("ListBase", "view_layers"),
        ("ListBase", "markers"),
        ("RenderData", "r"),
    ],
    "ViewLayer": [
        ("ViewLayer", "*next"),
        ("ViewLayer", "*prev"),
        ("char", "name[64]"),
        ("short", "flag"),
        ("char", "pad[6]"),
    ],
    "TimeMarker": [("TimeMarker", "*next"), ("TimeMarker", "*prev"), ("Object", "*camera")],
    "Object": [("ID", "id"), ("short", "type"), ("char", "pad[6]")],
    "FileGlobal": [("Scene", "*curscene")],
    "bNode": [("char", "idname[64]"), ("int", "flag"), ("int", "pad")],
    "Image": [
        ("ID", "id"),
        ("char", "name[128]"),
        ("short", "source"),
        ("char", "pad[6]"),
        ("PackedFile", "*packedfile"),
    ],
    "Sequence": [("char", "name[64]"), ("int", "type"), ("int", "pad"), ("Strip", "*strip")],
    "Strip": [("StripElem", "*stripdata"), ("char", "dir[64]")],
    "StripElem": [("char", "name[32]")],
    "Library": [("ID", "id"), ("char", "name[128]"), ("Library", "*parent")],
}
SIZES = {"void": 0, "char": 1, "short": 2, "int": 4, "float": 4, "PackedFile": 0}
FORMS = {"char": "b", "short": "h", "int": "i", "float": "f"}


@dataclass
class BlendBuilder:
    """Writes .blend files of any age by hand.

    Args:
        pointer: 4 or 8 bytes.
        order: `<` or `>`.
        large: write the header of 5.0.
        version: three or four digits.
    """

    pointer: int = 8
    order: str = "<"
    large: bool = False
    version: str = "304"
    blocks: list[bytes] = field(default_factory=list)

    def size(self, kind: str) -> int:
        if kind in SIZES:
            return SIZES[kind]
        return sum(self.length(*each) for each in STRUCTS[kind])

    def length(self, kind: str, name: str) -> int:
        if name.startswith("*"):
            return self.pointer
        items = int(name[name.index("[") + 1 : -1]) if "[" in name else 1
        return self.size(kind) * items

    def pack(self, kind: str, values: dict[str, object], prefix: str = "") -> bytes:
        """Lay out a struct; values are named by their path (`r.sfra`)."""
        parts = []
        for each, name in STRUCTS[kind]:
            bare = name.lstrip("*").partition("[")[0]
            value = values.get(f"{prefix}{bare}", 0)
            if name.startswith("*"):
                parts.append(struct.pack(self.order + ("Q" if self.pointer == 8 else "I"), value))
            elif "[" in name:
                text = value.encode() if isinstance(value, str) else b""
                parts.append(text.ljust(self.length(each, name), b"\0"))
            elif each in FORMS:
                parts.append(struct.pack(self.order + FORMS[each], value))
            else:
                parts.append(self.pack(each, values, f"{prefix}{bare}."))
        return b"".join(parts)

    def block(self, code: bytes, address: int, body: bytes, kind: int = 0, count: int = 1) -> bytes:
        code = code.ljust(4, b"\0")
        if self.large:
            head = struct.pack(f"{self.order}4siQqq", code, kind, address, len(body), count)
        else:
            form = "Q" if self.pointer == 8 else "I"
            head = struct.pack(f"{self.order}4si{form}ii", code, len(body), address, kind, count)
        return head + body

    def add(self, code: bytes, kind: str, address: int, count: int = 1, **values: object) -> None:
        """Add one struct; `__` in a name stands for a dot."""
        dotted = {name.replace("__", "."): value for name, value in values.items()}
        body = self.pack(kind, dotted)
        self.blocks.append(self.block(code, address, body, list(STRUCTS).index(kind), count))

    def scene(self, **values: object) -> None:
        """Add the usual: a current scene with a camera, a layer and a PNG output."""
        self.add(b"GLOB", "FileGlobal", 0x10, curscene=0x100)
        usual = {
            "id__name": "SCShot",
            "camera": 0x200,
            "view_layers__first": 0x300,
            "r__sfra": 1,
            "r__efra": 10,
            "r__frame_step": 1,
            "r__xsch": 640,
            "r__ysch": 360,
            "r__size": 50,
            "r__frs_sec": 24,
            "r__frs_sec_base": 1.0,
            "r__engine": "CYCLES",
            "r__pic": "//out/",
            "r__im_format__imtype": 17,
        }
        self.add(b"SC", "Scene", 0x100, **(usual | values))
        self.add(b"OB", "Object", 0x200, id__name="OBCam", type=11)
        self.add(b"DATA", "ViewLayer", 0x300, name="View", flag=1)

    def dna(self) -> bytes:
        names = list(dict.fromkeys(name for fields in STRUCTS.values() for _, name in fields))
        types = [*SIZES, *STRUCTS]
        body = b"SDNA" + self._texts(b"NAME", names) + self._texts(b"TYPE", types)
        sizes = [self.size(kind) for kind in types]
        body += b"TLEN" + struct.pack(f"{self.order}{len(sizes)}H", *sizes)
        body += b"\0" * (-len(body) % 4) + b"STRC" + struct.pack(f"{self.order}i", len(STRUCTS))
        for kind, fields in STRUCTS.items():
            pairs = [types.index(kind), len(fields)]
            for each, name in fields:
                pairs += [types.index(each), names.index(name)]
            body += struct.pack(f"{self.order}{len(pairs)}H", *pairs)
        return body

    def _texts(self, mark: bytes, texts: list[str]) -> bytes:
        body = mark + struct.pack(f"{self.order}i", len(texts))
        body += b"".join(text.encode() + b"\0" for text in texts)
        return body + b"\0" * (-len(body) % 4)

    def content(self) -> bytes:
        order = b"v" if self.order == "<" else b"V"
        if self.large:
            head = b"BLENDER17-01" + order + self.version.rjust(4, "0").encode()
        else:
            head = b"BLENDER" + (b"-" if self.pointer == 8 else b"_") + order
            head += self.version.encode()
        blocks = b"".join(self.blocks)
        return head + blocks + self.block(b"DNA1", 0, self.dna()) + self.block(b"ENDB", 0, b"")


@pytest.fixture
def builder() -> type[BlendBuilder]:
    """Return the class that writes .blend files by hand."""
    return BlendBuilder
