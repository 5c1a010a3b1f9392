"""What the cloud says of itself is held against a burst before anything is paid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from renderbus_core.api import HardwareConfig
from renderbus_core.facts import Layer, Origin
from renderbus_core.package import (
    Account,
    Hardware,
    Offer,
    Severity,
    Software,
    build,
    check,
    rendered_with,
)
from renderbus_core.package.offer import chosen, offered, spelled

RELEASES = {
    "2018": {"mtoa": ("3.1.2",)},
    "2023": {"mtoa": ("5.2.0", "5.3.4"), "redshift_GPU": ("3.5.16",)},
    "2025": {},
}


def machine(number, model="28C", ram="64GB", gpus="", **changes):
    row = {"id": number, "type": 1, "model": model, "ram": ram, "gpuNum": gpus}
    return HardwareConfig.read(row | {"platform": 62, "status": 1} | changes)


@pytest.fixture
def findings(maya, burst):
    """Return what is found about a Maya scene when the cloud has answered."""

    def run(cost=None, **changes):
        offer = {
            key: changes.pop(key)
            for key in ("releases", "machines", "account", "silence")
            if key in changes
        }
        request = {key: changes.pop(key) for key in ("hardware", "os_name") if key in changes}
        facts = maya(**changes)
        return list(offered(facts, burst(facts, **request), Offer(**offer), cost))

    return run


def said(findings):
    return [(finding.rule, finding.severity.value) for finding in findings]


def test_a_scene_of_which_everything_is_offered_has_no_findings(findings):
    assert findings(releases=RELEASES) == []


def test_without_answers_nothing_is_judged(findings):
    assert findings() == []


def test_a_question_that_was_refused_is_a_warning(findings):
    assert said(findings(silence=("the cloud does not say which machines it has",))) == [
        ("not_asked", "warning")
    ]


def test_a_version_that_is_not_offered_is_an_error_that_names_the_others(findings, fact):
    (finding,) = findings(releases=RELEASES, version=fact("2024"))
    assert (finding.rule, finding.severity) == ("version_offer", Severity.ERROR)
    assert finding.message == "the cloud does not render Maya 2024 on Linux machines"
    assert finding.fix == "save the scene with one of 2018, 2023, 2025, or render it locally"


@pytest.fixture
def with_software(maya, burst):
    """Return what is found when the site has the cloud render with something of its own."""

    def run(software, **changes):
        request = replace(burst(maya()), software=software)
        facts = rendered_with(maya(**changes), software)
        return list(offered(facts, request, Offer(RELEASES), None))

    return run


def test_what_the_site_renders_with_is_offered_or_an_error(with_software):
    assert with_software(Software("2023", {"mtoa": "5.3.4"})) == []
    (old,) = with_software(Software("2023", {"mtoa": "5.2.9"}))
    assert (old.rule, old.severity, old.where) == (
        "software_offer", Severity.ERROR, "burst.software",
    )  # fmt: skip
    assert old.message == "it wants mtoa 5.2.9, and the cloud has 5.2.0, 5.3.4 for Maya 2023"
    (odd,) = with_software(Software("2023", {"yeti": "4"}))
    assert odd.message.endswith("does not have that plug-in for Maya 2023")
    (version,) = with_software(Software("2024"))
    assert (version.rule, version.where) == ("version_offer", "burst.software")
    assert version.fix == "name one of 2018, 2023, 2025, or render it locally"


def test_plug_ins_of_the_site_take_the_place_of_the_scenes_under_any_of_their_names(maya, fact):
    facts = maya(version=fact("2023"), plugins={"redshift4maya": "3.5.1", "MtoA": "5.2.0"})
    there = rendered_with(facts, Software("2023", {"redshift_GPU": "3.5.16", "xgen": "1"}))
    assert there.plugins == {"MtoA": "5.2.0", "redshift_GPU": "3.5.16", "xgen": "1"}
    assert there.version == facts.version
    assert rendered_with(facts, None) is facts
    other = rendered_with(facts, Software("2024"))
    assert (other.version.value, other.version.origin) == ("2024", Origin.DERIVED)


def test_a_system_for_which_nothing_is_offered_is_an_error(findings):
    (finding,) = findings(releases={}, os_name="windows")
    assert (finding.rule, finding.severity) == ("system_offer", Severity.ERROR)
    assert finding.message == "the cloud does not render Maya on Windows machines"


@pytest.mark.parametrize(
    ("stored", "offered_as"),
    [
        ("2018", "2018"),
        ("2018ff09", "2018"),
        ("2023.3", "2023"),
        ("20231", None),
        ("3.4", "3.4.10"),
        ("3.40", None),
        ("3", "3.4.10"),
    ],
)
def test_a_version_is_found_under_the_name_that_the_cloud_has(stored, offered_as):
    offer = Offer({version: {} for version in ("2018", "2023", "3.4.9", "3.4.10")})
    assert offer.version_like(stored) == offered_as


def test_facts_take_the_names_that_the_cloud_has(maya, fact):
    facts = maya(
        version=fact("2023ff01"), plugins={"redshift4maya": "3.5.16", "MTOA": "5.2.0", "x": "1"}
    )
    known = spelled(facts, Offer(RELEASES))
    assert known.version.value == "2023"
    assert known.plugins == {"redshift_GPU": "3.5.16", "mtoa": "5.2.0", "x": "1"}
    assert spelled(facts, Offer()) == facts


def test_a_renderer_that_is_not_offered_is_an_error(findings, fact):
    (finding,) = findings(releases=RELEASES, version=fact("2025"))
    assert (finding.rule, finding.severity) == ("renderer_offer", Severity.ERROR)
    assert finding.message == "the cloud does not offer the renderer arnold for Maya 2025"


def test_only_renderers_of_rendered_layers_count(findings, fact):
    layers = (
        Layer("beauty", renderable=True),
        Layer("shadow", renderable=False, renderer="vray"),
    )
    assert findings(releases=RELEASES, layers=layers) == []
    seen = (Layer("shadow", renderable=True, renderer="vray"),)
    assert said(findings(releases=RELEASES, layers=seen, renderer=fact("mayaSoftware"))) == [
        ("renderer_offer", "error")
    ]


def test_a_scene_that_does_not_require_its_renderer_is_doubted(findings):
    assert said(findings(releases=RELEASES, plugins={})) == [("renderer_plugin", "warning")]


def test_another_release_of_a_plugin_is_a_warning(findings):
    (finding,) = findings(releases=RELEASES, plugins={"mtoa": "5.0.0"})
    assert (finding.rule, finding.severity) == ("plugin_version", Severity.WARNING)
    assert finding.message == (
        "the scene was saved with mtoa 5.0.0, and the cloud has 5.2.0, 5.3.4 for Maya 2023"
    )


def test_a_plugin_that_is_not_offered_is_a_warning_unless_it_comes_with_the_program(findings):
    plugins = {"mtoa": "5.2.0", "stereoCamera": "10.0", "pgYetiMaya": "4.2"}
    (finding,) = findings(releases=RELEASES, plugins=plugins)
    assert (finding.rule, finding.severity) == ("plugin_offer", Severity.WARNING)
    assert "the plug-in pgYetiMaya 4.2" in finding.message


@pytest.mark.parametrize(
    ("hardware", "numbers"),
    [
        (Hardware(), []),
        (Hardware("28c"), [1, 2]),
        (Hardware("28C", 128), [3]),
        (Hardware(ram_gigabytes=64), [1, 2]),
        (Hardware(gpus=2), [5]),
        (Hardware(gpus=10), [6]),
        (Hardware("Default"), []),
    ],
)
def test_the_wanted_machines_of_one_size_are_chosen(*, maya, burst, hardware, numbers):
    machines = (
        machine(3, ram="128GB"),
        machine(1),
        machine(2),
        machine(4, status=0),
        machine(5, "2080Ti", "128GB", "2*GPU"),
        machine(6, "4090", "256GB", "10*GPU"),
        machine(7, platform=21),
    )
    request = burst(hardware=hardware)
    assert [m.id for m in chosen(maya(), request, Offer(None, machines))] == numbers


def test_a_machine_that_does_not_render_the_scene_is_left_out(maya, burst):
    able = machine(1)
    # As text and as number: the protocol writes both.
    unable = [machine(2, notSupportCgId=[2000]), machine(3, notSupportCgId=["2000"])]
    request = burst(hardware=Hardware("28C"))
    assert chosen(maya(), request, Offer(None, (*unable, able))) == (able,)
    # Without another one it is asked for, and the rules about machines say what is wrong.
    assert chosen(maya(), request, Offer(None, (unable[0],))) == (unable[0],)


def test_ten_graphics_cards_are_ten(maya, burst):
    # The vendor's package takes the first character of "10*GPU".
    rows = (machine(6, "4090", "256GB", "10*GPU"),)
    facts, request = maya(), burst(hardware=Hardware("4090"))
    package = build(
        facts,
        (),
        request,
        scene_md5="0" * 32,
        machines=chosen(facts, request, Offer(None, rows)),
    )
    info = package.task["task_info"]
    sizes = (info["hardwareConfigIds"], info["ram"], info["graphics_cards_num"])
    assert sizes == (["6"], "256", "10")
    assert [f for f in check(package, machines=rows) if f.severity is Severity.ERROR] == []


def test_machines_that_do_not_exist_are_an_error_that_names_those_that_do(findings):
    (finding,) = findings(machines=(machine(1), machine(2, status=0)), hardware=Hardware("4090"))
    assert (finding.rule, finding.severity) == ("hardware_wanted", Severity.ERROR)
    assert finding.message == "platform 62 has no machine with 4090"
    assert finding.fix == "choose one of 28C (64 GB, 0 graphics cards)"


@pytest.mark.parametrize(
    ("amount", "cost", "expected"),
    [
        (100, 99, []),
        (100, None, []),
        (100, 101, [("account_balance", "warning")]),
        (0, None, [("account_balance", "warning")]),
        (-1, None, [("account_arrears", "error")]),
    ],
)
def test_an_account_must_have_money(*, findings, usd, amount, cost, expected):
    account = Account("studio", left=usd(amount))
    cost = None if cost is None else usd(cost)
    assert said(findings(cost, account=account)) == expected


def test_a_hidden_balance_says_nothing(findings, usd):
    assert findings(usd(10**6), account=Account("studio")) == []


def test_an_account_that_may_not_download_is_an_error(findings):
    assert said(findings(account=Account("studio", may_download=False))) == [
        ("account_download", "error")
    ]


def test_an_account_that_does_not_commit_is_a_warning(findings):
    (finding,) = findings(account=Account("ada", commits=False))
    assert (finding.rule, finding.severity) == ("account_commit", Severity.WARNING)
    assert "autoCommit" in finding.message
