"""Each package has one door: `__init__.py` says what it offers, and others take nothing else."""

from __future__ import annotations

import ast
import importlib

import pytest

CORE = "renderbus_core"

# The one place that may open a door which is closed to everybody else, and why.
EXCEPTIONS = {
    ("cli", "renderbus_core.burst.examine"): "a person looks at what would be sent before it is",
}


def doors(tree):
    """Return the packages that offer names.

    A folder inside a package whose `__init__.py` defines nothing only sorts that package's
    modules: it has no door of its own.
    """
    inner = {name for name in tree.packages if name.count(".") > 1}
    return sorted(tree.packages - {CORE, "schemas"} - {name for name in inner if is_bare(tree, name)})


def is_bare(tree, package):
    """Tell whether a module holds nothing but its docstring."""
    return all(isinstance(node, ast.Expr) for node in tree.parsed(package).body)


def offered(tree, package):
    """Return `__all__` of a package as it is written; None where it has none."""
    for node in tree.parsed(package).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return None


def sorted_names(names):
    """Sort as the linter does: constants, then classes, then the rest."""
    return sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


def door_between(tree, importer, path):
    """Return the outermost package that holds what is imported and not who imports it."""
    names = path.split(".")
    outer = (".".join(names[:count]) for count in range(2, len(names) + 1))
    return next((p for p in outer if p in doors(tree) and not within(importer, p)), None)


def within(module, package):
    return f"{module}.".startswith(f"{package}.")


def offences(tree):
    """Return a sentence for everything that is taken past a door."""
    return [
        f"{place}: {importer} takes {path} past the door of {door}"
        for module in tree.files
        for place, importer, path in taken(tree, module)
        if (door := door_between(tree, importer, path)) and not is_offered(tree, door, path)
        if not is_excepted(importer, path)
    ]


def taken(tree, module):
    """Yield place, module and dotted path of everything a module takes from the core.

    A package that is imported as a whole counts by the attributes that are used of it.
    """
    whole = {}
    for one in tree.imports_of(module):
        if one.path in tree.packages:
            whole[alias_of(tree, module, one)] = one.path
        if one.module.split(".")[0] == CORE:
            yield one.place, module, one.path
    for node in ast.walk(tree.parsed(module)):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in whole:
            place = f"{tree.files[module].name}:{node.lineno}"
            yield place, module, f"{whole[ast.unparse(node.value)]}.{node.attr}"


def alias_of(tree, module, one):
    """Return the name by which a module knows what it imports."""
    wanted = one.name or one.module
    for node in ast.walk(tree.parsed(module)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                if alias.name == wanted and alias.asname:
                    return alias.asname
    return wanted


def is_offered(tree, door, path):
    rest = path.removeprefix(door).removeprefix(".")
    return not rest or rest in (offered(tree, door) or ())


def is_excepted(importer, path):
    part = importer.split(".")[1] if "." in importer else ""
    return any(
        part == who and within(path, module) and path != module for who, module in EXCEPTIONS
    )


def test_every_door_has_a_list_of_what_it_offers(tree):
    assert [package for package in doors(tree) if not offered(tree, package)] == []


def test_what_is_offered_is_sorted_and_named_once(tree):
    lists = {package: offered(tree, package) or [] for package in doors(tree)}
    assert {p: names for p, names in lists.items() if names != sorted_names(set(names))} == {}


def test_what_is_offered_exists(tree):
    missing = [
        f"{package}.{name}"
        for package in doors(tree)
        for name in offered(tree, package) or []
        if not hasattr(importlib.import_module(package), name)
    ]
    assert missing == []


def test_everybody_comes_in_through_the_door(tree):
    found = offences(tree)
    assert not found, "\n".join(["offer it in the door's __all__, or do without:", *found])


def test_every_exception_is_still_needed(tree):
    used = {
        (one.importer.split(".")[1], module)
        for one in tree.imports()
        for _, module in EXCEPTIONS
        if one.importer.count(".") and within(one.path, module) and one.importer.split(".")[1] == "cli"
    }
    assert used == set(EXCEPTIONS)


# -- and the check itself sees what it should ---------------------------------------------------

DOOR = '__all__ = ["open_door"]\nfrom renderbus_core.scene.maya import open_door\n'
PAST = [
    "from renderbus_core.scene.maya import open_door",
    "from renderbus_core.scene import maya",
    "import renderbus_core.scene.maya",
    "def late():\n    from renderbus_core.scene import hidden",
    "from renderbus_core import scene\nscene.maya",
    "from renderbus_core import scene as stage\nprint(stage.hidden())",
    "import renderbus_core.scene\nrenderbus_core.scene.hidden()",
]


@pytest.mark.parametrize("text", PAST)
def test_what_is_taken_past_a_door_is_named(make_tree, text):
    tree = make_tree(scene__maya="", scene____init__=DOOR, burst__runner=text)
    (sentence,) = offences(tree)
    assert "renderbus_core.burst.runner takes renderbus_core.scene." in sentence


THROUGH = [
    "from renderbus_core.scene import open_door",
    "from renderbus_core import scene\nscene.open_door()",
    "from renderbus_core import scene as stage\nstage.open_door()",
    "from renderbus_core.burst import other",
    "from renderbus_core.burst.inner.deep import thing",
    "scene = 1\nscene.imag",
]


@pytest.mark.parametrize("text", THROUGH)
def test_what_comes_through_the_door_or_from_its_own_package_is_not(make_tree, text):
    tree = make_tree(
        scene__maya="", scene____init__=DOOR, burst__inner__deep="", burst__runner=text
    )
    assert offences(tree) == []
