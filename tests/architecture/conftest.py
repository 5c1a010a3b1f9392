"""The imports of a source tree, read from its text: nothing of it is run."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Import:
    """One name that a module imports, wherever in it the import stands.

    Args:
        place: file and line, for people.
        importer: module that imports, dotted; a package by its own name.
        module: what it imports from.
        name: what it takes of it; "" where the module itself is imported.
    """

    place: str
    importer: str
    module: str
    name: str

    @property
    def path(self) -> str:
        """Everything that the statement names, dotted."""
        return f"{self.module}.{self.name}".rstrip(".")


class Tree:
    """Modules of some packages.

    Args:
        root: folder that holds the packages.
        packages: names of folders in it.
    """

    def __init__(self, root: Path, *packages: str) -> None:
        files = [file for name in packages for file in (root / name).rglob("*.py")]
        self.files = {_dotted(file.relative_to(root)): file for file in sorted(files)}
        self.packages = {name for name, file in self.files.items() if file.stem == "__init__"}
        self._root = root

    def parsed(self, module: str) -> ast.Module:
        """Return the syntax tree of a module."""
        return ast.parse(self.files[module].read_text(encoding="utf-8"))

    def imports(self) -> list[Import]:
        """Return every import of every module."""
        return [found for module in self.files for found in self.imports_of(module)]

    def imports_of(self, module: str) -> list[Import]:
        """Return the imports of a module, also those inside functions and under conditions."""
        found = []
        for node in ast.walk(self.parsed(module)):
            place = f"{self.files[module].relative_to(self._root)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import):
                found += [Import(place, module, alias.name, "") for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                source = self._absolute(module, node)
                found += [Import(place, module, source, alias.name) for alias in node.names]
        return found

    def _absolute(self, module: str, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = module.split(".")
        up = node.level - (module in self.packages)
        return ".".join([*parts[: len(parts) - up], *filter(None, [node.module])])


def _dotted(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.fixture(scope="session")
def tree(root):
    """Return the sources of the core and its schemas."""
    return Tree(root, "renderbus_core", "schemas")


@pytest.fixture
def make_tree(tmp_path):
    """Return a function that writes modules by their path and reads them as a tree."""

    def make(**files: str) -> Tree:
        for name, text in files.items():
            file = tmp_path / "renderbus_core" / f"{name.replace('__', '/')}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            (file.parent / "__init__.py").touch()
            file.write_text(text)
        return Tree(tmp_path, "renderbus_core")

    return make
