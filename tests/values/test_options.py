"""What a job may want of the cloud: texts of people, read and judged in one place."""

from __future__ import annotations

from dataclasses import fields

import pytest

from renderbus_core import schema
from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet
from renderbus_core.options import (
    NO_OPTIONS,
    CloudOptions,
    first_frames,
    read_options,
    write_options,
)

RULES = schema.load("options.json")["properties"]
EVERYTHING = {
    "platform": "62",
    "hardware_model": "28C",
    "hardware_ram": "128",
    "hardware_gpus": "0",
    "machine_limit": "5",
    "priority_frames": "first, last, 10-20x5",
    "stop_after_test": "true",
    "frames_per_machine": "1",
    "tiles": "4",
    "tiles_type": "strip",
    "frame_limit_minutes": "90",
    "task_limit_minutes": "600.5",
    "remind_minutes": "720",
}


def refusal(**texts):
    with pytest.raises(InputError) as caught:
        read_options(texts)
    return str(caught.value)


def test_the_schema_and_the_value_know_the_same_options():
    assert list(RULES) == [one.name for one in fields(CloudOptions)] == list(EVERYTHING)


def test_every_option_is_read_and_written_as_people_wrote_it():
    found = read_options(EVERYTHING)
    assert found.said.keys() == RULES.keys()
    assert write_options(found) == EVERYTHING


def test_what_is_not_said_is_as_the_site_has_it():
    assert read_options({}) == read_options({"tiles": " ", "platform": ""}) == NO_OPTIONS
    assert NO_OPTIONS.said == {}
    assert write_options(NO_OPTIONS) == {}


@pytest.mark.parametrize("word", ["True", "true", "yes", "1"])
def test_truth_is_read_however_it_is_written(word):
    assert read_options({"stop_after_test": word, "priority_frames": "first"}).stop_after_test


def test_that_nobody_waits_needs_no_frames_to_wait_for():
    assert read_options({"stop_after_test": "False"}).stop_after_test is False


@pytest.mark.parametrize("name", ["hardware_model", "hardware_ram", "hardware_gpus"])
def test_who_names_a_part_of_a_machine_chooses_machines(name):
    assert read_options({name: "0" if name == "hardware_gpus" else "64"}).names_machines
    assert not read_options({"machine_limit": "4"}).names_machines


@pytest.mark.parametrize(("texts", "sentence"), [
    ({"hardware_ram": "lots"}, 'cloud option hardware_ram: "lots" must be of type integer'),
    ({"hardware_gpus": "200"}, "cloud option hardware_gpus: 200 is greater than the maximum of 64"),
    ({"machine_limit": "0"}, "cloud option machine_limit: 0 is less than the minimum of 1"),
    ({"frame_limit_minutes": "nan"}, "cloud option frame_limit_minutes"),
    ({"frame_limit_minutes": "0"}, "cloud option frame_limit_minutes"),
    ({"remind_minutes": "12"}, "cloud option remind_minutes"),
    ({"hardware_model": "a\nb"}, "cloud option hardware_model"),
    ({"tiles_type": "block"}, "'tiles' is missing, which 'tiles_type' needs"),
    ({"stop_after_test": "true"}, "there are no priority_frames behind which"),
    ({"priority_frames": "frist"}, "cloud option priority_frames"),
    ({"priority_frames": "first; last"}, "cloud option priority_frames"),
    ({"priority_frames": "1-0x0"}, "the step between frames is 1 or more"),
    ({"tiles": "4", "frames_per_machine": "2"}, "which exclude each other"),
    ({"tilse": "4"}, "'tilse' is not known; did you mean 'tiles'?"),
])  # fmt: skip
def test_what_cannot_be_used_is_told_in_a_sentence(texts, sentence):
    assert sentence in refusal(**texts)


def test_everything_that_is_wrong_is_told_at_once():
    found = refusal(hardware_ram="lots", tiles_type="round", tiles="2", platform="x")
    assert all(name in found for name in ("hardware_ram", "tiles_type", "platform"))


def test_frames_that_go_first_are_words_and_numbers():
    assert first_frames(" first ,last, 10-20x5,7") == (
        {"first", "last"},
        FrameSet.parse("10-20x5,7"),
    )
    assert first_frames("middle") == ({"middle"}, FrameSet())


def test_the_page_of_options_tells_of_every_one(root):
    page = (root / "docs" / "options.md").read_text(encoding="utf-8")
    told = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert told == list(RULES)
