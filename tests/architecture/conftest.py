"""A source tree read from its text: modules, and what each imports; nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Import:
    """One name that a module imports, wherever in it the import stands.

    Args:
        place: file and line, for people.
        importer: module that imports, dotted; a package by its own name.
        path: everything the statement names, dotted, for example `package.module.name`.
        alias: how the module calls it.
    """

    place: str
    importer: str
    path: str
    alias: str


class Tree:
    """The modules of some packages.

    Args:
        root: folder that holds the packages.
        packages: names of folders in it.
    """

    def __init__(self, root: Path, *packages: str) -> None:
        files = sorted(file for name in packages for file in (root / name).rglob("*.py"))
        self.places = {_dotted(file.relative_to(root)): file.relative_to(root) for file in files}
        self.packages = {name for name, file in self.places.items() if file.stem == "__init__"}
        self.parsed = {
            name: ast.parse((root / file).read_text(encoding="utf-8"))
            for name, file in self.places.items()
        }
        self.imports = [one for module in self.places for one in self._imports_of(module)]

    def nodes(self, module: str) -> Iterator[tuple[str, ast.AST]]:
        """Yield everything in a module with its place, also what stands inside functions."""
        for node in ast.walk(self.parsed[module]):
            yield f"{self.places[module]}:{getattr(node, 'lineno', 0)}", node

    def _imports_of(self, module: str) -> Iterator[Import]:
        for place, node in self.nodes(module):
            if isinstance(node, ast.Import | ast.ImportFrom):
                source = self._source(module, node)
                for name in node.names:
                    yield Import(place, module, source + name.name, name.asname or name.name)

    def _source(self, module: str, node: ast.Import | ast.ImportFrom) -> str:
        """Return what stands before the imported names, with its last dot."""
        if isinstance(node, ast.Import):
            return ""
        parts = module.split(".")
        up = node.level - (module in self.packages)
        above = parts[: len(parts) - up] if node.level else []
        return "".join(f"{part}." for part in [*above, node.module] if part)


def _dotted(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.fixture(scope="session")
def tree(root):
    """Return the sources of the core and its schemas."""
    return Tree(root, "renderbus_core", "schemas")


@pytest.fixture
def make_tree(tmp_path):
    """Return a function that writes modules of a core, by path below it, and reads them."""

    def make(modules: Mapping[str, str]) -> Tree:
        for name, text in modules.items():
            file = tmp_path / "renderbus_core" / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            (file.parent / "__init__.py").touch()
            file.write_text(text)
        return Tree(tmp_path, "renderbus_core")

    return make
