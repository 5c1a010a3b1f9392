"""Who may import whom: the core is built in layers."""

from __future__ import annotations

import ast

import pytest

CORE = "renderbus_core"
# From the bottom up. A part may import the parts below it, never one beside it or above it; only
# the plain values at the bottom may use each other.
LAYERS = (
    {
        "clock",
        "codes",
        "columns",
        "config",
        "database",
        "errors",
        "facts",
        "frames",
        "http",
        "jobs",
        "machines",
        "money",
        "options",
        "paths",
        "rulebook",
        "schema",
        "shim",
        "statuses",
    },
    {"api", "farm", "installation", "overflow", "package", "parity", "scene", "transfer"},
    {"burst", "replay"},
    {"simulator", "web"},
    {"cli"},
    {"__main__"},
)
RANKS = {part: rank for rank, parts in enumerate(LAYERS) for part in parts}
# Integrations come to the core through entry points, so that it runs without them.
INTEGRATIONS = {"deadline_plugin", "qube_jobtype"}
# The command line loads a verb when it is used; an import by name anywhere else would hide here.
MAY_LOAD_BY_NAME = {"renderbus_core.cli.app"}


def part_of(path):
    """Return the part of the core that a dotted name belongs to; "" for none."""
    names = path.split(".")
    is_part = names[0] == CORE and len(names) > 1 and names[1] != "__version__"
    return names[1] if is_part else ""


def offences(tree):
    """Return a sentence for every import that goes up or sideways."""
    found = []
    for one in tree.imports:
        mine, theirs = part_of(one.importer), part_of(one.path)
        if mine and theirs and mine != theirs:
            here, there = RANKS[mine], RANKS[theirs]
            where = "above" if there > here else "beside"
            if there > here or there == here > 0:
                found.append(f"{one.place}: {one.path} - {theirs} lies {where} {mine}")
    return found


def test_every_part_of_the_core_has_its_layer(tree):
    parts = {part_of(module) for module in tree.places} - {""}
    assert parts == set(RANKS), "LAYERS must name what there is, no more and no less"


def test_parts_import_only_what_lies_below_them(tree):
    found = offences(tree)
    assert not found, "\n".join(["imports against the layers:", *found])


def test_the_core_never_imports_an_integration(tree):
    found = [f"{i.place}: {i.path}" for i in tree.imports if i.path.split(".")[0] in INTEGRATIONS]
    assert not found, "\n".join(["integrations come through entry points, not imports:", *found])


def test_the_schemas_are_data_and_import_nothing(tree):
    assert [one.place for one in tree.imports if one.importer.startswith("schemas")] == []


def test_modules_are_loaded_by_name_only_where_a_verb_is_used(tree):
    found = [
        place
        for module in set(tree.places) - MAY_LOAD_BY_NAME
        for place, node in tree.nodes(module)
        if isinstance(node, ast.Name | ast.Attribute)
        if ast.unparse(node).rpartition(".")[2] in {"__import__", "import_module"}
    ]
    assert not found, f"loaded by name, where no check can see it: {', '.join(found)}"


# -- and the check itself sees what it should ---------------------------------------------------

LATE = """
def late():
    if True:
        from renderbus_core.package import build
"""
TYPES = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import renderbus_core.cli as face
"""
SEEN = [
    ("scene/maya", "import renderbus_core.burst.store", "burst lies above scene"),
    ("scene/maya", "from renderbus_core import package", "package lies beside scene"),
    ("scene/maya", "from ..package import build", "package lies beside scene"),
    ("scene/maya", "from .. import package", "package lies beside scene"),
    ("scene/maya", LATE, "package lies beside scene"),
    ("scene/maya", TYPES, "cli lies above scene"),
    ("scene/__init__", "from ..transfer.http import Storage", "transfer lies beside scene"),
    ("web/page", "from renderbus_core.simulator import serve", "simulator lies beside web"),
    ("frames", "from renderbus_core.api import Client", "api lies above frames"),
]


@pytest.mark.parametrize(("module", "text", "why"), SEEN)
def test_a_forbidden_import_is_told_with_its_place(make_tree, module, text, why):
    (sentence,) = offences(make_tree({module: text}))
    line = len(text.splitlines())
    assert sentence.startswith(f"{CORE}/{module}.py:{line}: {CORE}.")
    assert sentence.endswith(f" - {why}")


ALLOWED = [
    ("scene/maya", "from renderbus_core.frames import FrameSet"),
    ("scene/maya", "from renderbus_core.scene.reading import Reading"),
    ("scene/maya", "from . import reading"),
    ("scene/maya", "import json, renderbus_core_tools, package"),
    ("frames", "from .errors import InputError"),
    ("burst/runner", "from renderbus_core import __version__, package, scene"),
    ("simulator/cloud", "from renderbus_core.api import routes\nimport renderbus_core.package"),
    ("cli/app", "from renderbus_core.web import write_report"),
    ("__main__", "from renderbus_core.cli import main"),
]


@pytest.mark.parametrize(("module", "text"), ALLOWED)
def test_what_lies_below_may_be_imported(make_tree, module, text):
    assert offences(make_tree({module: text})) == []
