from __future__ import annotations

from renderbus_core.facts import Layer
from renderbus_core.frames import FrameSet
from renderbus_core.scene import maya

CAMERAS = """\
createNode camera -s -n "perspShape" -p "persp";
createNode camera -n "shotShape" -p "shot";
	setAttr ".rnd" no;
createNode renderLayer -n "defaultRenderLayer";
	setAttr ".g" yes;
"""

SETUP = (
    CAMERAS
    + """\
createNode renderSetup -n "renderSetup";
createNode renderSetupLayer -n "Beauty";
createNode renderLayer -n "rs_Beauty";
	setAttr ".rndr" no;
createNode renderSettingsCollection -n "Settings";
createNode absUniqueOverride -n "endFrame";
	setAttr ".atr" -type "string" "endFrame";
	setAttr ".tgName" -type "string" "defaultRenderGlobals";
	setAttr ".atv" 20;
createNode relUniqueOverride -n "width";
	setAttr ".atr" -type "string" "width";
	setAttr ".tgName" -type "string" "defaultResolution";
	setAttr ".mul" 2;
	setAttr ".ofs" 80;
createNode absUniqueOverride -n "renderer";
	setAttr ".atr" -type "string" "currentRenderer";
	setAttr ".tgName" -type "string" "defaultRenderGlobals";
	setAttr ".atv" -type "string" "arnold";
	setAttr ".se" {renderer_on};
createNode collection -n "shot_col";
createNode simpleSelector -n "shot_colSelector";
	setAttr ".ssl" -type "string" "|shot|shotShape";
createNode absOverride -n "renderable";
	setAttr ".atr" -type "string" "renderable";
	setAttr ".atv" yes;
select -ne :defaultRenderGlobals;
	setAttr ".an" yes;
connectAttr "renderSetup.lit" "Beauty.pls";
connectAttr "Beauty.lit" "Settings.pls";
connectAttr "Settings.lit" "endFrame.pls";
connectAttr "Settings.lit" "width.pls";
connectAttr "Settings.lit" "renderer.pls";
connectAttr "Beauty.lit" "shot_col.pls";
connectAttr "shot_colSelector.c" "shot_col.sel";
connectAttr "shot_col.lit" "renderable.pls";
"""
)


def test_old_layers_keep_their_name_and_switch(write_ma):
    body = CAMERAS + 'createNode renderLayer -n "shadows";\n\tsetAttr ".rndr" no;'
    assert maya.read(write_ma(body)).facts.layers == (
        Layer("masterLayer", renderable=True),
        Layer("shadows", renderable=False),
    )


def test_old_layers_override_through_connections(write_ma):
    body = (
        CAMERAS
        + 'createNode renderLayer -n "late";\n\tsetAttr -s 2 ".adjs";\n'
        + '\tsetAttr ".adjs[0].val" 12;\n\tsetAttr ".adjs[3].val" yes;\n'
        + 'select -ne :defaultRenderGlobals;\n\tsetAttr ".an" on;\n'
        + 'connectAttr ":defaultRenderGlobals.ef" "late.adjs[0].plg";\n'
        + 'connectAttr "shotShape.rnd" "late.adjs[3].plg";\n'
    )
    late = maya.read(write_ma(body)).facts.layers[1]
    assert late == Layer(
        "late", renderable=True, frames=FrameSet.parse("1-12"), cameras=("persp", "shot")
    )


def test_render_setup_layers_carry_their_overrides(write_ma):
    master, beauty = maya.read(write_ma(SETUP.format(renderer_on="yes"))).facts.layers
    assert master == Layer("masterLayer", renderable=True)
    assert beauty == Layer(
        "Beauty",
        renderable=False,
        frames=FrameSet.parse("1-20"),
        cameras=("persp", "shot"),
        resolution=(2000, 540),
        renderer="arnold",
    )


def test_an_override_that_is_switched_off_does_nothing(write_ma):
    beauty = maya.read(write_ma(SETUP.format(renderer_on="no"))).facts.layers[1]
    assert beauty.renderer is None


def test_a_circle_of_collections_ends(write_ma):
    body = SETUP.format(renderer_on="yes") + 'connectAttr "Settings.lit" "Beauty.pls";\n'
    assert maya.read(write_ma(body)).facts.layers[1].renderer == "arnold"


def test_layers_of_references_are_not_this_scenes(write_ma):
    body = CAMERAS + 'createNode renderLayer -n "set:defaultRenderLayer";'
    assert [layer.name for layer in maya.read(write_ma(body)).facts.layers] == ["masterLayer"]


def test_what_is_odd_about_a_layer_names_it(write_ma):
    body = SETUP.format(renderer_on="yes").replace('".atv" 20', '".atv" -20')
    scene = maya.read(write_ma(body)).facts
    assert any(w.startswith("layer Beauty: the frame range") for w in scene.warnings)
