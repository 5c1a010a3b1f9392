"""The HTML report: what it says, that it stands alone, and that nothing from outside harms it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderbus_core.errors import InputError, MissingDependencyError
from renderbus_core.money import Money
from renderbus_core.web import (
    BurstRow,
    FrameRow,
    JobRow,
    LogLine,
    Place,
    Report,
    Span,
    SpanKind,
    write_report,
)
from renderbus_core.web.report import outcome, render
from renderbus_core.web.timeline import lay_out

START = datetime(2026, 3, 14, 14, 2, 11, tzinfo=UTC)
HOSTILE = "<script>alert('x')</script>\"&"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def job(tasks: int = 3, local: int = 1, cloud: int = 1, returned: int = 1, **fields) -> JobRow:
    known = {"name": "sh010", "dcc": "maya", "scene": "/p/sh010.ma", "complete": tasks}
    counts = {"tasks": tasks, "local": local, "cloud": cloud, "returned": returned}
    return JobRow(**{**known, **counts, **fields})


def frame(number: int = 1, *spans: Span, **fields) -> FrameRow:
    known = {
        "job": "sh010",
        "task": str(number),
        "frames": str(number),
        "place": Place.LOCAL,
        "spans": spans,
        "worker": "worker-1",
        "state": "completed",
        "picture": None,
    }
    return FrameRow(**{**known, **fields})


def burst(**fields) -> BurstRow:
    known = {
        "id": "b-1",
        "job": "sh010",
        "remote_id": 10000321,
        "state": "done",
        "reason": "1 of 2 tasks came home",
        "tasks": 2,
        "home": 1,
        "spent": Decimal("1.25"),
        "estimate": Money(Decimal("1.5"), "CNY"),
        "log": (LogLine(at(3), "burst", "staged -> claimed", "2 of 2 tasks claimed"),),
    }
    return BurstRow(**{**known, **fields})


QUEUED = Span(SpanKind.QUEUED, at(0), at(4))
LOCAL = Span(SpanKind.LOCAL, at(4), at(20))


@pytest.fixture
def report() -> Report:
    return Report(
        title="Demo",
        started=START,
        finished=at(62),
        jobs=(job(),),
        frames=(
            frame(1, QUEUED, LOCAL),
            frame(
                2,
                QUEUED,
                Span(SpanKind.CLOUD_WAITING, at(4), at(10)),
                Span(SpanKind.CLOUD_RENDERING, at(10), at(30)),
                Span(SpanKind.COLLECTING, at(30), at(31)),
                place=Place.CLOUD,
            ),
            frame(
                3,
                QUEUED,
                Span(SpanKind.FAILED, at(4), at(10)),
                Span(SpanKind.LOCAL, at(50), at(62)),
                place=Place.RETURNED,
            ),
        ),
        bursts=(burst(),),
        currency="CNY",
        spent=Decimal("1.25"),
        estimate_all_local_seconds=94.0,
        notes=("Pictures were drawn by the stand-in renderer.",),
    )


class Page(HTMLParser):
    """A page taken apart: its elements, its text by element, and whether the tags fit together."""

    VOID = frozenset({"meta", "link", "img"})
    SELF_CLOSING = frozenset({"use", "rect", "line", "path"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.feed(html)
        self.close()
        assert not self.inside, f"never closed: {self.inside}"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.inside.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in self.SELF_CLOSING, f"HTML does not close <{tag}/>"
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.inside, f"</{tag}> closes nothing"
        assert self.inside.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((tuple(self.inside), " ".join(data.split())))

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.elements if name == tag)

    def text(self, *within: str) -> str:
        return " ".join(text for inside, text in self.texts if set(within) <= set(inside))

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]


# What it says


EVERYWHERE = (
    "9 of 9 tasks complete: 6 rendered on the farm, 2 in the cloud, 1 came back from the cloud."
)


@pytest.mark.parametrize(
    ("jobs", "sentence"),
    [
        ([job(3, 3, 0, 0), job(6, 3, 2, 1)], EVERYWHERE),
        ([job(1, 1, 0, 0)], "1 of 1 task complete: 1 rendered on the farm."),
        ([job(2, 0, 2, 0)], "2 of 2 tasks complete: 2 rendered in the cloud."),
        (
            [job(3, 1, 1, 0, complete=2)],
            "2 of 3 tasks complete: 1 rendered on the farm, 1 in the cloud; 1 is not complete.",
        ),
        ([job(2, 0, 0, 0, complete=0)], "0 of 2 tasks complete; 2 are not complete."),
        ([], "There was nothing to render."),
    ],
)
def test_the_outcome_is_one_sentence(jobs, sentence):
    assert outcome(jobs) == sentence


def test_the_page_starts_with_title_outcome_and_key_numbers(report):
    page = Page(render(report))
    assert page.text("h1") == "Demo"
    assert outcome(report.jobs) in page.text("header")
    figures = page.text("dl")
    for figure in ("3 of 3", "1 min 02 s", "1 min 34 s", "32 s saved", "1.25 CNY", "1 burst"):
        assert figure in figures


@pytest.mark.parametrize(
    ("estimate", "words"),
    [(94.0, "32 s saved"), (62.2, "no difference"), (50.0, "12 s less than it took")],
)
def test_the_farm_alone_is_compared_with_what_it_took(report, estimate, words):
    page = Page(render(replace(report, estimate_all_local_seconds=estimate)))
    assert words in page.text("dl")


def test_no_estimate_of_the_farm_alone_means_no_comparison(report):
    page = Page(render(replace(report, estimate_all_local_seconds=None)))
    assert "Farm alone" not in page.text()


def test_each_burst_shows_its_cost_estimate_and_log(report):
    other = burst(id="b-2", remote_id=None, estimate=None, spent=Decimal("0.0312"), log=())
    page = Page(render(replace(report, bursts=(burst(), other), spent=Decimal("1.2812"))))
    table = page.text("section", "table")
    for part in ("b-1, cloud task 10000321", "1.25 CNY", "1.50 CNY", "1 of 2", "0.0312 CNY"):
        assert part in table
    assert "unknown" in table
    assert page.text("tfoot") == "Total 1.28 CNY"
    assert page.tags.count("details") == 1
    log = page.text("details", "tbody")
    assert log == "14:02:14 burst staged -> claimed 2 of 2 tasks claimed"


def test_money_is_called_simulated_only_by_a_note(report):
    assert "simulated" not in render(report).lower()
    page = Page(render(replace(report, notes=("The cloud is simulated: nothing was paid.",))))
    assert "The cloud is simulated: nothing was paid." in page.text("header", "ul")


def test_a_task_that_is_not_complete_shows_its_state_instead_of_a_place(report):
    page = Page(render(replace(report, frames=(frame(1, QUEUED, state="failed"),))))
    assert "failed" in page.text("table", "tbody")
    assert "Farm" not in page.text("table", "tbody")


def test_an_empty_run_still_makes_a_page(report):
    nothing = replace(report, finished=START, jobs=(), frames=(), bursts=(), notes=())
    page = Page(render(replace(nothing, spent=Decimal(0), estimate_all_local_seconds=0.0)))
    for sentence in (
        "There was nothing to render.",
        "No job was given to the farm.",
        "No task was followed.",
        "There are no pictures.",
        "Nothing was sent to the cloud.",
        "0.00 CNY",
    ):
        assert sentence in page.text("body")


# The timeline


def test_a_bar_stands_where_its_time_is(report):
    row = lay_out(report).groups["sh010"][0]
    rendering = row.bars[1]
    assert rendering.left == pytest.approx(100 * 4 / 62, abs=0.01)
    assert rendering.width == pytest.approx(100 * 16 / 62, abs=0.01)
    assert rendering.title == "rendering on the farm, 16 s from 14:02:15"
    assert row.summary == "Frame 1: waiting on the farm 4.0 s, rendering on the farm 16 s"


def test_tasks_are_grouped_by_job_on_one_axis(report):
    frames = (frame(1, LOCAL), frame(1, LOCAL, job="sh020"), frame(2, LOCAL))
    groups = lay_out(replace(report, frames=frames)).groups
    assert {name: len(rows) for name, rows in groups.items()} == {"sh010": 2, "sh020": 1}
    page = Page(render(replace(report, frames=frames)))
    assert "sh010 /p/sh010.ma sh020" in page.text("section", "caption")


def test_the_legend_names_only_what_occurs(report):
    page = Page(render(replace(report, frames=(frame(1, QUEUED, LOCAL),))))
    legend = page.text("section", "ul", "li")
    assert "waiting on the farm rendering on the farm" in legend
    assert "cloud" not in legend


def test_times_are_shown_in_utc_wherever_they_were_taken(report):
    shanghai = timezone(timedelta(hours=8))
    page = Page(render(replace(report, started=START.astimezone(shanghai))))
    assert "2026-03-14 14:02:11 UTC" in page.text("header", "time")


# For everybody


def test_the_page_needs_nothing_but_itself(report, png):
    html = render(replace(report, frames=(frame(1, LOCAL, picture=png()),)))
    page = Page(html)
    assert "script" not in page.tags
    assert not re.search(r"https?:|@import|//[a-z]", html)
    loaded = [v for _, a in page.elements for k, v in a.items() if k in {"src", "href"}]
    assert all(value.startswith(("data:", "#")) for value in loaded)
    policy = next(a["content"] for a in page.all("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none';")


def test_every_inner_reference_has_its_target(report):
    html = render(report)
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    wanted = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"|aria-labelledby="([^"]+)"', html)
    assert wanted
    assert {name for group in wanted for name in group if name} <= set(ids)


def test_every_kind_of_span_and_place_has_its_own_pattern():
    report = Report(
        "t",
        START,
        at(10),
        (job(),),
        tuple(frame(1, Span(kind, at(1), at(2))) for kind in SpanKind),
        (),
        "CNY",
        Decimal(0),
        None,
        (),
    )
    html = render(report)
    looks = dict(
        re.findall(r'(?s)<pattern id="fill-(\w+)".*?<rect class="\w+".*?/>(.*?)</pattern>', html)
    )
    assert set(looks) == {*SpanKind, *Place}
    clouds = {looks[kind] for kind in ("cloud", "cloud_waiting", "cloud_rendering")}
    assert len(clouds) == 3
    assert looks["local"] != looks["returned"]


def test_headings_follow_each_other_without_a_gap(report):
    levels = [int(tag[1]) for tag in Page(render(report)).tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_graphics_and_pictures_can_be_heard(report, png):
    page = Page(render(replace(report, frames=(frame(7, LOCAL, picture=png()),))))
    assert page.tags.count("table") == page.tags.count("caption")
    assert all("scope" in header for header in page.all("th"))
    for index, (tag, attributes) in enumerate(page.elements):
        if tag == "svg":
            after = page.elements[index + 1][0]
            assert attributes.get("aria-hidden") == "true" or after == "title"
    assert [image["alt"] for image in page.all("img")] == ["Frame 7 of sh010"]


def test_every_bar_has_a_title(report):
    html = render(report)
    bars = re.findall(r'<rect x="[^>]*>(?:<title>([^<]*)</title>)?', html)
    assert len(bars) == 3 + sum(len(row.spans) for row in report.frames)
    assert all(bars)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_contrast_enough_with_the_page(scheme):
    css = resources.files("renderbus_core.web").joinpath("templates/report.css").read_text("utf-8")
    light, dark = css.split("prefers-color-scheme: dark", 1)
    colours = dict(re.findall(r"--(\w+): #(\w{6});", light if scheme == "light" else dark))
    for name in ("text", "muted", "attention", "link"):
        assert contrast(colours[name], colours["page"]) >= 4.5
        assert contrast(colours[name], colours["quiet"]) >= 4.5
    for name in ("queued", "farm", "cloud", "collecting", "failed"):
        assert contrast(colours[name], colours["page"]) >= 3


def contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2 defines it."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


# Text from outside


def hostile_report(report: Report, text: str) -> Report:
    """Put one text everywhere a text can come from outside."""
    return replace(
        report,
        title=text,
        jobs=(job(name=text, dcc=text, scene=text),),
        frames=(
            frame(1, LOCAL, job=text, task=text, frames=text, worker=text),
            frame(2, job=text, state=text, picture=Path("no") / "such" / text.replace("\0", "")),
        ),
        bursts=(
            burst(id=text, job=text, state=text, reason=text, log=(LogLine(at(1), *[text] * 3),)),
        ),
        currency=text,
        notes=(text,),
    )


def test_markup_in_names_is_shown_as_text(report):
    html = render(hostile_report(report, HOSTILE))
    assert "<script" not in html
    page = Page(html)
    assert page.tags == Page(render(hostile_report(report, "plain"))).tags
    for place in (("title",), ("h1",), ("caption",), ("summary",), ("tbody",), ("figcaption",)):
        assert HOSTILE in page.text(*place)


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=40))
def test_no_text_whatsoever_changes_the_shape_of_the_page(text):
    base = Report("t", START, at(9), (), (), (), "CNY", Decimal(0), None, ())
    page = Page(render(hostile_report(base, text)))
    assert page.tags == Page(render(hostile_report(base, "plain"))).tags


@pytest.mark.parametrize(
    "character", ["\0", "\x1b", "\x7f", "\u202e", "\u2066", "\udcff"], ids=ascii
)
def test_characters_that_deceive_or_cannot_be_written_are_replaced(report, tmp_path, character):
    target = tmp_path / "report.html"
    write_report(hostile_report(report, f"a{character}b"), target)
    html = target.read_text("utf-8")
    assert character not in html
    assert "a\N{REPLACEMENT CHARACTER}b" in html


def test_a_huge_name_is_cut(report):
    html = render(hostile_report(report, "x" * 1_000_000))
    assert len(html) < 100_000
    assert "x…" in html


# Pictures


def test_pictures_are_labelled_with_job_frame_and_place(report, png):
    row = frame(7, LOCAL, picture=png(), place=Place.RETURNED)
    page = Page(render(replace(report, frames=(row, replace(row, frames="8-9")))))
    assert page.text("section", "figcaption") == "Frame 7 Returned sh010 Frames 8-9 Returned sh010"


def test_a_picture_that_cannot_be_shown_leaves_a_placeholder(report, tmp_path):
    page = Page(render(replace(report, frames=(frame(1, picture=tmp_path / "gone.png"), frame(2)))))
    assert page.text("figure", "p") == "file is missing no picture"


@pytest.mark.parametrize(("library", "name"), [("PIL", "a.png"), ("OpenEXR", "a.exr")])
def test_without_the_library_there_are_placeholders(report, tmp_path, monkeypatch, library, name):
    (tmp_path / name).write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, library, None)
    page = Page(render(replace(report, frames=(frame(1, picture=tmp_path / name),))))
    assert "no reader installed" in page.text("figure")


def test_the_contact_sheet_stops_at_two_hundred(report):
    many = replace(report, frames=tuple(frame(number, LOCAL) for number in range(203)))
    page = Page(render(many))
    assert page.text("figure").count("no picture") == 200
    assert "3 more tasks without a thumbnail here" in page.text("section", "p")
    assert len(lay_out(many).groups["sh010"]) == 203


# The file


def test_the_file_is_written_whole_and_leaves_nothing_beside_it(report, tmp_path):
    target = tmp_path / "report.html"
    write_report(report, target)
    write_report(replace(report, title="Überblick — 渲染"), target)
    assert target.read_bytes().decode("utf-8").startswith("<!doctype html>")
    assert "Überblick — 渲染" in target.read_text("utf-8")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["no/such/folder/report.html", "file/report.html", "", "a\0b"])
def test_a_file_that_cannot_be_written_is_one_clear_sentence(report, tmp_path, name):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"^the report cannot be written to .*; name a file in"):
        write_report(report, tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_missing_template_engine_is_named_with_its_extra(report, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingDependencyError, match=r"jinja2.*renderbus-bridge\[web\]") as caught:
        write_report(report, tmp_path / "report.html")
    assert caught.value.extra == "web"
    assert list(tmp_path.iterdir()) == []


def test_importing_the_package_loads_no_optional_library():
    code = (
        "import sys, renderbus_core.web; "
        "print({'jinja2', 'PIL', 'OpenEXR', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
