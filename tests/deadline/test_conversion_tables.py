"""What the tables say of every key that Deadline knows, held against the facts."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deadline_plugin import Dump, convert, tables
from deadline_plugin.judging import refusals
from renderbus_core import schema
from renderbus_core.overflow import TRAITS
from renderbus_core.package import programs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FOLDER = files("deadline_plugin") / "conversion"
DOCUMENTS = {
    file.name.removesuffix(".json"): json.loads(file.read_text("utf-8"))
    for file in FOLDER.iterdir()
}
PLUGINS = tables.plugins()


@pytest.fixture
def facts(shared):
    return json.loads((shared / "facts" / "deadline_api.json").read_text("utf-8"))


@pytest.fixture
def known_plugins(facts):
    return facts["plugin_info_keys"]["plugins"]


def listed(name):
    """Return every key of a table, as often as it stands there."""
    document = DOCUMENTS[name]
    mapped = document["mapped"]
    groups = mapped.values() if isinstance(mapped, dict) else [mapped]
    found = [key for some in groups for key in ([some] if isinstance(some, str) else some)]
    found += [document[name] for name in ("layer_switch",) if name in document]
    found += [document["sequence"]["key"]] if "sequence" in document else []
    for part in ("traits", "refused", "defaults"):
        content = document.get(part, {})
        found += [key for keys in content.values() for key in keys] if part == "traits" else content
    return [*found, *document["harmless"]]


def test_the_tables_have_the_form_that_their_schema_says():
    assert schema.problems("deadline_conversion.json", DOCUMENTS) == ()
    broken = {**DOCUMENTS, "Odd": {"dcc": "maya", "mapped": {"scene": "A"}, "harmles": []}}
    assert schema.problems("deadline_conversion.json", broken)


@pytest.mark.parametrize("name", ["job_info", *PLUGINS])
def test_every_key_is_decided_on_once(name):
    keys = listed(name)
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_key_that_a_plug_in_reads_is_decided_on(plugin, known_plugins):
    keys = tables.plugin(plugin).keys
    unknown = [
        key
        for key in known_plugins[plugin]
        # Facts have %s where a number is put.
        if keys.name_of(one := key.replace("%s", "0")) is None and keys.family_of(one) is None
    ]
    assert unknown == []


@pytest.mark.parametrize("plugin", PLUGINS)
def test_no_key_is_made_up(plugin, known_plugins):
    """A key that the facts do not have is listed with its source."""
    stock = {re.split(r"%s|#", key)[0] for key in known_plugins[plugin]}
    mine = set(listed(plugin))
    assert {key for key in mine if key.partition("#")[0] not in stock} == beyond_of(plugin)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_what_must_have_its_default_has_that_of_the_facts(plugin, known_plugins):
    keys = tables.plugin(plugin).keys
    for key, values in keys.defaults.items():
        fact = known_plugins[plugin].get(key, {}).get("default", "").strip('"')
        # What the facts know no default of says nothing when it is empty.
        assert fact in values or key in beyond_of(plugin), key


def beyond_of(plugin):
    return {key for keys in DOCUMENTS[plugin].get("beyond", {}).values() for key in keys}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_what_a_job_means_by_leaving_it_out_is_the_default_of_the_facts(plugin, known_plugins):
    table = tables.plugin(plugin)
    for part, value in table.usual.items():
        (key,) = table.mapped[part]
        assert known_plugins[plugin][key]["default"].strip('"') == value


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_job_with_every_default_can_be_converted(plugin, known_plugins):
    """Fail-closed is no use when nothing passes: what nobody changed must not keep a job here."""
    said = {
        key.replace("%s", "0"): one["default"].strip('"')
        for key, one in known_plugins[plugin].items()
        if one.get("default") and "falls back" not in one["default"] and "(" not in one["default"]
    }
    assert list(refusals(said, tables.plugin(plugin).keys)) == []


@pytest.mark.parametrize("plugin", PLUGINS)
@given(data=st.data())
@pytest.mark.heavy
def test_whatever_its_keys_say_a_job_is_converted_or_refused(plugin, data):
    values = st.sampled_from(["", "0", "1", "True", "File", "-5", "a,b", "/s/a.0001.ass", "?"])
    keys = [key.replace("#", "3") for key in listed(plugin)]
    own = data.draw(st.dictionaries(st.sampled_from(keys), values | st.text(max_size=4)))
    of_job = [key.replace("#", "3").replace("<Day>", "Friday") for key in listed("job_info")]
    info = data.draw(st.dictionaries(st.sampled_from(of_job), values | st.text(max_size=4)))
    found = convert(Dump({"Frames": "1-3", **info, "Plugin": plugin}, own, ["/s/a.ma"]), NOW)
    assert (found.job is None) is bool(found.refusals)
    assert set(found.traits) <= set(TRAITS)


def test_every_plug_in_of_the_facts_is_converted_or_says_why_not(known_plugins):
    assert set(known_plugins) <= {*PLUGINS, *tables.not_rendered()}
    assert not set(PLUGINS) & tables.not_rendered().keys()


@pytest.mark.parametrize("plugin", [*tables.not_rendered(), "Mystery"])
def test_a_plug_in_that_is_not_rendered_there_says_so(plugin):
    found = convert(Dump({"Plugin": plugin}, {}), None)
    (refusal,) = found.refusals
    assert (found.job, refusal.key, refusal.value) == (None, "Plugin", plugin)
    assert refusal.why == tables.not_rendered().get(plugin, refusal.why)
    assert ("MayaBatch" in refusal.why) is (plugin == "Mystery")


def test_every_key_of_a_job_is_decided_on(facts):
    keys = tables.job_info()
    named = {
        name.split(" (")[0].split("=")[0].replace("?", "#")
        for names in facts["job_info_keys"]
        for name in names.split(" / ")
    }
    assert named == set(listed("job_info"))
    assert all(keys.name_of(re.sub("#", "3", name)) == name for name in named)
    assert keys.name_of("ScheduledWednesdayStopTime") == "Scheduled<Day>StopTime"


def test_programs_and_traits_are_those_of_the_core():
    for name in ("job_info", *PLUGINS):
        assert set(DOCUMENTS[name].get("traits", {})) <= set(TRAITS)
    assert {tables.plugin(name).dcc for name in PLUGINS} == set(programs()) - {"unreal"}


def test_options_of_renderers_are_told_by_how_they_are_written(known_plugins):
    keys = tables.plugin("3dsmax").keys
    of_facts = {key for key in known_plugins["3dsmax"] if keys.family_of(key)}
    assert of_facts == {key for key in known_plugins["3dsmax"] if key.startswith("vray_")}
    assert all(keys.family_of(key) for key in ("corona_gi_vcm_mode", "rendHidden", "lightLevel"))
    assert keys.family_of("RenderElementSomething") is None


def test_the_manual_names_every_plug_in(root):
    manual = (root / "docs" / "deadline.md").read_text("utf-8")
    judged = manual[manual.index("## How a job is judged") :].split("\n\n")[1]
    assert set(re.findall(r"`(\w+)`", judged)) == {*PLUGINS, *tables.not_rendered()}
