"""Who may import whom, as `docs/architecture.md` draws it."""

from __future__ import annotations

import ast

import pytest

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
        "jobs",
        "money",
        "paths",
        "schema",
        "statuses",
    },
    {"api", "farm", "package", "scene", "transfer"},
    {"burst"},
    {"simulator", "web"},
    {"cli"},
    {"__main__"},
)
RANKS = {part: rank for rank, parts in enumerate(LAYERS) for part in parts}
CORE = "renderbus_core"
# Integrations come to the core through entry points, so that it runs without them.
INTEGRATIONS = {"deadline_plugin", "qube_jobtype"}
# The command line loads a verb when it is used; anything else that did so would hide from us.
MAY_LOAD_BY_NAME = {"renderbus_core.cli.app"}


def part_of(path):
    """Return the part of the core that a dotted name belongs to; "" for the core itself."""
    names = path.split(".")
    return names[1] if names[0] == CORE and len(names) > 1 else ""


def rank_of(part):
    if part not in RANKS:
        pytest.fail(f"{CORE}.{part} belongs to no layer; give it one in LAYERS")
    return RANKS[part]


def offences(tree):
    """Return a sentence for every import that goes up or sideways."""
    return [
        f"{one.place}: {mine} imports {theirs} ({one.path}), {why}"
        for one in tree.imports()
        if (mine := part_of(one.importer))
        and (theirs := part_of(one.path)) not in {"", mine, "__version__"}
        and (why := objection(mine, theirs))
    ]


def objection(mine, theirs):
    """Return why one part may not import another; nothing when it may."""
    here, there = rank_of(mine), rank_of(theirs)
    if there > here:
        return "which lies above it"
    if there == here > 0:
        return "which stands beside it"
    return None


def test_parts_import_only_what_lies_below_them(tree):
    found = offences(tree)
    assert not found, "\n".join(["imports against the layers:", *found])


def test_every_layer_exists(tree):
    parts = {part_of(module) for module in tree.files} - {""}
    unknown = set(RANKS) - parts
    assert not unknown, f"LAYERS names what is not there: {', '.join(sorted(unknown))}"
    assert {part for part in parts if part not in RANKS} == set()


def test_the_core_never_imports_an_integration(tree):
    found = [f"{i.place}: {i.path}" for i in tree.imports() if i.path.split(".")[0] in INTEGRATIONS]
    assert not found, "\n".join(["integrations come through entry points, not imports:", *found])


def test_the_schemas_import_nothing_of_the_core(tree):
    assert [i.place for i in tree.imports() if i.importer.startswith("schemas")] == []


def test_modules_are_not_loaded_by_name_below_the_command_line(tree):
    found = [
        f"{module}:{node.lineno}"
        for module in tree.files
        if module not in MAY_LOAD_BY_NAME
        for node in ast.walk(tree.parsed(module))
        if isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr)
        in {"__import__", "import_module"}
    ]
    assert not found, f"loaded by name, where no check can see it: {', '.join(found)}"


# -- and the check itself sees what it should ---------------------------------------------------

SEEN = [
    pytest.param("scene__maya", "import renderbus_core.burst.store", "burst", id="above"),
    pytest.param("scene__maya", "from renderbus_core import package", "package", id="beside"),
    pytest.param("web__page", "from renderbus_core.simulator import serve", "simulator", id="faces"),
    pytest.param("scene__maya", "from ..package import build", "package", id="relative"),
    pytest.param("scene__maya", "from .. import package", "package", id="relative to the core"),
    pytest.param("frames", "from renderbus_core.api import Client", "api", id="plain values"),
    pytest.param(
        "scene__maya",
        "def late():\n    if True:\n        from renderbus_core.package import build\n",
        "package",
        id="inside a function",
    ),
    pytest.param(
        "scene__maya",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import renderbus_core.cli\n",
        "cli",
        id="for types only",
    ),
]


@pytest.mark.parametrize(("module", "text", "theirs"), SEEN)
def test_a_forbidden_import_is_named_with_its_place(make_tree, module, text, theirs):
    (sentence,) = offences(make_tree(**{module: text}))
    file = f"{CORE}/{module.replace('__', '/')}.py:{len(text.splitlines())}: "
    assert sentence.startswith(f"{file}{module.split('__')[0]} imports {theirs} (")


ALLOWED = [
    ("scene__maya", "from renderbus_core.frames import FrameSet"),
    ("scene__maya", "from renderbus_core.scene.reading import Reading"),
    ("scene__maya", "from . import reading"),
    ("frames", "from renderbus_core.errors import InputError"),
    ("burst__runner", "from renderbus_core import __version__, package, scene"),
    ("simulator__cloud", "from renderbus_core.api import routes\nimport renderbus_core.package"),
    ("cli__app", "from renderbus_core.web import write_report"),
    ("scene__maya", "import json, renderbus_core_tools, package"),
]


@pytest.mark.parametrize(("module", "text"), ALLOWED)
def test_what_lies_below_may_be_imported(make_tree, module, text):
    assert offences(make_tree(**{module: text})) == []
