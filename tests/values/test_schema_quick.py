"""Long lists are judged by a quick function, and the verdict is what jsonschema alone would say."""

from __future__ import annotations

import copy
import gc
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from renderbus_core import schema
from renderbus_core.schema import library
from renderbus_core.schema.predicate import predicate

TASKS = Path(__file__).parent.parent / "package" / "tasks"
SCHEMAS = [name for name in schema.names() if "$schema" in schema.load(name)]
ODD = [
    *(None, True, False, 0, 1, -1, 1.0, 1.5, "", "0", "1", "a", "\n", "1\n", "\ud800"),
    *([], {}, [""], [[]], {"a": 1}, "d41d8cd98f00b204e9800998ecf8427e", "C:/a.png", "1-10[1]"),
]
FILE = {"local": "/a.png", "server": "/a.png"}


def plain(rule, name):
    """Return jsonschema's own validator of a rule that stands in a file."""

    def retrieve(address):
        return DRAFT202012.create_resource(schema.load(address.removeprefix(library.BASE)))

    return Draft202012Validator(_absolute(rule, name), registry=Registry(retrieve=retrieve))


def _absolute(value, name):
    if isinstance(value, dict):
        return {
            key: library.BASE + "#".join(library.target(name, member))
            if key == "$ref"
            else _absolute(member, name)
            for key, member in value.items()
        }
    return [_absolute(member, name) for member in value] if isinstance(value, list) else value


def resolved(rule, name):
    while "$ref" in rule:
        name, pointer = library.target(name, rule["$ref"])
        rule = schema.load(name)
        for step in pointer.split("/")[1:]:
            rule = rule[step]
    return rule, name


def near(rule, name):
    """Return a strategy of values that match a rule nearly, often, or not at all."""
    rule, name = resolved(rule, name)
    odd = st.sampled_from(ODD)
    known = st.sampled_from([*rule.get("examples", []), *rule.get("enum", []), *ODD])
    if rule.get("type") == "object":
        members = {
            key: st.one_of(near(member, name), odd)
            for key, member in rule.get("properties", {}).items()
        }
        required = {key: members.pop(key) for key in rule.get("required", []) if key in members}
        usual = st.fixed_dictionaries(required, optional=members)
        spoiled = st.builds(lambda one, more: one | more, usual, st.dictionaries(st.text(), odd))
        return st.one_of(usual, spoiled, odd)
    if rule.get("type") == "array":
        return st.one_of(st.lists(near(rule.get("items", {}), name), max_size=3), odd)
    return known


def rules_of(value, name):
    if isinstance(value, dict):
        if "$ref" in value:
            yield {"$ref": value["$ref"]}
        for keyword in ("items", "additionalProperties"):
            if isinstance(value.get(keyword), dict):
                yield value[keyword]
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from rules_of(member, name)


COVERED = {
    f"{name} {json.dumps(rule, sort_keys=True)}": (rule, name)
    for name in SCHEMAS
    for rule in rules_of(schema.load(name), name)
    if predicate(rule, name) is not None
} | {
    "both length and form": ({"type": "string", "minLength": 2, "pattern": "^[a0]*"}, "upload.json")
}


def test_the_lists_that_get_long_are_covered():
    for name, rule in [
        ("upload.json", schema.load("upload.json")["properties"]["asset"]["items"]),
        ("asset.json", schema.load("asset.json")["properties"]["asset"]["items"]),
        ("tips.json", schema.load("tips.json")["additionalProperties"]["items"]),
        ("task/base.json", schema.load("task/base.json")["$defs"]["texts"]["items"]),
        ("snapshot.json", schema.load("snapshot.json")["$defs"]["rows"]["items"]),
        ("snapshot.json", schema.load("snapshot.json")["$defs"]["tasks"]["items"]),
    ]:
        assert predicate(rule, name) is not None


@given(st.data())
@settings(max_examples=1500)
def test_a_quick_answer_is_jsonschemas_answer(data):
    rule, name = COVERED[data.draw(st.sampled_from(sorted(COVERED)))]
    value = data.draw(near(rule, name))
    assert predicate(rule, name)(value) == plain(rule, name).is_valid(value)


@pytest.mark.parametrize(
    "rule",
    [
        True,
        {"type": "integer", "maximum": 1},
        {"type": ["string", "null"]},
        {"enum": ["1", 1]},
        {"type": "string", "format": "path"},
        {"type": "object", "minProperties": 1},
        {"$ref": "upload.json#/$defs/file", "required": ["hash"]},
    ],
)
def test_a_rule_that_says_more_is_left_to_jsonschema(rule):
    assert predicate(rule, "upload.json") is None


def documents():
    uploads = [
        {"asset": [FILE, FILE]},
        {"asset": [FILE], "scene": [FILE | {"hash": "0" * 32}]},
        {"asset": [], "scene": FILE | {"hash": "0" * 32}, "vrmap": [], "vrlmap": []},
    ]
    yield from (("upload.json", each) for each in uploads)
    yield "asset.json", {"asset": ["/a.png", "/b.png"]}
    yield "tips.json", {"50001": ["a", "b"], "50002": "c"}
    for path in sorted(TASKS.glob("*.json")):
        yield f"task/{path.name}", json.loads(path.read_text(encoding="utf-8"))["task"]


DOCUMENTS = list(documents())


def places(value, path=()):
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        yield (*path, key)
        if isinstance(member, dict | list):
            yield from places(member, (*path, key))


@given(st.data())
@settings(max_examples=400)
def test_any_document_gets_the_verdict_and_the_places_of_jsonschema_alone(data):
    name, document = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    for _ in range(data.draw(st.integers(0, 3))):
        found = list(places(document))
        if not found:
            break
        *steps, last = data.draw(st.sampled_from(found))
        holder = document
        for step in steps:
            holder = holder[step]
        action = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "replace":
            holder[last] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
        elif action == "remove":
            del holder[last]
        elif isinstance(holder, dict):
            holder[data.draw(st.text(max_size=3))] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
        else:
            holder.append(copy.deepcopy(data.draw(st.sampled_from(ODD))))
    alone = {
        schema.dotted(error.absolute_path)
        for error in _leaves(plain({"$ref": name.rpartition("/")[2]}, name), document)
    }
    assert {problem.where for problem in schema.problems(name, document)} == alone


def _leaves(judge, document):
    for error in judge.iter_errors(document):
        # Our sentences never descend into choices here: no schema of a task has anyOf or oneOf.
        yield from error.context or [error]


def test_a_thousand_wrong_entries_are_explained_and_the_others_counted():
    upload = {"asset": [FILE] * 10 + [{"local": "/a.png"}] * 2500 + [FILE]}
    found = schema.violations("upload.json", upload)
    assert len(found) == schema.MOST_EXPLAINED + 1
    assert found[0].path == ("asset", 10)
    assert found[-1].path == ("asset",)
    assert found[-1].message == "1,500 more entries are wrong"


def test_one_entry_more_is_one():
    upload = {"asset": [{}] * (schema.MOST_EXPLAINED + 1)}
    assert schema.violations("upload.json", upload)[-1].message == "1 more entry is wrong"


def test_entries_of_rules_that_are_not_covered_are_counted_as_well():
    users = schema.load("policy.json")["properties"]["users"]["items"]
    assert predicate(users, "policy.json") is None
    found = schema.violations("policy.json", {"users": ["ada", *range(1200), "bob"]})
    assert len(found) == schema.MOST_EXPLAINED + 1
    assert found[-1].message == "200 more entries are wrong"


def test_no_more_problems_are_told_than_anybody_reads():
    tips = {str(1000 + number): 5 for number in range(schema.MOST_PROBLEMS + 1)}
    found = schema.violations("tips.json", tips)
    assert len(found) == schema.MOST_PROBLEMS + 1
    assert found[-1].message == "more than 5,000 problems, no more are told"


def test_an_unknown_key_is_named_and_the_known_one_that_was_meant():
    (found,) = schema.violations("upload.json", {"asset": [FILE | {"hsah": "0" * 32}]})
    assert found.path == ("asset", 0)
    assert found.unknown == ("hsah",)
    assert found.fix == "did you mean 'hash'?"


def test_many_unknown_keys_make_no_endless_sentence():
    (found,) = schema.violations("upload.json", {"asset": [], **{f"k{n}": n for n in range(9999)}})
    assert found.message.endswith(", 9,989 more are not")
    assert len(found.message) < 400


def test_the_same_mistake_has_the_same_rule():
    one, other, third = schema.violations("upload.json", {"asset": [{}, FILE | {"local": 5}, {}]})
    assert one.rule == third.rule != other.rule


def test_a_value_that_is_too_deep_to_be_printed_is_a_problem_too():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    (found,) = schema.violations("upload.json", {"asset": [FILE | {"local": deep}]})
    assert "nested too deeply" in found.message


def test_keys_that_would_mislead_are_quoted_in_a_path():
    assert schema.dotted(("a", 3, "b c", "x.y", "", "z\x1b[2J")) == (
        'a[3].b c["x.y"][""]["z\\u001b[2J"]'
    )


def test_a_huge_key_makes_no_huge_path():
    assert schema.dotted(("a", "k" * 1_000_000)) == f'a["{"k" * 79}...]'


@given(st.text())
def test_what_is_printed_holds_nothing_that_a_terminal_obeys(text):
    assert schema.printable(text).isprintable()
    assert schema.shown(text).isprintable()


def test_the_collector_is_left_as_it_was():
    for was_on in (False, True):
        (gc.enable if was_on else gc.disable)()
        try:
            assert schema.problems("upload.json", {"asset": [{"local": ""}] * 3})
            assert gc.isenabled() is was_on
        finally:
            gc.enable()
