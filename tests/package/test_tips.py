"""Codes of an analysis: written where their meaning is certain, judged as cloud or site says."""

from __future__ import annotations

import pytest

from renderbus_core.package import Explanation, Finding, Severity, codes_of
from renderbus_core.package.tips import blocking, tips_of

GONE = Finding("missing_file", Severity.WARNING, "voice", "'a.wav' is missing", "put it back")


@pytest.mark.parametrize(("dcc", "code"), [("maya", "50001"), ("blender", "35001")])
def test_a_missing_file_has_the_code_of_its_program(dcc, code):
    assert tips_of(dcc, [GONE, GONE]) == {code: ["'a.wav' is missing"] * 2}
    assert codes_of(dcc) == (code,)


def test_what_has_no_certain_code_has_none():
    odd = Finding("unusual_name", Severity.WARNING, "voice", "odd", "rename it")
    assert tips_of("maya", [odd]) == {}
    assert tips_of("nuke", [GONE]) == {}
    assert codes_of("nuke") == ()


def test_type_1_stops_and_type_0_and_the_unknown_warn():
    known = {"1": Explanation(1), "2": Explanation(0)}
    assert blocking(["1", "2", "3"], known, {}) == {"1"}


def test_a_site_may_judge_a_code_otherwise():
    known = {"1": Explanation(1), "2": Explanation(0)}
    own = {"1": Severity.WARNING, "2": Severity.ERROR, "9": Severity.ERROR}
    assert blocking(["1", "2"], known, own) == {"2"}
