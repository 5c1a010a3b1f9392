"""Which pictures a Maya frame makes beside its main one, and what only the renderer can tell."""

from __future__ import annotations

import pytest

from renderbus_core import scene
from renderbus_core.facts import Fact, Origin
from renderbus_core.scene import maya

NONE = Fact((), Origin.DEFAULT)
ONE_FILE = Fact((), Origin.STORED)
UNKNOWN = Fact(None, Origin.UNKNOWN)

ARNOLD = """\
createNode aiOptions -s -n "defaultArnoldRenderOptions";
	{options}
createNode aiAOVDriver -s -n "defaultArnoldDriver";
	setAttr ".ai_translator" -type "string" "exr";
	{driver}
createNode aiAOVDriver -s -n "defaultArnoldDisplayDriver";
	setAttr ".output_mode" 0;
	setAttr ".ai_translator" -type "string" "maya";
createNode aiAOV -n "aiAOV_diffuse";
	setAttr ".aovn" -type "string" "diffuse";
	{aov}
createNode aiAOV -n "aiAOV_N";
	setAttr ".aovn" -type "string" "N";
createNode aiAOV -n "aiAOV_off";
	setAttr ".aoven" no;
	setAttr ".aovn" -type "string" "off";
createNode aiAOV -n "aiAOV_RGBA";
	setAttr ".aovn" -type "string" "RGBA";
select -ne :defaultRenderGlobals;
	setAttr ".ren" -type "string" "arnold";
	setAttr ".ifp" -type "string" "{prefix}";
connectAttr ":defaultArnoldDriver.msg" "aiAOV_diffuse.out[0].drvr";
connectAttr ":defaultArnoldDisplayDriver.msg" "aiAOV_diffuse.out[1].drvr";
connectAttr ":defaultArnoldDriver.msg" "aiAOV_N.out[0].drvr";
connectAttr ":defaultArnoldDriver.msg" "aiAOV_RGBA.out[0].drvr";
{links}
"""


def arnold(**parts: str) -> str:
    return ARNOLD.format(
        **(dict.fromkeys(("options", "driver", "aov", "prefix", "links"), "") | parts)
    )


def elements(path):
    return maya.read(path).facts.elements


def test_aovs_that_are_on_have_files_of_their_own_and_the_main_picture_is_none_of_them(write_ma):
    assert elements(write_ma(arnold())) == Fact(("diffuse", "N"), Origin.STORED)


MERGED = 'setAttr ".merge_AOVs" yes;'


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"driver": MERGED}, ONE_FILE),
        ({"driver": 'setAttr ".mergeAOVs" on;'}, ONE_FILE),
        # A place for the element in the name wins over merging.
        ({"driver": MERGED, "prefix": "<Scene>_<RenderPass>"}, ("diffuse", "N")),
        ({"driver": MERGED, "prefix": "<scene>_<AOV>"}, ("diffuse", "N")),
        ({"options": 'setAttr ".aovm" 0;'}, NONE),
        ({"options": 'setAttr ".aovm" 2;'}, ("diffuse", "N")),
        ({"aov": 'setAttr ".aoven" no;'}, ("N",)),
    ],
)
def test_settings_of_the_render_decide_whether_they_do(write_ma, parts, expected):
    wanted = Fact(expected, Origin.STORED) if isinstance(expected, tuple) else expected
    assert elements(write_ma(arnold(**parts))) == wanted


@pytest.mark.parametrize(
    "parts",
    [
        {"aov": 'setAttr ".lgl" -type "string" "key rim";'},
        {"aov": 'setAttr ".lg" yes;'},
        {"aov": 'setAttr ".prefix" -type "string" "passes/x";'},
        {"aov": 'setAttr ".aovn" -type "string" "";'},
        {"driver": 'setAttr ".prefix" -type "string" "x";'},
        {"links": 'connectAttr "mine.msg" "aiAOV_N.out[1].drvr";'},
    ],
)
def test_what_is_written_in_a_way_of_its_own_cannot_be_foreseen(write_ma, parts):
    facts = maya.read(write_ma(arnold(**parts))).facts
    assert facts.elements == UNKNOWN
    assert "the names of render elements are known to arnold only" in facts.unknowable


def test_an_aov_that_nothing_writes_cannot_be_foreseen(write_ma):
    body = arnold() + 'createNode aiAOV -n "aiAOV_Z";\n\tsetAttr ".aovn" -type "string" "Z";'
    assert elements(write_ma(body)) == UNKNOWN


LAYER = """
createNode renderSetup -n "renderSetup";
createNode renderSetupLayer -n "Utility";
createNode renderLayer -n "rs_Utility";
createNode renderSettingsCollection -n "Settings";
createNode absUniqueOverride -n "mine";
	setAttr ".atr" -type "string" "{attribute}";
	setAttr ".tgName" -type "string" "{target}";
	setAttr ".atv" {value};
connectAttr "renderSetup.lit" "Utility.pls";
connectAttr "Utility.lit" "Settings.pls";
connectAttr "Settings.lit" "mine.pls";
"""


@pytest.mark.parametrize(
    ("attribute", "target", "value", "expected"),
    [
        ("enabled", "aiAOV_N", "no", Fact(("diffuse",), Origin.STORED)),
        ("mergeAOVs", "defaultArnoldDriver", "yes", ONE_FILE),
        ("lightGroups", "aiAOV_N", "yes", UNKNOWN),
        ("endFrame", "defaultRenderGlobals", "20", None),
    ],
)
def test_a_layer_may_have_others(write_ma, attribute, target, value, expected):
    layer = LAYER.format(attribute=attribute, target=target, value=value)
    layers = {each.name: each for each in maya.read(write_ma(arnold() + layer)).facts.layers}
    assert layers["Utility"].elements == expected


def test_a_layer_may_have_other_names(write_ma):
    layer = LAYER.format(
        attribute="imageFilePrefix",
        target="defaultRenderGlobals",
        value='-type "string" "u/<RenderPass>"',
    )
    body = arnold(driver=MERGED, prefix="<Scene>") + layer
    facts = maya.read(write_ma(body)).facts
    (utility,) = (each for each in facts.layers if each.name == "Utility")
    assert utility.output == "u/<RenderPass>"
    # The name has a place for elements where that of the scene has none.
    assert (utility.elements, facts.elements) == (
        Fact(("diffuse", "N"), Origin.STORED),
        ONE_FILE,
    )


def test_an_old_layer_may_have_others(write_ma):
    layer = (
        'createNode renderLayer -n "flat";\n\tsetAttr ".adjs[0].val" no;\n'
        'connectAttr "aiAOV_N.aoven" "flat.adjs[0].plg";\n'
    )
    layers = {each.name: each for each in maya.read(write_ma(arnold() + layer)).facts.layers}
    assert layers["flat"].elements == Fact(("diffuse",), Origin.STORED)


VRAY = """\
createNode VRaySettingsNode -s -n "vraySettings";
	setAttr ".imgfs" -type "string" "{picture}";
{element}
select -ne :defaultRenderGlobals;
	setAttr ".ren" -type "string" "vray";
"""
DIFFUSE = 'createNode VRayRenderElement -n "vrayRE_Diffuse";'


@pytest.mark.parametrize(
    ("picture", "element", "expected"),
    [
        ("exr (multichannel)", DIFFUSE, ONE_FILE),
        ("exr", "", NONE),
        ("exr", DIFFUSE, UNKNOWN),
        ("exr", DIFFUSE.replace("Element -n", "ElementSet -n"), UNKNOWN),
        ("exr", DIFFUSE + '\n\tsetAttr ".enabled" no;', NONE),
    ],
)
def test_elements_of_vray_are_foreseen_only_in_one_file(write_ma, picture, element, expected):
    assert elements(write_ma(VRAY.format(picture=picture, element=element))) == expected


@pytest.mark.parametrize(
    ("renderer", "expected"),
    [("mayaSoftware", NONE), ("redshift", UNKNOWN), ("renderman", UNKNOWN)],
)
def test_of_other_renderers_only_mayas_own_are_known_to_have_none(write_ma, renderer, expected):
    body = f'select -ne :defaultRenderGlobals;\nsetAttr ".ren" -type "string" "{renderer}";'
    assert elements(write_ma(body)) == expected


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ('setAttr ".ep" 1;', Fact(1, Origin.STORED)),
        ('setAttr ".extensionPadding" 6;', Fact(6, Origin.STORED)),
        ("", UNKNOWN),
        ('setAttr -k on ".ep";', UNKNOWN),
        ('setAttr ".ep" 0;', UNKNOWN),
        ('setAttr ".ep" 4000;', UNKNOWN),
        ('setAttr ".ep" -type "string" "x";', UNKNOWN),
    ],
)
def test_the_digits_of_a_frame_are_known_where_they_are_stored(write_ma, stored, expected):
    facts = maya.read(write_ma(f"select -ne :defaultRenderGlobals;\n{stored}")).facts
    assert facts.frame_digits == expected


def test_the_digits_of_vray_are_not_those_of_maya(write_ma):
    body = VRAY.format(picture="exr", element="") + '\tsetAttr ".ep" 3;'
    assert maya.read(write_ma(body)).facts.frame_digits == UNKNOWN


def test_a_scene_knows_the_project_it_lies_in(write_ma, tmp_path):
    path = write_ma("", "proj/scenes/a/shot.ma")
    assert scene.inspect(path).project is None
    (tmp_path / "proj" / "workspace.mel").write_text('workspace -fr "scene" "scenes";\n')
    assert scene.inspect(path).project == tmp_path / "proj"
