"""Schemas load, are schemas, and explain what is wrong in words for people."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import schemas
from renderbus_core import schema
from renderbus_core.errors import DocumentError


def _explained(rules, document):
    return [str(problem) for problem in schema.explain(Draft202012Validator(rules), document)]


def _unique(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"a key stands twice among {keys}"
    return dict(pairs)


def _references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _references(item)


@pytest.mark.parametrize("name", schema.names())
class TestEveryFile:
    def test_holds_no_key_twice(self, name):
        (folder,) = schemas.__path__
        with open(f"{folder}/{name}", encoding="utf-8") as file:  # noqa: PTH123 - a joined name
            json.load(file, object_pairs_hook=_unique)

    def test_is_a_schema_of_draft_2020_12_or_a_table(self, name):
        document = schema.load(name)
        if "$schema" in document:
            assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
            Draft202012Validator.check_schema(document)

    def test_refers_only_to_what_exists(self, name):
        if "$schema" in schema.load(name):
            judge = schema.validator(name)
            for reference in _references(schema.load(name)):
                judge.evolve(schema={"$id": judge.schema["$id"], "$ref": reference}).is_valid({})


def test_names_are_sorted_and_use_forward_slashes():
    assert list(schema.names()) == sorted(schema.names())
    assert {"codes.json", "config.json", "policy.json"} <= set(schema.names())
    assert not [name for name in schema.names() if "\\" in name]


def test_references_between_files_are_followed():
    (problem,) = schema.problems("config.json", {"overflow": {"enabled": "perhaps"}})
    assert str(problem) == 'overflow.enabled: "perhaps" must be of type boolean'


def test_a_bad_document_is_refused_with_its_title_and_all_its_problems():
    with pytest.raises(DocumentError) as caught:
        schema.check("config.json", {"cloud": {"platform": 0, "scheme": "ftp"}}, title="mine.toml")
    assert str(caught.value).startswith("mine.toml: cloud.platform: 0 is less than")
    assert [problem.where for problem in caught.value.problems] == [
        "cloud.platform",
        "cloud.scheme",
    ]


def test_a_good_document_passes():
    schema.check("config.json", {"cloud": {"platform": 62}}, title="mine.toml")


@pytest.mark.parametrize(
    ("rules", "document", "sentence"),
    [
        ({"required": ["a", "b", "c"]}, {"b": 1}, "'a', 'c' are missing"),
        ({"required": ["a"]}, {}, "'a' is missing"),
        (
            {"dependentRequired": {"price": ["currency"]}},
            {"price": 1},
            "'currency' is missing, which 'price' needs",
        ),
        (
            {"properties": {"frames": {}}, "additionalProperties": False},
            {"frame": 1},
            "'frame' is not known; did you mean 'frames'?",
        ),
        (
            {"patternProperties": {"^x-": {}}, "additionalProperties": False},
            {"x-mine": 1, "y": 1},
            "'y' is not known",
        ),
        ({"enum": ["a", 1]}, "b", '"b" is not one of "a", 1'),
        ({"const": "1"}, 1, '1 must be "1"'),
        ({"type": ["string", "null"]}, 1, "1 must be of type string or null"),
        (
            {"pattern": "^a+$", "examples": ["aa"]},
            "b",
            '"b" does not have the expected form, for example "aa"',
        ),
        ({"pattern": "^a+$"}, "b", '"b" does not have the expected form (^a+$)'),
        ({"minimum": 1}, 0, "0 is less than the minimum of 1"),
        (
            {"anyOf": [{"type": "string"}, {"type": "object", "required": ["k"]}]},
            {},
            "'k' is missing",
        ),
    ],
)
def test_each_rule_is_explained_in_one_sentence(rules, document, sentence):
    assert _explained(rules, document) == [sentence]


def test_places_are_written_as_people_write_them_and_sorted_as_they_stand():
    rules = {"properties": {"asset": {"items": {"properties": {"local": {"type": "string"}}}}}}
    found = _explained(rules, {"asset": [{"local": 1}] * 12})
    assert [text.partition(":")[0] for text in found] == [f"asset[{n}].local" for n in range(12)]


def test_a_huge_value_makes_no_huge_message():
    (text,) = _explained({"type": "integer"}, "x" * 1_000_000)
    (other,) = _explained({"maxItems": 1}, ["x" * 1000] * 1000)
    assert len(text) < 200
    assert len(other) < 400


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.dates(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    )
)
def test_any_value_can_be_judged_and_every_problem_is_one_line(document):
    for problem in schema.problems("config.json", {"cloud": document, "paths": document}):
        assert problem.where.startswith(("cloud", "paths"))
        assert "\n" not in problem.message
