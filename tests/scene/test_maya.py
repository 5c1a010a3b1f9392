from __future__ import annotations

from pathlib import Path

import pytest

from renderbus_core.errors import InputError
from renderbus_core.facts import Camera, Fact, FileKind, Origin, SceneFacts
from renderbus_core.frames import FrameSet
from renderbus_core.scene import maya, maya_scene


def facts(path: Path) -> SceneFacts:
    return maya.read(path).facts


def test_what_a_scene_does_not_store_is_mayas_default(write_ma):
    scene = facts(write_ma('requires maya "2023";'))
    assert scene.renderer == Fact("mayaSoftware", Origin.DEFAULT)
    assert scene.frames == Fact(FrameSet.of([1]), Origin.DEFAULT)
    assert scene.resolution == Fact((960, 540), Origin.DEFAULT)
    assert scene.fps == Fact(24.0, Origin.DEFAULT)
    assert scene.output == Fact("<Scene>", Origin.DEFAULT)
    assert scene.image_format == Fact("iff", Origin.DEFAULT)
    assert [layer.name for layer in scene.layers] == ["masterLayer"]


GLOBALS = """\
select -ne :time1;
	setAttr ".o" 12;
select -ne :defaultRenderGlobals;
	setAttr ".outf" 51;
	setAttr ".imfkey" -type "string" "jpeg";
	setAttr ".an" {animation};
	setAttr ".fs" 1001;
	setAttr ".ef" 1010;
	setAttr ".bfs" 3;
	setAttr -k on ".ifp" -type "string" "<Scene>/<RenderLayer>";
select -ne :defaultResolution;
	setAttr -av -k on ".w" 1920;
	setAttr -av -k on ".h" 1080;
"""


def test_render_settings_are_read_from_the_default_nodes(write_ma):
    scene = facts(write_ma("currentUnit -l centimeter -t pal;" + GLOBALS.format(animation="yes")))
    assert scene.frames == Fact(FrameSet.parse("1001-1010[3]"), Origin.STORED)
    assert scene.resolution == Fact((1920, 1080), Origin.STORED)
    assert scene.output == Fact("<Scene>/<RenderLayer>", Origin.STORED)
    assert scene.image_format == Fact("jpg", Origin.STORED)
    assert scene.fps == Fact(25.0, Origin.STORED)


def test_without_animation_only_the_current_frame_counts(write_ma):
    scene = facts(write_ma(GLOBALS.format(animation="no")))
    assert scene.frames == Fact(FrameSet.of([12]), Origin.STORED)


def test_long_attribute_and_flag_names_say_the_same(write_ma):
    scene = facts(
        write_ma(
            'createNode camera -name "shotShape" -parent "|rig|shot";\n'
            'setAttr -keyable off ".renderable" no;\n'
            "select -ne defaultRenderGlobals;\n"
            'setAttr ".currentRenderer" -type "string" "arnold";'
        )
    )
    assert scene.cameras == (Camera("shot", renderable=False),)
    assert scene.renderer.value == "arnold"


def test_attributes_may_name_their_node(write_ma):
    scene = facts(
        write_ma('createNode file -n "f";\nselect -cl;\nsetAttr "f.ftn" -type "string" "a.png";')
    )
    assert scene.files == ()
    scene = facts(
        write_ma(
            'createNode camera -n "camShape" -p "cam";\ncreateNode lambert -n "l";\n'
            'setAttr "camShape.rnd" no;'
        )
    )
    assert scene.cameras == (Camera("cam", renderable=False),)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ('setAttr ".fs" 10;\nsetAttr ".ef" 1;', "is empty"),
        ('setAttr ".fs" 1.5;', "not in whole frames"),
        ('setAttr ".ef" 1e400;', "not in whole frames"),
        ('setAttr ".ef" 1e12;', "cannot be used"),
        ('setAttr ".bfs" 0;', "is empty"),
        ('setAttr ".fs" abc;', "not in whole frames"),
    ],
)
def test_a_frame_range_that_makes_no_sense_is_a_warning(write_ma, setting: str, expected: str):
    scene = facts(write_ma(f'select -ne :defaultRenderGlobals;\nsetAttr ".an" on;\n{setting}'))
    assert scene.frames == Fact(None, Origin.UNKNOWN)
    assert any(expected in warning for warning in scene.warnings)


def test_a_film_has_no_picture_format(write_ma):
    scene = facts(write_ma('select -ne :defaultRenderGlobals;\nsetAttr ".outf" 22;'))
    assert scene.image_format == Fact(None, Origin.UNKNOWN)
    assert any("QuickTime film" in warning for warning in scene.warnings)


VRAY = """\
createNode VRaySettingsNode -s -n "vraySettings";
	setAttr ".wi" 2048;
	setAttr ".he" 1152;
	setAttr ".fnprx" -type "string" "<Scene>/<Layer>";
	setAttr ".animtp" {animation};
	setAttr ".imgfs" -type "string" "exr (multichannel)";
select -ne :defaultRenderGlobals;
	setAttr ".ren" -type "string" "{renderer}";
	setAttr ".fs" 5;
	setAttr ".ef" 6;
"""


def test_vrays_own_settings_win_while_it_is_the_renderer(write_ma):
    scene = facts(write_ma(VRAY.format(animation=1, renderer="vray")))
    assert scene.resolution.value == (2048, 1152)
    assert scene.output.value == "<Scene>/<Layer>"
    assert scene.image_format.value == "exr"
    assert scene.frames.value == FrameSet.parse("5-6")


def test_vrays_settings_mean_nothing_to_another_renderer(write_ma):
    scene = facts(write_ma(VRAY.format(animation=1, renderer="mayaSoftware")))
    assert scene.resolution.value == (960, 540)
    assert scene.frames.value == FrameSet.of([1])


def test_an_unknown_renderer_keeps_its_picture_format_to_itself(write_ma):
    body = 'select -ne :defaultRenderGlobals;\nsetAttr ".ren" -type "string" "redshift";'
    scene = facts(write_ma(body))
    assert scene.image_format == Fact(None, Origin.UNKNOWN)
    assert scene.unknowable == ("the picture format is known to the renderer redshift only",)


def test_plugins_are_named_with_their_version(write_ma):
    scene = facts(
        write_ma('requires -nodeType "aiOptions" -dataType "x"\n\t\t -nodeType "b" "mtoa" "5.1.0";')
    )
    assert scene.plugins == {"mtoa": "5.1.0"}


@pytest.mark.parametrize(
    ("header", "product", "expected"),
    [
        ("2018ff09", "Maya 2018", "2018ff09"),
        ("2018", "Maya 2020", "2020"),
        ("2025ff01", "", "2025ff01"),
    ],
)
def test_the_version_is_the_products_said_as_exactly_as_possible(
    tmp_path, header: str, product: str, expected: str
):
    path = tmp_path / "a.ma"
    line = f'fileInfo "product" "{product}";' if product else ""
    path.write_text(f"//Maya ASCII {header} scene\n{line}\n")
    assert facts(path).version == Fact(expected, Origin.STORED)


FILES = """\
file -rdi 1 -ns "a" -rfn "aRN" -typ "mayaAscii" "props/a.ma";
file -rdi 2 -ns "b" -rfn "a:bRN" -typ "mayaAscii" "b.ma";
file -r -ns "a" -dr 1 -rfn "aRN" -typ "mayaAscii" "props/a.ma";
file -r -ns "a1" -dr 1 -rfn "aRN1" -typ "mayaAscii" "props/a.ma{1}";
createNode file -n "wood";
	setAttr ".ftn" -type "string" "D:/proj//sourceimages/wood.png";
createNode file -n "skin";
	setAttr ".ftn" -type "string" "skin_1001.exr";
	setAttr ".uvt" 3;
createNode file -n "fire";
	setAttr ".ftn" -type "string" "fire.0007.exr";
	setAttr ".ufe" yes;
createNode camera -n "camShape" -p "cam";
	setAttr ".imn" -type "string" "cam";
createNode imagePlane -n "plane";
	setAttr ".imn" -type "string" "plate.<f4>.jpg";
createNode cacheFile -n "cloth";
	setAttr ".cn" -type "string" "clothShape";
	setAttr ".cp" -type "string" "./cache/nCache/";
createNode AlembicNode -n "crowd";
	setAttr ".fn" -type "string" "crowd.abc";
	setAttr ".fns" -type "stringArray" 2 "crowd.abc" "layer.abc"  ;
createNode audio -n "voice";
	setAttr ".f" -type "string" "voice.wav";
createNode reference -n "aRN";
	setAttr ".fn[0]" -type "string" "props/a.ma";
	setAttr ".fn[1]" -type "string" "old/a.ma";
select -ne :defaultColorMgtGlobals;
	setAttr ".cfp" -type "string" "<MAYA_RESOURCES>/OCIO-configs/config.ocio";
"""


def test_every_kind_of_file_is_found_with_node_line_and_pattern(write_ma):
    found = {file.stored: file for file in facts(write_ma(FILES)).files}
    assert {stored: file.kind for stored, file in found.items()} == {
        "props/a.ma": FileKind.REFERENCE,
        "D:/proj//sourceimages/wood.png": FileKind.TEXTURE,
        "skin_1001.exr": FileKind.TEXTURE,
        "fire.0007.exr": FileKind.TEXTURE,
        "plate.<f4>.jpg": FileKind.TEXTURE,
        "./cache/nCache/": FileKind.CACHE,
        "crowd.abc": FileKind.CACHE,
        "layer.abc": FileKind.CACHE,
        "voice.wav": FileKind.AUDIO,
    }
    assert found["D:/proj//sourceimages/wood.png"].owner == "wood.fileTextureName"
    assert found["D:/proj//sourceimages/wood.png"].line == 8
    assert found["skin_1001.exr"].pattern == "skin_<UDIM>.exr"
    assert found["fire.0007.exr"].pattern == "fire.####.exr"
    assert found["plate.<f4>.jpg"].pattern == "plate.####.jpg"
    assert found["./cache/nCache/"].folder
    assert not found["voice.wav"].required


def test_references_of_references_are_nested(write_ma):
    assert [file.stored for file in facts(write_ma(FILES)).nested] == ["b.ma"]


def test_reference_edits_can_change_a_path_and_a_camera(write_ma):
    scene = facts(
        write_ma(
            'createNode reference -n "setRN";\n'
            '\tsetAttr ".ed" -type "dataReferenceEdits"\n\t\t"setRN"\n\t\t"setRN" 3\n'
            '\t\t2 "|set:cam|set:camShape" "renderable" " 1"\n'
            '\t\t2 "set:file1" "fileTextureName" " -type \\"string\\" \\"new.png\\""\n'
            '\t\t2 "|set:a" "visibility" " 0";'
        )
    )
    assert scene.cameras == (Camera("set:cam", renderable=True),)
    assert [(file.stored, file.owner) for file in scene.files] == [
        ("new.png", "set:file1.fileTextureName")
    ]


def test_paths_in_another_codeset_come_out_right(write_ma):
    body = 'createNode file -n "f";\n\tsetAttr ".ftn" -type "string" "D:/贴图/木.png";'
    assert [file.stored for file in facts(write_ma(body, codec="gbk")).files] == ["D:/贴图/木.png"]


def test_render_scripts_are_shown(write_ma):
    scene = facts(
        write_ma('select -ne :defaultRenderGlobals;\nsetAttr ".prm" -type "string" "evil();";')
    )
    assert any("preMel runs 'evil();'" in warning for warning in scene.warnings)


def test_a_missing_closing_comment_is_a_warning(tmp_path):
    path = tmp_path / "cut.ma"
    path.write_text('//Maya ASCII 2023 scene\nrequires maya "2023";\n')
    assert any("may be cut off" in warning for warning in facts(path).warnings)


def test_expressions_and_script_nodes_are_admitted(write_ma):
    scene = facts(
        write_ma(
            'createNode expression -n "e";\ncreateNode script -n "mine";\n'
            'createNode script -n "uiConfigurationScriptNode";'
        )
    )
    assert "1 expressions and 1 script nodes" in scene.unknowable[0]


def test_two_cameras_with_one_name_below_different_parents_both_count(write_ma):
    scene = facts(
        write_ma(
            'createNode camera -n "camShape" -p "|a|cam";\n\tsetAttr ".rnd" no;\n'
            'createNode camera -n "camShape" -p "|b|cam2";'
        )
    )
    assert scene.cameras == (Camera("cam", renderable=False), Camera("cam2", renderable=True))


def test_a_scene_beyond_reason_is_refused(write_ma, monkeypatch):
    monkeypatch.setattr(maya_scene, "MAX_ITEMS", 5)
    body = "\n".join(f'createNode expression -n "e{i}";' for i in range(9))
    with pytest.raises(InputError, match="than any real scene"):
        facts(write_ma(body))
