"""Which data-blocks of a Blender scene name external files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from renderbus_core.facts import ExternalFile, FileKind
from renderbus_core.scene import patterns
from renderbus_core.scene.blend_dna import Record
from renderbus_core.scene.reading import distinct


@dataclass(frozen=True, slots=True)
class _Source:
    """A struct that names a file.

    Args:
        kind: what the file is to the scene.
        noun: for people.
        paths: fields that hold the path; the first that exists counts.
        required: False when a render does without it.
        sequence: field and value that make the path one frame of a sequence.
        external: field and values that make the path count at all.
    """

    kind: FileKind
    noun: str
    paths: tuple[str, ...] = ("name", "filepath")
    required: bool = True
    sequence: tuple[str, int] | None = None
    external: tuple[str, frozenset[int]] | None = None


_FROM_FILE, _FROM_SEQUENCE, _FROM_FILM, _TILED = 1, 2, 3, 6

_SOURCES: Mapping[str, _Source] = MappingProxyType(
    {
        "Library": _Source(FileKind.REFERENCE, "library"),
        "Image": _Source(
            FileKind.TEXTURE,
            "image",
            sequence=("source", _FROM_SEQUENCE),
            # Neither generated pictures nor render results.
            external=(
                "source",
                frozenset({_FROM_FILE, _FROM_SEQUENCE, _FROM_FILM, _TILED}),
            ),
        ),
        "bSound": _Source(FileKind.AUDIO, "sound", required=False),
        "VFont": _Source(FileKind.OTHER, "font"),
        "MovieClip": _Source(FileKind.TEXTURE, "movie clip", sequence=("source", 1)),
        "CacheFile": _Source(
            FileKind.CACHE, "cache file", paths=("filepath",), sequence=("is_sequence", 1)
        ),
        "Volume": _Source(
            FileKind.CACHE, "volume", paths=("filepath",), sequence=("is_sequence", 1)
        ),
        "MeshCacheModifierData": _Source(FileKind.CACHE, "mesh cache", paths=("filepath",)),
        "NodeShaderTexIES": _Source(
            FileKind.OTHER, "IES node", paths=("filepath",), external=("mode", frozenset({1}))
        ),
        "NodeShaderScript": _Source(
            FileKind.OTHER, "OSL node", paths=("filepath",), external=("mode", frozenset({1}))
        ),
    }
)

_STRIPS = frozenset({"Sequence", "Strip", "StripElem"})
_STRIP_OF_PICTURES, _STRIP_OF_FILM = 0, 3

FILE_STRUCTS = frozenset(_SOURCES) | _STRIPS | {"ID"}
"""Structs that external files are read from; `ID` stands for what is linked from a library."""

_BUILT_IN = frozenset({"<builtin>", "<default>"})


def external_files(
    by_struct: Mapping[str, Sequence[Record]], by_address: Mapping[int, Record]
) -> tuple[ExternalFile, ...]:
    """Name the files outside the scene; packed ones are inside.

    Args:
        by_struct: the structs of the scene by name.
        by_address: the same by address.
    """
    return distinct(
        (
            *_named(by_struct, indirect=False),
            *_in_strips(by_struct.get("Sequence", ()), by_address),
        )
    )


def indirect_libraries(by_struct: Mapping[str, Sequence[Record]]) -> tuple[ExternalFile, ...]:
    """Name the libraries that the scene's own libraries link."""
    return distinct(_named({"Library": by_struct.get("Library", ())}, indirect=True))


def _named(by_struct: Mapping[str, Sequence[Record]], *, indirect: bool) -> Iterator[ExternalFile]:
    for struct, source in _SOURCES.items():
        for record in by_struct.get(struct, ()):
            stored = record.text(*source.paths)
            if not stored or stored in _BUILT_IN or _is_indirect(record) is not indirect:
                continue
            if _is_outside(record, source):
                yield ExternalFile(
                    stored=stored,
                    kind=source.kind,
                    owner=f"{source.noun} {_name(record)}".strip(),
                    pattern=_pattern(record, source, stored),
                    required=source.required,
                )


def _name(record: Record) -> str:
    return record.text("id.name")[2:] or record.text("modifier.name")


def _is_indirect(record: Record) -> bool:
    """Tell whether a library is linked by another one only."""
    return bool(record.pointer("parent") or record.pointer("runtime.parent"))


def _is_outside(record: Record, source: _Source) -> bool:
    if record.pointer("packedfile") or record.pointer("packedfiles.first"):
        return False
    if source.external is None:
        return True
    name, values = source.external
    return record.whole(name) in values


def _pattern(record: Record, source: _Source, stored: str) -> str | None:
    if source.sequence and record.whole(source.sequence[0]) == source.sequence[1]:
        return patterns.from_frame(stored)
    if record.struct == "Image" and record.whole("source") == _TILED:
        return patterns.from_tokens(stored) or patterns.from_tile(stored)
    return None


def _in_strips(
    strips: Sequence[Record], by_address: Mapping[int, Record]
) -> Iterator[ExternalFile]:
    """Name the pictures and films of the sequencer; its sounds are data-blocks."""
    seen: set[int] = set()
    for strip in strips:
        data = by_address.get(strip.pointer("strip"))
        if data is None or strip.whole("type") not in {_STRIP_OF_PICTURES, _STRIP_OF_FILM}:
            continue
        folder = data.text("dir")
        if folder and not folder.endswith(("/", "\\")):
            folder += "/"
        names = tuple(_elements(data.pointer("stripdata"), by_address, seen))
        owner = f"strip {strip.text('name')[2:]}"
        pattern = patterns.from_frame(names[0]) if len(names) > 1 else None
        if pattern and all(map(patterns.matcher(pattern).fullmatch, names)):
            names, pattern = names[:1], f"{folder}{pattern}"
        else:
            pattern = None
        for name in names:
            yield ExternalFile(f"{folder}{name}", FileKind.TEXTURE, owner, pattern=pattern)


def _elements(address: int, by_address: Mapping[int, Record], seen: set[int]) -> Iterator[str]:
    """Give the file names of a strip, which lie one behind the other; strips share none."""
    while address not in seen and (element := by_address.get(address)) is not None:
        if element.struct != "StripElem":
            return
        seen.add(address)
        yield element.text("name")
        address += max(1, len(element.data))
