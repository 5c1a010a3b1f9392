"""What the tables of Qube say of fields, keys and arguments, held against schemas and facts."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from qube_jobtype.packages import tables
from qube_jobtype.programs import programs
from renderbus_core import schema
from renderbus_core.overflow import TRAITS
from renderbus_core.package import programs as cloud_programs


def text_of(name):
    return (files("qube_jobtype") / f"{name}.json").read_text("utf-8")


def problems(name, text):
    return [str(problem) for problem in schema.problems(f"qube_{name}.json", json.loads(text))]


@pytest.mark.parametrize("name", ["packages", "programs"])
def test_the_tables_have_the_form_that_their_schema_says(name):
    assert problems(name, text_of(name)) == []


@pytest.mark.parametrize(
    ("name", "word", "misspelt", "sentence"),
    [
        ("packages", '"everything"', '"everythin"', "'everythin' is not known"),
        ("packages", '"harmless"', '"harmles"', "'harmles' is not known"),
        ("packages", '"scene"', '"scen"', '"scen" is not one of'),
        (
            "packages",
            '"program": "hrender"',
            '"programm": "hrender"',
            "'programm' is not known; did you mean 'program'?",
        ),
        ("packages", '"mayaVersion"', '"maya Version"', "does not have the expected form"),
        ("programs", '"must_be"', '"must be"', "'must be' is not known"),
        ("programs", '"renderer"', '"rendrer"', "'rendrer' is not valid"),
        ("programs", '"needs"', '"need"', "'needs' is missing, which 'in_order' needs"),
        ("programs", '"-preRender"', '"preRender"', "does not have the expected form"),
    ],
)
def test_a_table_with_a_misspelt_word_is_refused(name, word, misspelt, sentence):
    told = problems(name, text_of(name).replace(word, misspelt))
    assert any(sentence in one for one in told), told


def test_every_dialog_is_of_a_program_that_there_is():
    named = {row["program"] for row in tables()["dialogs"] if "program" in row}
    assert named <= set(programs())


def test_every_trait_of_the_tables_is_one_that_the_policy_knows():
    table = tables()
    traits = {*table["job"]["traits"].values(), *table["job"]["flags"].values()}
    for each in (table["commands"], *table["packages"].values()):
        traits |= set(each["traits"].values())
    for program in programs().values():
        traits |= {trait for trait, _ in program.row["traits"].values()}
    assert traits <= set(TRAITS)


def test_every_program_is_one_of_the_clouds_and_says_each_argument_once():
    for program in programs().values():
        assert program.dcc in cloud_programs()
        names = [n for part in ("is", "harmless", "traits", "must_be") for n in program.row[part]]
        twice = {n for n in names if names.count(n) > 1}
        assert not twice, f"{program.key}: {twice}"


@pytest.fixture
def facts(shared):
    return json.loads((shared / "facts" / "qube_api.json").read_text("utf-8"))


def test_every_field_of_a_job_is_decided_on_once(facts):
    table = tables()["job"]
    decided = [*table["mapped"], *table["traits"], *table["harmless"]]
    assert len(decided) == len(set(decided))
    structures = {"agenda", "p_agenda", "callbacks", "subjobs", "package", "env", "todotally"}
    structures |= {"cpustally", "resultpackage"}
    assert set(facts["job_fields"]) <= {*decided, *structures}


@pytest.mark.parametrize("prototype", ["maya", "pyNuke"])
def test_every_documented_key_of_a_package_is_decided_on_once(prototype, facts):
    table = tables()["packages"][prototype]
    mapped = [key for keys in table["mapped"].values() for key in keys]
    decided = [*mapped, *table["traits"], *table["defaults"], *table["harmless"]]
    assert len(decided) == len(set(decided))
    assert set(facts["stock_packages"][prototype]) <= set(decided)


def test_documented_keys_of_commands_are_decided_on_or_stand_in_the_command_line(facts):
    table = tables()["commands"]
    mapped = [key for keys in table["mapped"].values() for key in keys]
    decided = {*mapped, *table["traits"], *table["harmless"]}
    for name in ("cmdrange", "pyCmdrange"):
        assert set(facts["stock_packages"][name]) <= decided


def test_flags_that_mean_something_are_documented(facts):
    assert set(tables()["job"]["flags"]) <= set(facts["flags"])
    finders = {one for program in programs().values() for one in program.row["finders"]}
    assert finders <= set(facts["appfinder_tokens"])
