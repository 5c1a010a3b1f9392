"""Maya ASCII as nodes: the few statements and attributes that matter, picked from the stream."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from pathlib import Path
from typing import BinaryIO

from renderbus_core.errors import InputError
from renderbus_core.scene import maya_tables as tables
from renderbus_core.scene.maya_text import LONGEST, Word, read_header, statements, words

MAX_ITEMS = 300_000
"""Most nodes, values, connections and references kept of one scene; real ones stay far below."""

MAX_STATEMENTS = 50_000_000
"""Most statements that are looked at: about a minute."""

MAX_TEXT = 16_000_000
"""Most characters kept of one scene."""

ON = frozenset({"yes", "on", "true", "1"})
"""How files write a switch that is on."""

MOST_OF_A_TYPE = {"camera": 5_000, "renderLayer": 1_000}
"""Most nodes of types that are compared with each other."""

_ATTRIBUTE = re.compile(rb'setAttr\s[^"]*+"([^"]*+)"')
_LONGEST_PLUG = 1024
_INDEX = re.compile(r"\[[^\]]*\]")
# Connections of layers to what they change, and of AOVs to what writes them.
_LINKS = (b".adjs[", b'.pls"', b'.sel"', b'.drvr"')
_FLAGS_WITHOUT_VALUE = frozenset({"-av", "-alteredValue", "-c", "-clamp"})
_SHARED = frozenset({"-s", "-shared", "-ss", "-skipSelect"})


@dataclass(frozen=True, slots=True)
class Value:
    """What a `setAttr` stored: the words behind the attribute, without type and count."""

    line: int
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The first word; "" when there is none."""
        return self.words[0] if self.words else ""

    @property
    def on(self) -> bool:
        """Whether it is a switch that is on."""
        return self.text in ON


@dataclass(slots=True)
class Node:
    """A node of a type that matters.

    Args:
        type: node type.
        name: without a leading colon.
        parent: name of the transform above, "" when none.
        values: long attribute name, with its index where it has one, to what is stored.
        cut: True when a value was too long to be read to its end.
        kept: True once the scene holds it.
    """

    type: str
    name: str
    parent: str = ""
    values: dict[str, Value] = field(default_factory=dict)
    cut: bool = False
    kept: bool = False

    def text(self, attribute: str) -> str:
        """Give an attribute as text; "" when it is not stored."""
        value = self.values.get(attribute)
        return value.text if value else ""

    def on(self, attribute: str, *, default: bool) -> bool:
        """Tell whether an attribute is on; a statement without a value only sets flags."""
        value = self.values.get(attribute)
        return value.on if value and value.words else default


@dataclass(frozen=True, slots=True)
class Reference:
    """A `file` statement.

    Args:
        path: of the referenced scene.
        node: the reference node, "" when none is named.
        namespace: prefix of the names it brings.
        direct: whether this scene references it; otherwise a scene below does.
        line: where the statement begins.
    """

    path: str
    node: str
    namespace: str
    direct: bool
    line: int


@dataclass(slots=True)
class MayaScene:
    """What was picked from a scene.

    Args:
        header_version: from the first line.
        codec: Python's name of the text encoding.
        product: from `fileInfo`, without "Maya".
        required_version: from `requires maya`.
        plugins: name to version.
        time_unit: name of the unit; "" when none is stored.
        references: in file order.
        nodes: in file order.
        by_name: name to node; the first of several with one name.
        by_type: type to nodes.
        links: (source plug, destination plug) of layers, overrides and AOVs.
        ended: whether Maya's closing comment is there.
    """

    header_version: str
    codec: str
    product: str = ""
    required_version: str = ""
    plugins: dict[str, str] = field(default_factory=dict)
    time_unit: str = ""
    references: list[Reference] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    by_name: dict[str, Node] = field(default_factory=dict)
    by_type: dict[str, list[Node]] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)
    ended: bool = False

    def of_type(self, kind: str) -> Sequence[Node]:
        """Give the nodes of a type, in file order."""
        return self.by_type.get(kind, ())

    def setting(self, node: str, attribute: str) -> Value | None:
        """Look up a stored value; None when it was never set or set without a value."""
        found = self.by_name.get(node)
        value = found.values.get(attribute) if found else None
        return value if value and value.words else None


def read_scene(path: Path) -> MayaScene:
    """Pick the facts out of a file.

    Raises:
        InputError: not Maya ASCII, cut off, or beyond any real scene.
    """
    with path.open("rb") as stream:
        header = read_header(stream, path.name)
        scene = MayaScene(header.version, header.codec)
        picker = _Picker(scene, path.name)
        for number, (line, statement) in enumerate(statements(stream, path.name, header.codec)):
            if number > MAX_STATEMENTS:
                raise InputError(
                    f"{path} has more than {MAX_STATEMENTS:,} statements, which no real "
                    "scene has; check what wrote it"
                )
            picker.take(line, statement)
        scene.ended = _has_closing_comment(stream)
    return scene


class _Picker:
    """Goes through statements with the current node in hand."""

    def __init__(self, scene: MayaScene, name: str) -> None:
        self._scene = scene
        self._name = name
        self._current = Node("", "")
        self._wanted: Mapping[str, str] = {}
        self._items = self._text = 0
        self._verbs: Mapping[bytes, Callable[[int, bytes], None]] = {
            b"createNode": self._create,
            b"select": self._select,
            b"connectAttr": self._connect,
            b"file": self._file,
            b"requires": self._requires,
            b"currentUnit": self._unit,
            b"fileInfo": self._file_info,
        }

    def take(self, line: int, statement: bytes) -> None:
        if statement.startswith(b"setAttr"):
            self._set(line, statement)
            return
        verb = statement[:16].split(None, 1)[0]
        if handler := self._verbs.get(verb):
            handler(line, statement)

    def _words(self, statement: bytes) -> list[Word]:
        return words(statement, self._scene.codec)[1:]

    def _set(self, line: int, statement: bytes) -> None:
        found = _ATTRIBUTE.match(statement)
        if found is None or len(found[1]) > _LONGEST_PLUG:
            return
        plug = found[1].decode(self._scene.codec, "replace")
        owner, _, attribute = plug.partition(".")
        node, wanted = self._current, self._wanted
        if owner:
            node = self._scene.by_name.get(owner.rsplit("|", 1)[-1].lstrip(":"), _NO_NODE)
            wanted = _WANTED.get(node.type, _NOTHING)
        long = wanted.get(_INDEX.sub("[]", attribute)) if wanted else None
        if long is None:
            return
        for index in _INDEX.findall(attribute):
            long = long.replace("[]", index, 1)
        stored = _stored(self._words(statement))
        value = Value(line, _edits(stored) if long == "edits" else stored)
        self._keep(node)
        self._spend(sum(map(len, value.words)))
        node.values[long] = value
        node.cut = node.cut or len(statement) >= LONGEST

    def _create(self, line: int, statement: bytes) -> None:
        flags, positional = _flags(self._words(statement), without_value=_SHARED)
        kind = positional[0] if positional else ""
        self._wanted = _WANTED.get(kind, _NOTHING)
        if kind in _WANTED:
            name = flags.get("-n") or flags.get("-name") or f"{kind} in line {line}"
            parent = flags.get("-p") or flags.get("-parent") or ""
            self._current = Node(kind, name.lstrip(":"), parent.rsplit("|", 1)[-1])
            if kind in tables.SETTINGS:
                self._keep(self._current)

    def _select(self, _line: int, statement: bytes) -> None:
        name = self._words(statement)[-1:]
        bare = name[0].text.lstrip(":") if name else ""
        kind = tables.DEFAULT_NODES.get(bare, "")
        self._current = self._scene.by_name.get(bare) or Node(kind, bare)
        self._wanted = _WANTED.get(self._current.type, _NOTHING)

    def _connect(self, _line: int, statement: bytes) -> None:
        if any(mark in statement for mark in _LINKS):
            plugs = [word.text.lstrip(":") for word in self._words(statement) if word.quoted]
            source, destination = (*plugs, "", "")[:2]
            # Layers adjust thousands of materials, which are nothing to the farm.
            if ".adjs[" not in destination or source.partition(".")[2] in _ADJUSTABLE:
                self._spend(len(statement))
                self._scene.links.append((source, destination))

    def _file(self, line: int, statement: bytes) -> None:
        said = self._words(statement)
        if not said or not said[-1].quoted:
            return
        follows = {word.text: after.text for word, after in pairwise(said)}
        depth = follows.get("-rdi") or follows.get("-referenceDepthInfo") or "1"
        self._spend(len(statement))
        self._scene.references.append(
            Reference(
                path=said[-1].text,
                node=follows.get("-rfn") or follows.get("-referenceNode") or "",
                namespace=follows.get("-ns") or follows.get("-namespace") or "",
                direct=depth == "1",
                line=line,
            )
        )

    def _requires(self, _line: int, statement: bytes) -> None:
        _, positional = _flags(self._words(statement))
        name, version = (*positional, "", "")[:2]
        if name == "maya":
            self._scene.required_version = version
        elif name:
            self._spend(len(statement))
            self._scene.plugins[name] = version

    def _unit(self, _line: int, statement: bytes) -> None:
        flags, _ = _flags(self._words(statement))
        self._scene.time_unit = flags.get("-t") or flags.get("-time") or self._scene.time_unit

    def _file_info(self, _line: int, statement: bytes) -> None:
        said = [word.text for word in self._words(statement)]
        if said[:1] == ["product"] and len(said) > 1:
            self._scene.product = said[1].removeprefix("Maya").strip()

    def _keep(self, node: Node) -> None:
        if not node.kept:
            node.kept = True
            self._spend(len(node.name) + len(node.parent))
            self._scene.nodes.append(node)
            self._scene.by_name.setdefault(node.name, node)
            self._scene.by_type.setdefault(node.type, []).append(node)

    def _spend(self, characters: int) -> None:
        self._items += 1
        self._text += characters
        crowded = any(
            len(self._scene.of_type(kind)) > most for kind, most in MOST_OF_A_TYPE.items()
        )
        if crowded or self._items > MAX_ITEMS or self._text > MAX_TEXT:
            raise InputError(
                f"{self._name} names more cameras, layers, textures and references than any real "
                f"scene ({MAX_ITEMS:,} at most); split it or check what wrote it"
            )


_NOTHING: Mapping[str, str] = {}
_NO_NODE = Node("", "")


def _wanted() -> dict[str, dict[str, str]]:
    """Map each node type to its attributes, any spelling to the name that is kept."""
    result: dict[str, dict[str, str]] = {}
    for kind in chain(tables.PATHS, tables.SETTINGS):
        names = dict(tables.SETTINGS.get(kind, {}))
        names |= {name: slot.names[0] for slot in tables.PATHS.get(kind, ()) for name in slot.names}
        if switch := tables.SEQUENCES.get(kind):
            names |= dict.fromkeys(switch, switch[0])
        result[kind] = names
    result["file"] |= dict.fromkeys(tables.TILING, tables.TILING[0])
    return result


_WANTED = _wanted()


_ADJUSTABLE = frozenset(
    chain.from_iterable(
        tables.SETTINGS[kind]
        for kind in ("renderGlobals", "resolution", "camera", "aiOptions", "aiAOVDriver", "aiAOV")
    )
)


def _flags(
    said: list[Word], without_value: frozenset[str] = frozenset()
) -> tuple[dict[str, str], list[str]]:
    """Part flags with their values from positional words."""
    flags: dict[str, str] = {}
    positional: list[str] = []
    rest = iter(said)
    for word in rest:
        if word.quoted or not word.text.startswith("-"):
            positional.append(word.text)
        elif word.text not in without_value:
            flags[word.text] = next(rest, Word("", quoted=False)).text
    return flags, positional


def _stored(said: list[Word]) -> tuple[str, ...]:
    """Give the values of a `setAttr` without attribute, type and array size."""
    rest = iter(said)
    for word in rest:
        if word.quoted or not word.text.startswith("-"):
            break
        if word.text not in _FLAGS_WITHOUT_VALUE:
            next(rest, None)
    values = list(rest)
    if values and not values[0].quoted and values[0].text in {"-type", "-typ"}:
        kind = values[1].text if len(values) > 1 else ""
        values = values[3:] if kind.endswith("Array") else values[2:]
    return tuple(word.text for word in values)


def _edits(said: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the edits that set a path or a camera: triples of node, attribute, value.

    An edit of kind 2 sets an attribute; its value is MEL that begins with a blank.
    """
    return tuple(
        word
        for kind, node, attribute, value in zip(said, said[1:], said[2:], said[3:], strict=False)
        if kind == "2" and value.startswith(" ")
        if attribute == "renderable" or attribute in tables.EDITS
        for word in (node, attribute, value)
    )


def _has_closing_comment(stream: BinaryIO) -> bool:
    """Tell whether the last lines hold the comment Maya ends every file with."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - 1024))
    return b"// End of " in stream.read()
