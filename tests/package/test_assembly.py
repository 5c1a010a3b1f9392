"""From real scene files to a package, and to one sentence when there can be none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from renderbus_core import scene
from renderbus_core.errors import InputError
from renderbus_core.facts import ExternalFile, FileKind
from renderbus_core.frames import FrameSet
from renderbus_core.package import Offer, Severity, Software, assemble, md5_of
from renderbus_core.package.assets import needed
from renderbus_core.paths import PathMapping, PathRule

SCENE = """//Maya ASCII 2023 scene
requires maya "2023";
fileInfo "product" "Maya 2023";
createNode camera -n "camShape" -p "cam";
\tsetAttr ".rnd" yes;
createNode file -n "wood";
\tsetAttr ".ftn" -type "string" "{texture}";
select -ne :defaultRenderGlobals;
\tsetAttr ".an" yes;
\tsetAttr ".fs" 1;
\tsetAttr ".ef" 10;
\tsetAttr ".imfkey" -type "string" "exr";
\tsetAttr ".outf" 51;
// End of shot.ma
"""


class Found:
    missing = None
    rule = "absolute path"
    absence = None

    def __init__(self, file, *local):
        self.file, self.local = file, local


def file(stored, **changes):
    return ExternalFile(stored, FileKind.TEXTURE, "node", **changes)


@pytest.fixture
def show(tmp_path):
    (tmp_path / "tex").mkdir()
    (tmp_path / "tex" / "wood.png").write_bytes(b"x")
    return tmp_path


@pytest.fixture
def inspect(show):
    """Return everything that `assemble` takes for a scene with one texture."""

    def run(texture, **changes):
        path = show / "shot.ma"
        path.write_text(SCENE.format(texture=texture))
        facts = scene.inspect(path)
        outputs = (f"{show}/renders/shot.####.{facts.image_format.value}",)
        settings = {"job_scene": str(path), "job_outputs": outputs} | changes
        return facts, settings

    return run


def test_a_scene_with_its_texture_becomes_a_package(show, inspect, burst):
    facts, settings = inspect("tex/wood.png")
    package, findings = assemble(facts, scene.resolve(facts, str), burst(facts, **settings))
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
    pairs = {pair["local"]: pair["server"] for pair in package.upload["asset"]}
    assert pairs == {
        f"{show}/shot.ma": f"{show}/shot.ma",
        f"{show}/tex/wood.png": f"{show}/tex/wood.png",
    }
    assert package.upload["scene"][0]["hash"] == md5_of(show / "shot.ma")


def test_a_scene_is_rendered_with_what_the_site_says(inspect, burst):
    facts, settings = inspect("tex/wood.png")
    request = burst(facts, software=Software("2024", {"mtoa": "5.4.2"}), **settings)
    offer = Offer({"2024": {"MtoA": ("5.4.2",)}})
    package, findings = assemble(facts, scene.resolve(facts, str), request, offer=offer)
    assert package.task["software_config"] == {
        "cg_name": "Maya", "cg_version": "2024", "plugins": {"MtoA": "5.4.2"},
    }  # fmt: skip
    (told,) = [finding.message for finding in findings if finding.rule == "software"]
    assert told == "it was saved with 2023, and burst.software renders it with 2024, mtoa 5.4.2"
    package, findings = assemble(
        facts, scene.resolve(facts, str), request, offer=Offer({"2023": {}})
    )
    assert package is None
    assert findings[0].rule == "version_offer"


def test_a_windows_scene_is_sent_from_another_system(show, inspect, burst):
    facts, settings = inspect("X:/show/tex/wood.png", job_scene="X:\\show\\shot.ma")
    mapping = PathMapping((PathRule("X:/show", str(show)),))
    request = burst(facts, **settings)
    package, findings = assemble(facts, scene.resolve(facts, mapping.to_local), request)
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []
    assert [pair["server"] for pair in package.upload["asset"]] == [
        "/X/show/shot.ma",
        "/X/show/tex/wood.png",
    ]
    assert package.task["task_info"]["os_name"] == "1"


def test_a_missing_texture_is_an_error_that_names_its_node(inspect, burst):
    facts, settings = inspect("tex/oak.png")
    package, findings = assemble(facts, scene.resolve(facts, str), burst(facts, **settings))
    assert package is None
    (finding,) = [f for f in findings if f.severity is Severity.ERROR]
    assert finding.rule == "missing_file"
    assert str(finding).startswith("'tex/oak.png' (wood.fileTextureName, line 7) was not found at")
    assert str(finding).endswith("; put it there or correct the path")


def test_what_is_wrong_with_files_and_with_settings_is_said_at_once(inspect, burst):
    facts, settings = inspect("tex/oak.png")
    request = burst(facts, **settings, job_layer="glow")
    package, findings = assemble(facts, scene.resolve(facts, str), request)
    assert package is None
    errors = [finding.rule for finding in findings if finding.severity is Severity.ERROR]
    assert errors == ["missing_file", "package"]


def test_what_is_rendered_where_it_goes_and_what_it_costs_is_said(show, inspect, burst, usd):
    facts, settings = inspect("tex/wood.png")
    request = burst(facts, **settings, frame_seconds=36, price_per_hour=usd("1.00"))
    _, findings = assemble(facts, scene.resolve(facts, str), request)
    remarks = {f.rule: f.message for f in findings if f.severity is Severity.INFO}
    assert remarks["output_map"] == (
        f"shot.####.exr of the cloud becomes {show}/renders/shot.####.exr"
    )
    assert remarks["cost"] == (
        "10 pictures cost about 0.10 USD, between 0.03 USD and 0.30 USD, "
        "at most 2.50 USD when every limit is met"
    )
    assert remarks["summary"].startswith("maya 2023, renderer mayaSoftware (default)")
    assert remarks["upload_size"].startswith("2 files with ")


def test_a_waived_warning_is_a_remark_that_says_so(inspect, burst):
    facts, settings = inspect("tex/wood.png")
    request = burst(facts, **settings, frames=FrameSet.span(1, 11), job_project="film: two")
    look = {"facts": facts, "resolved": scene.resolve(facts, str), "request": request}

    def severity(*waived):
        _, findings = assemble(**look, waivers=dict.fromkeys(waived, "ada"))
        (finding,) = [f for f in findings if f.rule == "frames_outside"]
        return finding.severity

    assert severity() is Severity.WARNING
    assert severity("unusual_name", "other:frames_outside") is Severity.WARNING
    assert severity("frames_outside") is Severity.INFO
    assert severity("film: two:frames_outside") is Severity.INFO
    _, findings = assemble(**look, waivers={"frames_outside": "ada"})
    (finding,) = [f for f in findings if f.rule == "frames_outside"]
    assert finding.fix == "waived by ada; make sure that there is something to see"
    assert finding.waived_by == "ada"


def test_an_error_cannot_be_waived(inspect, burst):
    facts, settings = inspect("tex/oak.png")
    request = burst(facts, **settings)
    resolved = scene.resolve(facts, str)
    package, findings = assemble(facts, resolved, request, waivers={"missing_file": "ada"})
    assert package is None
    assert findings[0].rule == "missing_file"


def test_what_only_the_builder_notices_is_a_finding_too(inspect, burst):
    facts, settings = inspect("tex/wood.png")
    request = burst(facts, **settings, job_layer="glow")
    package, findings = assemble(facts, scene.resolve(facts, str), request)
    assert package is None
    assert (findings[0].rule, findings[0].where) == ("package", "job shot")
    assert findings[0].message == ("job 'shot' renders layer 'glow', which the scene does not have")
    assert findings[0].fix == "choose one of masterLayer"


def test_a_scene_of_a_program_that_cannot_be_sent_is_refused(inspect, burst):
    facts, settings = inspect("tex/wood.png")
    facts = replace(facts, dcc="houdini")
    package, findings = assemble(facts, (), burst(facts, **settings))
    assert package is None
    assert (findings[0].rule, findings[0].fix) == ("program", "supported are maya, blender")


@pytest.mark.parametrize(
    ("found", "stored"),
    [
        (Found(file("/tex/a.png"), Path("/mnt/tex/a.png")), ["/tex/a.png"]),
        (Found(file("a.png"), Path("/mnt/show/a.png")), ["X:\\show/a.png"]),
        (Found(file("a.png"), Path("/mnt/tex/a.png")), ["X:\\show/../tex/a.png"]),
        (Found(file("//a.png"), Path("/mnt/a.png")), ["//a.png"]),
        (
            Found(
                file("Y:\\t_1001\\a.1001.png", pattern="Y:\\t_1001\\a.<UDIM>.png"),
                Path("/mnt/t_1001/a.1001.png"),
                Path("/mnt/t_1001/a.1002.png"),
            ),
            ["Y:/t_1001/a.1001.png", "Y:/t_1001/a.1002.png"],
        ),
        (
            Found(
                file("Y:/<UDIM>/a.png", pattern="Y:/<UDIM>/a.png"),
                Path("/mnt/1001/a.png"),
            ),
            ["Y:/1001/a.png"],
        ),
        (
            Found(
                file("Y:/show/cache/", folder=True),
                Path("/cache/show/cache/f"),
                Path("/cache/show/cache/sub/cache/g"),
            ),
            ["Y:/show/cache/f", "Y:/show/cache/sub/cache/g"],
        ),
    ],
)
def test_every_file_keeps_the_place_where_the_scene_looks_for_it(maya, job, found, stored):
    facts = maya(path=Path("/mnt/show/shot.ma"))
    local = job(facts, scene="X:\\show\\shot.ma")
    assert [each.stored for each in needed(facts, [found], local)] == stored


def test_blenders_two_slashes_are_the_folder_of_the_scene(blender, job):
    facts = blender(path=Path("/mnt/show/shot.blend"))
    found = Found(file("//tex/a.png"), Path("/mnt/show/tex/a.png"))
    (each,) = needed(facts, [found], job(facts, scene="X:/show/shot.blend"))
    assert each.asset().server == "/X/show/tex/a.png"


@pytest.mark.parametrize("pattern", ["ma/**/*.ma", "blend/*.blend"])
def test_real_scenes_give_a_package_or_say_why_not(shared, tmp_path, burst, pattern):
    built = 0
    for path in sorted((shared / "scenes").glob(pattern)):
        try:
            facts = scene.inspect(path)
        except InputError:
            continue
        token = "<RenderLayer>" if facts.dcc == "maya" else "shot"
        outputs = (f"{tmp_path}/{token}.####.{facts.image_format.value or 'exr'}",)
        request = burst(facts, job_scene=str(path), job_outputs=outputs)
        # Textures of these scenes are elsewhere; without them every scene would end there.
        package, findings = assemble(facts, (), request)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        assert (package is None) == bool(errors)
        assert not any("\n" in str(finding) for finding in findings)
        built += package is not None
    assert built
