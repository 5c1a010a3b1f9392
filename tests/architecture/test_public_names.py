"""Each package has one door: `__init__.py` lists what it offers, and others take nothing else."""

from __future__ import annotations

import ast
import importlib

import pytest

CORE = "renderbus_core"
# Who may pass a closed door, what they take, and why.
EXCEPTIONS = {
    ("renderbus_core.cli", "renderbus_core.burst.examine"): (
        "people see what would be sent before there is a burst"
    ),
    ("renderbus_core.cli", "renderbus_core.burst.offers"): (
        "a check asks the cloud without a farm and a store"
    ),
    ("renderbus_core.cli", "renderbus_core.burst.orphans"): (
        "people see what differs before it is mended"
    ),
    ("renderbus_core.cli", "renderbus_core.burst.recover"): (
        "mending is a command of its own, no part of the engine's daily work"
    ),
}


def within(module, package):
    return f"{module}.".startswith(f"{package}.")


def doors(tree):
    """Return what each package offers, by its name.

    A folder inside a package whose `__init__.py` is only a sentence sorts the package's modules
    and has no door of its own.
    """
    found = {}
    for package in tree.packages - {CORE, "schemas"}:
        body = tree.parsed[package].body
        lists = [node for node in body if isinstance(node, ast.Assign) and is_list(node)]
        if lists or package.count(".") == 1 or not is_only_a_sentence(body):
            found[package] = [name for node in lists for name in ast.literal_eval(node.value)]
    return found


def is_list(node):
    return ast.unparse(node.targets[0]) == "__all__"


def is_only_a_sentence(body):
    return all(isinstance(node, ast.Expr) for node in body)


def taken(tree):
    """Yield place, module and dotted name of all that modules take from the core.

    Of a package that is imported as a whole, that is each attribute that is used of it.
    """
    known = {}
    for one in tree.imports:
        yield one.place, one.importer, one.path
        if one.path in tree.packages:
            known[one.importer, one.alias] = one.path
    for module in {importer for importer, _ in known}:
        for place, node in tree.nodes(module):
            if isinstance(node, ast.Attribute):
                package = known.get((module, ast.unparse(node.value)))
                if package:
                    yield place, module, f"{package}.{node.attr}"


def offences(tree):
    """Return a sentence for everything that is taken past a door."""
    closed = doors(tree)
    found = []
    for place, module, path in taken(tree):
        shut = [door for door in closed if within(path, door) and not within(module, door)]
        # From outside, only the outermost door is open.
        door = min(shut, key=len, default=path)
        offered = path == door or path.removeprefix(f"{door}.") in closed[door]
        if not (offered or is_excepted(module, path)):
            found.append(f"{place}: {path} is not offered by {door}")
    return found


def is_excepted(module, path):
    return any(within(module, who) and within(path, what) for who, what in EXCEPTIONS)


def test_every_door_lists_what_it_offers(tree):
    assert [package for package, names in doors(tree).items() if not names] == []


def test_what_is_offered_is_sorted_and_named_once(tree):
    def in_order(names):
        # As the linter sorts: constants, then classes, then the rest.
        return sorted(set(names), key=lambda n: (not n.isupper(), not n[0].isupper(), n))

    offered = doors(tree)
    assert offered == {package: in_order(names) for package, names in offered.items()}


def test_what_is_offered_exists(tree):
    missing = [
        f"{package}.{name}"
        for package, names in doors(tree).items()
        for name in names
        if not hasattr(importlib.import_module(package), name)
    ]
    assert missing == []


def test_everybody_comes_in_through_the_door(tree):
    found = offences(tree)
    assert not found, "\n".join(["offer it in the door's __all__, or do without:", *found])


def test_no_exception_is_made_without_need(tree):
    unused = [
        (who, what)
        for who, what in EXCEPTIONS
        if not any(within(one.importer, who) and within(one.path, what) for one in tree.imports)
    ]
    assert unused == []


# -- and the check itself sees what it should ---------------------------------------------------

DOOR = '__all__ = ["open_door"]\nfrom renderbus_core.scene.maya import open_door\n'
PAST = [
    "from renderbus_core.scene.maya import open_door",
    "from renderbus_core.scene import maya",
    "from renderbus_core.scene import *",
    "import renderbus_core.scene.maya",
    "from ..scene.maya import open_door",
    "def late():\n    from renderbus_core.scene import hidden",
    "from renderbus_core import scene\nscene.hidden()",
    "from renderbus_core import scene as stage\nstage.maya.open_door()",
    "import renderbus_core.scene\nrenderbus_core.scene.hidden()",
]


def a_tree(make_tree, text):
    modules = {"scene/maya": "", "scene/__init__": DOOR, "burst/inner/deep": ""}
    return make_tree({**modules, "burst/runner": text})


@pytest.mark.parametrize("text", PAST)
def test_what_is_taken_past_a_door_is_told_with_its_place(make_tree, text):
    (sentence,) = offences(a_tree(make_tree, text))
    assert sentence.startswith(f"{CORE}/burst/runner.py:{len(text.splitlines())}: ")
    assert sentence.endswith("is not offered by renderbus_core.scene")


THROUGH = [
    "from renderbus_core.scene import open_door",
    "from renderbus_core import scene\nscene.open_door()",
    "from renderbus_core import scene as stage\nstage.open_door()",
    "from renderbus_core.burst import other",
    "from renderbus_core.burst.inner.deep import thing",
    "scene = 1\nscene.imag",
]


@pytest.mark.parametrize("text", THROUGH)
def test_what_comes_through_the_door_or_from_the_own_package_is_not(make_tree, text):
    assert offences(a_tree(make_tree, text)) == []
