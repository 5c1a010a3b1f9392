"""The table of rules names every rule that a finding can carry, each as bad as it can be."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import renderbus_core
from renderbus_core import rulebook
from renderbus_core.package.findings import Severity
from renderbus_core.package.reference import pages
from renderbus_core.package.rules import RULES

SOURCE = Path(renderbus_core.__file__).parent
FILES = [file for file in SOURCE.rglob("*.py") if "Finding(" in file.read_text(encoding="utf-8")]
# Makes findings from the table itself.
FROM_TABLE = "package/rules/rule.py"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Maker:
    """A function of a module that makes findings whose rule its caller names."""

    position: int
    severities: set[str] = field(default_factory=set)


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def argument(call: ast.Call, position: int, name: str) -> ast.expr:
    if len(call.args) > position:
        return call.args[position]
    return next(each.value for each in call.keywords if each.arg == name)


def severities(node: ast.expr, function: Function) -> set[str]:
    """Return every severity that an expression names, or the assignments of its variables."""
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    said = [node] + [
        each.value
        for each in ast.walk(function)
        if isinstance(each, ast.Assign)
        and any(isinstance(to, ast.Name) and to.id in names for to in each.targets)
    ]
    return {
        Severity[each.attr].value
        for expression in said
        for each in ast.walk(expression)
        if isinstance(each, ast.Attribute)
        and isinstance(each.value, ast.Name)
        and each.value.id == "Severity"
    }


def values_of(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions that a name is assigned in a scope, loops included."""
    for node in ast.walk(scope):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        elif isinstance(node, ast.For):
            targets, value = [node.target], node.iter
        for target in targets:
            if any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(target)):
                yield value


def names_of_rules(expression: ast.expr, function: Function, module: ast.Module) -> set[str]:
    """Return every text that an expression can become and that is written like a rule's name."""
    found, seen, left = set(), set(), [expression]
    while left:
        for node in ast.walk(left.pop()):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} & set(re.findall(r"^[a-z]+(?:_[a-z]+)+$", node.value))
            elif isinstance(node, ast.Name) and node.id not in seen:
                seen.add(node.id)
                left += [*values_of(node.id, function)] or [
                    value
                    for each in module.body
                    if isinstance(each, ast.Assign | ast.AnnAssign)
                    for value in values_of(node.id, each)
                ]
    return found


def rules_in(source: str) -> dict[str, set[str]]:
    """Return the rules that a module's findings carry, with how bad they can be there."""
    tree = ast.parse(source)
    found: dict[str, set[str]] = defaultdict(set)
    makers: dict[str, Maker] = {}
    for function in (each for each in ast.walk(tree) if isinstance(each, Function)):
        parameters = [each.arg for each in function.args.args]
        for call in calls(function, "Finding"):
            rule, how_bad = argument(call, 0, "rule"), argument(call, 1, "severity")
            if isinstance(rule, ast.Constant):
                found[rule.value] |= severities(how_bad, function)
            elif isinstance(rule, ast.Name) and rule.id in parameters:
                maker = makers.setdefault(function.name, Maker(parameters.index(rule.id)))
                maker.severities |= severities(how_bad, function)
            else:
                texts = names_of_rules(rule, function, tree)
                assert texts, f"line {call.lineno}: name the rule of a Finding as a text"
                for text in texts:
                    found[text] |= severities(how_bad, function)
    for name, maker in makers.items():
        for call in calls(tree, name):
            rule = argument(call, maker.position, "rule")
            assert isinstance(rule, ast.Constant), f"line {call.lineno}: name the rule as a text"
            found[rule.value] |= maker.severities
    return found


def all_rules() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for file in FILES:
        if not file.as_posix().endswith(FROM_TABLE):
            for rule, how_bad in rules_in(file.read_text(encoding="utf-8")).items():
                found[rule] |= how_bad
    return found | {rule.id: {rule.severity.value} for rule in RULES}


def test_the_table_has_a_row_for_every_rule_that_findings_carry_and_no_other():
    assert set(rulebook.entries()) == set(all_rules())


@pytest.mark.parametrize("rule", sorted(all_rules()))
def test_a_rule_is_as_bad_as_the_table_says(rule):
    assert all_rules()[rule] == set(rulebook.entries()[rule].severities)


def test_every_rule_has_one_row_that_says_what_must_hold_and_what_to_do():
    rows = [each for chapter in rulebook.chapters().values() for each in chapter]
    assert len(rows) == len(rulebook.entries())
    for each in rows:
        assert each.guards.endswith(".")
        assert each.fix
        assert not each.fix.endswith(".")
        assert list(each.severities) == [s for s in Severity if s.value in each.severities]
        assert f"| `{each.id}` | {' or '.join(each.severities)} |" in pages()["rules.md"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_a_judge_of_fields_is_for_stands_in_the_table_in_the_same_words(rule):
    assert (rule.judge.__doc__ or "").partition("\n")[0] == rule.sentence


def test_the_source_is_read_however_a_finding_is_made():
    source = """
def one(bad):
    severity = Severity.ERROR if bad else Severity.WARNING
    yield Finding("two_ways", severity, "", "", "")
    yield Finding(rule="by_name", severity=Severity.INFO, where="", message="", fix="")
    yield made("", "by_maker")

def made(where, rule):
    return Finding(rule, Severity.ERROR, where, "", "")
"""
    assert rules_in(source) == {
        "two_ways": {"error", "warning"},
        "by_name": {"info"},
        "by_maker": {"error"},
    }
    with pytest.raises(AssertionError, match="line 3: name the rule"):
        rules_in("\ndef one():\n    return Finding(f'{x}', Severity.ERROR, '', '', '')\n")
