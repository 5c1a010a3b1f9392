"""What would fail, or be paid for in vain, is found on this host and named."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from renderbus_core import scene
from renderbus_core.facts import Absence, Camera, ExternalFile, Fact, FileKind, Layer, Origin, Stamp
from renderbus_core.frames import FrameSet
from renderbus_core.package import Severity, preflight

UNKNOWN = Fact(None, Origin.UNKNOWN)
LATER = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """A file as `scene.resolve` hands it over."""

    file: ExternalFile
    local: tuple[Path, ...] = ()
    missing: str | None = None
    rule: str = "absolute path"
    absence: Absence | None = None


def texture(stored, *local, missing=None, rule="absolute path", **changes):
    file = ExternalFile(stored, FileKind.TEXTURE, "file1.fileTextureName", line=42, **changes)
    return Found(file, local, missing, rule)


def resolved(facts, stored):
    """Look a texture up on the disk, as a check does."""
    file = ExternalFile(stored, FileKind.TEXTURE, "file1.fileTextureName", line=42)
    return scene.resolve(replace(facts, files=(file,)), str)[0]


@pytest.fixture
def show(tmp_path):
    """Return a folder with a scene, a texture and room for pictures."""
    (tmp_path / "shot.ma").write_text("//Maya ASCII 2023 scene\n")
    (tmp_path / "wood.png").write_bytes(b"\x89PNG")
    (tmp_path / "renders").mkdir()
    return tmp_path


@pytest.fixture
def look(show, maya, burst):
    """Return preflight of a scene in `show`, which says nothing by itself but a size."""

    def run(*resolved, roots=(), split=False, facts=None, **changes):
        facts = facts or maya(path=show / "shot.ma")
        settings = {"job_outputs": (f"{show}/renders/shot.####.exr",)} | changes
        found = preflight(facts, resolved, burst(facts, **settings), roots=roots, split=split)
        assert found[-1].rule == "upload_size"
        return found[:-1]

    return run


def said(findings):
    return [(finding.rule, finding.severity.value) for finding in findings]


def test_a_scene_with_everything_in_place_has_no_findings(look, show):
    assert look(texture(f"{show}/wood.png", show / "wood.png")) == ()


def test_a_missing_texture_is_named_with_its_node(look):
    sentence = (
        "'tex/oak.png' (file1.fileTextureName, line 42) was not found at /show/tex/oak.png; "
        "put it there or correct the path"
    )
    (finding,) = look(texture("tex/oak.png", missing=sentence))
    assert (finding.rule, finding.severity) == ("missing_file", Severity.ERROR)
    assert finding.where == "file1.fileTextureName, line 42"
    assert f"{finding.message}; {finding.fix}" == sentence
    assert finding.fix == "put it there or correct the path"


def test_a_missing_file_that_no_picture_needs_is_a_warning(look):
    assert said(look(texture("a.wav", missing="gone; put it back", required=False))) == [
        ("missing_file", "warning")
    ]


def test_an_empty_file_is_an_error(look, show):
    (show / "empty.png").touch()
    (finding,) = look(texture("empty.png", show / "empty.png"))
    assert finding.message == (
        f"'empty.png' (file1.fileTextureName, line 42) is empty ({show}/empty.png)"
    )
    assert said(look(texture("a", show / "empty.png", required=False)))[0][1] == "warning"


def test_an_empty_file_in_a_folder_of_many_is_a_warning(look, show):
    (show / "cache").mkdir()
    (show / "cache" / "empty").touch()
    found = texture("cache", show / "cache" / "empty", folder=True)
    assert said(look(found)) == [("unusable_file", "warning")]


def test_what_is_no_file_is_an_error(look, show):
    os.mkfifo(show / "pipe")
    messages = [
        finding.message
        for finding in look(
            texture("gone.png", show / "gone.png"),
            texture("renders", show / "renders"),
            texture("pipe", show / "pipe"),
        )
    ]
    assert [message.split(") ")[1].split(" (")[0] for message in messages] == [
        "is no longer there",
        "is a folder",
        "is neither file nor folder",
    ]


def test_a_scene_that_is_gone_is_an_error(look, show):
    (show / "shot.ma").unlink()
    (finding,) = look()
    assert finding.where == "scene file"
    assert "is no longer there" in finding.message


def test_a_link_that_leads_out_of_the_allowed_folders_is_an_error(look, show, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "key.png"
    secret.write_bytes(b"x")
    (show / "link.png").symlink_to(secret)
    findings = look(texture("link.png", show / "link.png"), roots=[show])
    assert said(findings) == [("outside_roots", "error")]
    assert look(texture("wood.png", show / "wood.png"), roots=[show]) == ()
    assert look(texture("link.png", show / "link.png")) == ()


def test_the_scene_itself_must_be_inside_the_allowed_folders(look, show):
    findings = look(roots=[show / "renders"])
    assert [finding.where for finding in findings] == ["scene file"]


def test_a_root_may_be_a_link_itself(look, show, tmp_path_factory):
    link = tmp_path_factory.mktemp("mounts") / "show"
    link.symlink_to(show)
    assert look(roots=[link]) == ()


@pytest.mark.parametrize(
    ("os_name", "severity"), [("linux", "error"), ("windows", "warning"), ("auto", "error")]
)
def test_a_name_in_the_wrong_case_is_an_error_on_linux(look, show, os_name, severity):
    # As on a host whose disk finds Wood.PNG under any spelling.
    wrong = show / "Wood.PNG"
    found = [f for f in look(texture("Wood.PNG", wrong), os_name=os_name) if f.rule == "wrong_case"]
    assert said(found) == [("wrong_case", severity)]
    assert "is called 'wood.png' on the disk" in found[0].message


@pytest.mark.parametrize("name", ["version", "resolution", "image_format"])
def test_what_the_cloud_must_know_is_asked_for(look, show, maya, name):
    findings = look(
        facts=maya(path=show / "shot.ma", **{name: UNKNOWN}),
        job_outputs=(f"{show}/renders/shot.####.exr",),
    )
    assert said(findings) == [("unknown", "error")]
    assert findings[0].message == f"shot.ma: the {name.replace('_', ' ')} cannot be read"


def test_a_movie_is_an_error(look, show, maya, fact):
    findings = look(facts=maya(path=show / "shot.ma", image_format=fact("mov")))
    assert said(findings) == [("image_format", "error")]
    assert "choose one of bmp" in findings[0].fix


def test_no_renderable_camera_is_an_error(look, show, maya):
    cameras = (Camera("persp", renderable=False),)
    assert said(look(facts=maya(path=show / "shot.ma", cameras=cameras))) == [
        ("no_camera", "error")
    ]
    layers = (Layer("shadow", renderable=True, cameras=("shotCam",)),)
    assert look(facts=maya(path=show / "shot.ma", cameras=cameras, layers=layers)) == ()


def test_a_view_of_the_window_alone_is_a_warning(look, show, maya):
    views = (Camera("persp", renderable=True), Camera("top", renderable=True))
    (finding,) = look(facts=maya(path=show / "shot.ma", cameras=views))
    assert (finding.rule, finding.severity) == ("default_view", Severity.WARNING)
    assert finding.message == "only persp and top is rendered, a view of the window"
    shot = (*views, Camera("shotCam", renderable=True))
    assert look(facts=maya(path=show / "shot.ma", cameras=shot)) == ()


def test_a_scene_without_a_renderable_layer_is_an_error(look, show, maya):
    layers = (Layer("masterLayer", renderable=False), Layer("shadow", renderable=False))
    facts = maya(path=show / "shot.ma", layers=layers)
    assert said(look(facts=facts)) == [("no_layer", "error")]
    assert look(facts=facts, job_layer="shadow") == ()


def test_more_frames_than_a_shot_has_are_doubted(look, show, maya, fact):
    frames = FrameSet.span(1, 10_001)
    facts = maya(path=show / "shot.ma", frames=fact(frames))
    (finding,) = look(facts=facts, frames=frames)
    assert finding.message == "10,001 frames would be sent (1-10001[1])"
    assert look(facts=facts, frames=FrameSet.span(1, 10_000)) == ()


def sequence(folder, *frames):
    """Return a sequence of which some frames are there."""
    paths = []
    for frame in frames:
        paths.append(folder / f"smoke.{frame:04d}.vdb")
        paths[-1].write_bytes(b"x")
    return texture(f"{folder}/smoke.0001.vdb", *paths, pattern=f"{folder}/smoke.####.vdb")


def test_missing_frames_of_a_sequence_are_named_as_ranges(look, show):
    there = [frame for frame in range(1001, 1101) if not 1031 <= frame <= 1042]
    (finding,) = look(sequence(show, *there))
    assert (finding.rule, finding.severity) == ("sequence_gap", Severity.WARNING)
    assert finding.message == (
        f"12 of 100 files of '{show}/smoke.0001.vdb' (file1.fileTextureName, line 42) "
        "are missing: 1031-1042"
    )


def test_frames_of_the_burst_beyond_a_sequence_are_named_where_it_has_others(look, show):
    (finding,) = look(sequence(show, 1, 2, 3, 4, 6, 7), frames=FrameSet.span(1, 10))
    assert finding.message.endswith("are missing: 5, 8-10")


@pytest.mark.parametrize("there", [(1001, 1002), (101, 105, 109, 113), (1001,)])
def test_a_shifted_or_stepped_sequence_has_no_gaps(*, look, show, there):
    assert look(sequence(show, *there)) == ()


def test_tiles_have_no_gaps(look, show):
    paths = [show / "skin.1001.png", show / "skin.1011.png"]
    for path in paths:
        path.write_bytes(b"x")
    pattern = f"{show}/skin.<UDIM>.png"
    assert look(texture(f"{show}/skin.1001.png", *paths, pattern=pattern)) == ()


def test_a_path_of_another_project_is_a_warning_that_says_what_was_found(look, show):
    stored = "/old/project//wood.png"
    (finding,) = look(texture(stored, show / "wood.png", rule="project of the scene"))
    assert (finding.rule, finding.severity) == ("found_elsewhere", Severity.WARNING)
    assert f"(project of the scene: {show}/wood.png)" in finding.message
    relative = texture("wood.png", show / "wood.png", rule="project of the scene")
    assert look(relative) == ()


def test_a_relative_path_that_only_a_project_explains_is_a_warning(look, show, maya):
    (show / "sourceimages").mkdir()
    wood = show / "sourceimages" / "wood.png"
    wood.write_bytes(b"x")
    found = texture("wood.png", wood, rule="file rule sourceImages")
    (finding,) = look(found)
    assert (finding.rule, finding.severity) == ("relative_path", Severity.WARNING)
    assert finding.message == (
        "'wood.png' (file1.fileTextureName, line 42) is relative and was found by file rule "
        f"sourceImages ({wood}), which the cloud may not know"
    )
    assert look(found, project_path=str(show)) == ()
    told = replace(maya(path=show / "shot.ma"), project=show)
    assert look(found, facts=told) == (), "the cloud is told the project that was found"
    for stored in ("sourceimages/wood.png", f"../{show.name}/sourceimages/wood.png"):
        assert look(texture(stored, wood, rule="project of the scene")) == ()


@pytest.mark.skipif(os.name != "posix", reason="Windows makes no such links")
@pytest.mark.parametrize("stored", ["loop.png", "loops/wood.png"])
def test_links_that_lead_in_a_circle_are_told_as_such(look, show, maya, stored):
    (show / "loop.png").symlink_to("loop.png")
    (show / "loops").symlink_to("loops")
    found = resolved(maya(path=show / "shot.ma"), stored)
    (finding,) = look(found)
    assert (finding.rule, finding.severity) == ("link_loop", Severity.ERROR)
    assert finding.message.endswith("that lead in a circle")
    # Made between the look-up and the check.
    (finding,) = look(texture(stored, show / stored))
    assert (finding.rule, finding.severity) == ("link_loop", Severity.ERROR)
    assert "is behind links that lead in a circle" in finding.message


@pytest.mark.skipif(os.name != "posix", reason="Windows has drives")
@pytest.mark.parametrize(
    ("stored", "root"),
    [("q:\\tex\\wood.png", "drive Q:"), ("\\\\srv\\tex\\a.png", "the share \\\\srv\\tex")],
)
def test_a_drive_that_nothing_maps_is_named(look, show, maya, stored, root):
    (finding,) = look(resolved(maya(path=show / "shot.ma"), stored))
    assert (finding.rule, finding.severity) == ("unmapped_drive", Severity.ERROR)
    assert finding.message.endswith(f"is on {root}, which this host does not have")
    assert finding.fix == f"add a path mapping for {root}"


def test_a_name_that_is_there_in_another_case_is_told_with_its_spelling(look, show, maya):
    (finding,) = look(resolved(maya(path=show / "shot.ma"), f"{show}/Wood.PNG"))
    assert (finding.rule, finding.severity) == ("wrong_case", Severity.ERROR)
    assert "is there as 'wood.png', which differs in case" in finding.message


def test_a_file_that_may_not_be_read_is_an_error(look, show, monkeypatch):
    # Nothing is forbidden to the super-user, who may run this.
    monkeypatch.setattr(
        os, "access", lambda path, mode: path != show / "wood.png" or mode != os.R_OK
    )
    (finding,) = look(texture(f"{show}/wood.png", show / "wood.png"))
    assert (finding.rule, finding.severity) == ("unusable_file", Severity.ERROR)
    assert "may not be read" in finding.message


@pytest.mark.parametrize(
    ("stored", "messages"),
    [
        ("X:/show/tex/oak.png", ["'tex' is called 'Tex' on the disk"]),
        # The folder is this host's mount, and no word of the scene.
        ("X:/oak.png", []),
    ],
)
def test_a_folder_in_the_wrong_case_is_found(*, look, show, stored, messages):
    (show / "Tex").mkdir()
    # As on a host whose disk finds the folder under any spelling.
    found = look(texture(stored, show / "tex" / "oak.png"))
    named = [finding.message for finding in found if finding.rule == "wrong_case"]
    assert [message.partition("): ")[2] for message in named] == messages


def test_files_saved_after_submission_are_doubted_when_a_job_is_split(look, show):
    submitted = datetime(2020, 1, 1, tzinfo=UTC)
    times = (submitted.timestamp(),) * 2
    os.utime(show / "shot.ma", times)
    wood = texture(f"{show}/wood.png", show / "wood.png")
    (finding,) = look(wood, split=True, job_submitted_at=submitted)
    assert (finding.rule, finding.severity) == ("file_changed", Severity.WARNING)
    assert look(wood, job_submitted_at=submitted) == ()


def test_a_path_too_long_for_windows_is_a_warning(look, show):
    name = f"{'a' * 120}/{'b' * 120}/{'c' * 30}.png"
    found = texture(f"X:/{name}", show / "wood.png")
    rules = [rule for rule, _ in said(look(found, os_name="windows"))]
    assert rules == ["long_path"]
    assert "long_path" not in [rule for rule, _ in said(look(found, os_name="linux"))]


@pytest.mark.parametrize("name", ["木" * 86 + ".png", "/".join(["d" * 250] * 17) + "/wood.png"])
def test_a_path_too_long_for_linux_is_an_error(look, show, name):
    found = texture(f"X:/{name}", show / "wood.png")
    assert ("long_path", "error") in said(look(found, os_name="linux"))
    assert ("long_path", "error") not in said(look(found, os_name="windows"))


@pytest.mark.parametrize("name", ["aux.png", "tex./wood.png", "com1/wood.png"])
def test_a_name_that_windows_keeps_for_itself_is_an_error_there(look, show, name):
    found = texture(f"/show/{name}", show / "wood.png")
    assert said(look(found, os_name="windows")) == [("reserved_name", "error")]
    assert look(found, os_name="linux") == ()


def test_the_size_of_the_upload_counts_each_file_once(show, maya, burst):
    (show / "wood.png").write_bytes(b"x" * 2_500_000)
    wood = texture(f"{show}/wood.png", show / "wood.png")
    facts = maya(path=show / "shot.ma")
    request = burst(facts, job_outputs=(f"{show}/renders/shot.####.exr",))
    size = preflight(facts, [wood, wood], request)[-1]
    assert (size.rule, size.severity) == ("upload_size", Severity.INFO)
    assert size.message == "2 files with 2.5 MB are needed"


def test_frames_the_scene_would_not_render_are_a_warning(look):
    (finding,) = look(frames=FrameSet.span(8, 12))
    assert (finding.rule, finding.severity) == ("frames_outside", Severity.WARNING)
    assert finding.message == "frames 11-12[1] are not in the scene's own range 1-10[1]"


def test_a_scene_saved_after_submission_is_not_split(look, show):
    saved = LATER + timedelta(hours=1)
    os.utime(show / "shot.ma", (saved.timestamp(), saved.timestamp()))
    (finding,) = look(split=True)
    assert (finding.rule, finding.severity) == ("scene_changed", Severity.ERROR)
    assert "2030-01-01 01:00:00 UTC" in finding.message
    assert said(look(split=False)) == [("scene_newer", "info")]


def test_a_scene_saved_after_it_was_inspected_is_an_error(look, show, maya):
    facts = maya(path=show / "shot.ma", stamp=Stamp((show / "shot.ma").stat().st_size, 7))
    (finding,) = look(facts=facts)
    assert (finding.rule, finding.severity) == ("changed_meanwhile", Severity.ERROR)
    current = replace(facts, stamp=scene.inspect(show / "shot.ma").stamp)
    assert look(facts=current) == ()


def test_a_time_that_no_calendar_has_is_only_later(look, show):
    os.utime(show / "shot.ma", (10**13, 10**13))
    assert said(look(split=True)) == [("scene_changed", "error")]


@pytest.mark.parametrize(
    ("template", "rule"),
    [
        ("{show}/renders/shot.exr", "output_frame"),
        ("{show}/wood.png/shot.####.exr", "output_folder"),
        ("X:/renders/shot.####.exr", "output_folder"),
        ("shot.####.exr", "output_folder"),
        ("{show}/wood.png/<Picture>", "output_folder"),
        ("{show}/wood.png/shot.<Frame>.<Extension>", "output_folder"),
    ],
)
def test_an_output_where_nothing_can_be_put_is_an_error(look, show, template, rule):
    assert said(look(job_outputs=(template.format(show=show),))) == [(rule, "error")]


def test_a_job_without_outputs_is_an_error(look):
    assert said(look(job_outputs=())) == [("no_output", "error")]


def test_a_folder_for_pictures_may_still_have_to_be_made(look, show):
    for name in ("shot.####.exr", "<Picture>"):
        assert look(job_outputs=(f"{show}/new/deeper/{name}",)) == ()


@pytest.mark.parametrize(
    ("name", "os_name", "severity"),
    [
        ("my wood.png", "linux", "warning"),
        ("木.png", "windows", "warning"),
        ("wood (1).png", "windows", "warning"),
        ("wo|od.png", "windows", "error"),
        ("wo|od.png", "linux", "warning"),
    ],
)
def test_names_the_cloud_may_refuse_are_said(look, show, name, os_name, severity):
    (show / name).write_bytes(b"x")
    findings = look(texture(f"{show}/{name}", show / name), os_name=os_name)
    assert said(findings) == [("unusual_name", severity)]


def test_a_file_very_deep_down_is_an_error(look, show):
    findings = look(texture("/a" * 30 + "/wood.png", show / "wood.png"))
    assert said(findings) == [("too_deep", "error")]


def test_a_path_with_no_place_in_the_cloud_is_an_error(look, show):
    findings = look(texture("/../wood.png", show / "wood.png"))
    assert said(findings) == [("server_path", "error")]
    assert "climbs above its root" in findings[0].message


def test_drives_the_vendor_advises_against_are_said_once(look, show):
    findings = look(
        texture("D:/wood.png", show / "wood.png"),
        texture("D:/oak.png", show / "wood.png"),
        texture("\\\\srv\\tex\\wood.png", show / "wood.png"),
        texture("X:/wood.png", show / "wood.png"),
    )
    assert [(f.rule, f.where, f.severity.value) for f in findings] == [
        ("doubtful_root", "D:", "warning"),
        ("network_share", "\\\\srv", "warning"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "os_name", "severity"),
    [
        ("/tex/a.png", "\\\\tex\\a.png", "linux", "error"),
        ("/tex/a.png", "/tex/A.png", "windows", "error"),
        ("/tex/a.png", "/tex/A.png", "linux", "warning"),
    ],
)
def test_two_files_that_become_one_are_found(*, look, show, one, other, os_name, severity):
    (show / "oak.png").write_bytes(b"x")
    findings = look(
        texture(one, show / "wood.png"), texture(other, show / "oak.png"), os_name=os_name
    )
    assert ("collision", severity) in said(findings)


def test_one_file_under_two_names_is_no_collision(look, show):
    assert (
        look(texture("/tex/a.png", show / "wood.png"), texture("/b.png", show / "wood.png")) == ()
    )


def test_what_the_reader_noticed_is_passed_on(look, show, maya):
    facts = maya(path=show / "shot.ma", warnings=("odd",), unknowable=("hidden",))
    assert said(look(facts=facts)) == [("scene", "warning"), ("unknowable", "info")]


def test_the_worst_comes_first(look, show, maya):
    facts = maya(path=show / "shot.ma", unknowable=("hidden",), warnings=("odd",), cameras=())
    assert [f.severity for f in look(facts=facts)] == [
        Severity.ERROR,
        Severity.WARNING,
        Severity.INFO,
    ]


@pytest.mark.parametrize("stored", ["a\0b.png", "a" * 5000])
def test_a_hostile_path_is_a_finding_not_a_crash(look, show, stored):
    findings = look(texture(stored, show / stored))
    assert said(findings)[0][1] == "error"
