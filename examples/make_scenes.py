"""Makes the example scenes, the same bytes each time.

`python examples/make_scenes.py` writes the Maya project and the textures, with the standard
library only; `blender -b --factory-startup -P examples/make_scenes.py` writes the Blender scene.
"""

from __future__ import annotations

import struct
import sys
import uuid
import zlib
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent

Pixel = tuple[int, int, int]


def png(width: int, height: int, pixel: Callable[[int, int], Pixel]) -> bytes:
    """Draw an RGB picture; stored uncompressed, so that no zlib version changes a byte."""
    rows = (b"\0" + b"".join(bytes(pixel(x, y)) for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", _stored(b"".join(rows)))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _stored(data: bytes) -> bytes:
    size = 0xFFFF
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    blocks = b"".join(
        struct.pack("<BHH", part is parts[-1], len(part), len(part) ^ size) + part for part in parts
    )
    return b"\x78\x01" + blocks + struct.pack(">I", zlib.adler32(data))


def checker(x: int, y: int) -> Pixel:
    """Colour a checkerboard of eight by eight fields."""
    return (230, 225, 215) if (x // 8 + y // 8) % 2 else (176, 62, 38)


def wood(x: int, y: int) -> Pixel:
    """Colour boards with rings; whole numbers only, so that every machine draws the same."""
    board, across = divmod(x, 32)
    along = (y + 37 * board) % 128 - 64
    ring = (along * along // 48 + across * across // 3) % 24
    shade = 200 - 4 * abs(ring - 12) - 7 * (board % 3)
    if across == 0:
        shade //= 2
    return shade, shade * 65 // 100, shade * 38 // 100


WORKSPACE = """\
//Maya 2023 Project Definition

workspace -fr "scene" "scenes";
workspace -fr "mayaAscii" "scenes";
workspace -fr "sourceImages" "sourceimages";
workspace -fr "images" "images";
workspace -fr "fileCache" "cache/nCache";
workspace -fr "alembicCache" "cache/alembic";
workspace -fr "sound" "sound";
"""

# As Maya writes it; the identifiers of the nodes are added by `turntable`.
TURNTABLE = """\
//Maya ASCII 2023 scene
//Name: turntable.ma
//Last modified: Mon, Jan 01, 2024 12:00:00 PM
//Codeset: UTF-8
requires maya "2023";
currentUnit -l centimeter -a degree -t film;
fileInfo "application" "maya";
fileInfo "product" "Maya 2023";
fileInfo "version" "2023";
createNode transform -s -n "persp";
	setAttr ".v" no;
	setAttr ".t" -type "double3" 7 5 7 ;
	setAttr ".r" -type "double3" -26 45 0 ;
createNode camera -s -n "perspShape" -p "persp";
	setAttr -k off ".v" no;
	setAttr ".rnd" no;
	setAttr ".fl" 34.999999999999993;
	setAttr ".coi" 11.090536506409418;
	setAttr ".imn" -type "string" "persp";
	setAttr ".den" -type "string" "persp_depth";
	setAttr ".man" -type "string" "persp_mask";
	setAttr ".hc" -type "string" "viewSet -p %camera";
createNode transform -s -n "top";
	setAttr ".v" no;
	setAttr ".t" -type "double3" 0 1000.1 0 ;
	setAttr ".r" -type "double3" -90 0 0 ;
createNode camera -s -n "topShape" -p "top";
	setAttr -k off ".v" no;
	setAttr ".rnd" no;
	setAttr ".coi" 1000.1;
	setAttr ".ow" 30;
	setAttr ".imn" -type "string" "top";
	setAttr ".den" -type "string" "top_depth";
	setAttr ".man" -type "string" "top_mask";
	setAttr ".hc" -type "string" "viewSet -t %camera";
	setAttr ".o" yes;
createNode transform -s -n "front";
	setAttr ".v" no;
	setAttr ".t" -type "double3" 0 0 1000.1 ;
createNode camera -s -n "frontShape" -p "front";
	setAttr -k off ".v" no;
	setAttr ".rnd" no;
	setAttr ".coi" 1000.1;
	setAttr ".ow" 30;
	setAttr ".imn" -type "string" "front";
	setAttr ".den" -type "string" "front_depth";
	setAttr ".man" -type "string" "front_mask";
	setAttr ".hc" -type "string" "viewSet -f %camera";
	setAttr ".o" yes;
createNode transform -s -n "side";
	setAttr ".v" no;
	setAttr ".t" -type "double3" 1000.1 0 0 ;
	setAttr ".r" -type "double3" 0 90 0 ;
createNode camera -s -n "sideShape" -p "side";
	setAttr -k off ".v" no;
	setAttr ".rnd" no;
	setAttr ".coi" 1000.1;
	setAttr ".ow" 30;
	setAttr ".imn" -type "string" "side";
	setAttr ".den" -type "string" "side_depth";
	setAttr ".man" -type "string" "side_mask";
	setAttr ".hc" -type "string" "viewSet -s %camera";
	setAttr ".o" yes;
createNode transform -n "turnCam";
	setAttr ".t" -type "double3" 0 2.6 6 ;
	setAttr ".r" -type "double3" -22 0 0 ;
createNode camera -n "turnCamShape" -p "turnCam";
	setAttr -k off ".v";
	setAttr ".cap" -type "double2" 1.41732 0.94488 ;
	setAttr ".ff" 0;
	setAttr ".ow" 30;
	setAttr ".imn" -type "string" "turnCam";
	setAttr ".den" -type "string" "turnCam_depth";
	setAttr ".man" -type "string" "turnCam_mask";
createNode transform -n "ring";
createNode mesh -n "ringShape" -p "ring";
	setAttr -k off ".v";
	setAttr ".vir" yes;
	setAttr ".vif" yes;
	setAttr ".uvst[0].uvsn" -type "string" "map1";
	setAttr ".cuvs" -type "string" "map1";
	setAttr ".dcc" -type "string" "Ambient+Diffuse";
	setAttr ".covm[0]"  0 1 1;
	setAttr ".cdvm[0]"  0 1 1;
createNode transform -n "sun";
	setAttr ".t" -type "double3" 0 5 0 ;
	setAttr ".r" -type "double3" -50 30 0 ;
createNode directionalLight -n "sunShape" -p "sun";
	setAttr -k off ".v";
createNode lightLinker -s -n "lightLinker1";
	setAttr -s 3 ".lnk";
	setAttr -s 3 ".slnk";
createNode displayLayerManager -n "layerManager";
createNode displayLayer -n "defaultLayer";
createNode renderLayerManager -n "renderLayerManager";
createNode renderLayer -n "defaultRenderLayer";
	setAttr ".g" yes;
createNode script -n "sceneConfigurationScriptNode";
	setAttr ".b" -type "string" "playbackOptions -min 1 -max 24 -ast 1 -aet 24 ";
	setAttr ".st" 6;
createNode polyTorus -n "polyTorus1";
	setAttr ".r" 1.5;
	setAttr ".sr" 0.6;
createNode lambert -n "checkered";
createNode shadingEngine -n "checkeredSG";
	setAttr ".ihi" 0;
	setAttr ".ro" yes;
createNode materialInfo -n "materialInfo1";
createNode file -n "checkerFile";
	setAttr ".ftn" -type "string" "sourceimages/checker.png";
	setAttr ".cs" -type "string" "sRGB";
createNode place2dTexture -n "place2dTexture1";
createNode animCurveTA -n "ring_rotateY";
	setAttr ".tan" 2;
	setAttr ".wgt" no;
	setAttr -s 2 ".ktv[0:1]"  1 0 25 360;
select -ne :time1;
	setAttr ".o" 1;
	setAttr ".unw" 1;
select -ne :renderPartition;
	setAttr -s 3 ".st";
select -ne :renderGlobalsList1;
select -ne :defaultShaderList1;
	setAttr -s 6 ".s";
select -ne :postProcessList1;
	setAttr -s 2 ".p";
select -ne :defaultRenderUtilityList1;
select -ne :defaultRenderingList1;
select -ne :lightList1;
select -ne :defaultTextureList1;
select -ne :initialShadingGroup;
	setAttr ".ro" yes;
select -ne :initialParticleSE;
	setAttr ".ro" yes;
select -ne :defaultRenderGlobals;
	setAttr ".outf" 32;
	setAttr ".imfkey" -type "string" "png";
	setAttr ".an" yes;
	setAttr ".fs" 1;
	setAttr ".ef" 24;
	setAttr ".ep" 4;
	setAttr ".pff" yes;
	setAttr ".ifp" -type "string" "<Scene>";
select -ne :defaultResolution;
	setAttr ".w" 640;
	setAttr ".h" 360;
	setAttr ".pa" 1;
	setAttr ".dar" 1.7777777910232544;
select -ne :defaultLightSet;
select -ne :hardwareRenderGlobals;
	setAttr ".ctrs" 256;
	setAttr ".btrs" 512;
connectAttr "ring_rotateY.o" "ring.ry";
connectAttr "polyTorus1.out" "ringShape.i";
relationship "link" ":lightLinker1" ":initialShadingGroup.message" ":defaultLightSet.message";
relationship "link" ":lightLinker1" ":initialParticleSE.message" ":defaultLightSet.message";
relationship "link" ":lightLinker1" "checkeredSG.message" ":defaultLightSet.message";
relationship "shadowLink" ":lightLinker1" ":initialShadingGroup.message" ":defaultLightSet.message";
relationship "shadowLink" ":lightLinker1" ":initialParticleSE.message" ":defaultLightSet.message";
relationship "shadowLink" ":lightLinker1" "checkeredSG.message" ":defaultLightSet.message";
connectAttr "layerManager.dli[0]" "defaultLayer.id";
connectAttr "renderLayerManager.rlmi[0]" "defaultRenderLayer.rlid";
connectAttr "checkerFile.oc" "checkered.c";
connectAttr "checkered.oc" "checkeredSG.ss";
connectAttr "ringShape.iog" "checkeredSG.dsm" -na;
connectAttr "checkeredSG.msg" "materialInfo1.sg";
connectAttr "checkered.msg" "materialInfo1.m";
connectAttr "checkerFile.msg" "materialInfo1.t" -na;
connectAttr ":defaultColorMgtGlobals.cme" "checkerFile.cme";
connectAttr ":defaultColorMgtGlobals.cfe" "checkerFile.cmcf";
connectAttr ":defaultColorMgtGlobals.cfp" "checkerFile.cmcp";
connectAttr ":defaultColorMgtGlobals.wsn" "checkerFile.ws";
connectAttr "place2dTexture1.c" "checkerFile.c";
connectAttr "place2dTexture1.tf" "checkerFile.tf";
connectAttr "place2dTexture1.rf" "checkerFile.rf";
connectAttr "place2dTexture1.mu" "checkerFile.mu";
connectAttr "place2dTexture1.mv" "checkerFile.mv";
connectAttr "place2dTexture1.s" "checkerFile.s";
connectAttr "place2dTexture1.wu" "checkerFile.wu";
connectAttr "place2dTexture1.wv" "checkerFile.wv";
connectAttr "place2dTexture1.re" "checkerFile.re";
connectAttr "place2dTexture1.of" "checkerFile.of";
connectAttr "place2dTexture1.r" "checkerFile.ro";
connectAttr "place2dTexture1.n" "checkerFile.n";
connectAttr "place2dTexture1.vt1" "checkerFile.vt1";
connectAttr "place2dTexture1.vt2" "checkerFile.vt2";
connectAttr "place2dTexture1.vt3" "checkerFile.vt3";
connectAttr "place2dTexture1.vc1" "checkerFile.vc1";
connectAttr "place2dTexture1.o" "checkerFile.uv";
connectAttr "place2dTexture1.ofs" "checkerFile.fs";
connectAttr "checkeredSG.pa" ":renderPartition.st" -na;
connectAttr "checkered.msg" ":defaultShaderList1.s" -na;
connectAttr "place2dTexture1.msg" ":defaultRenderUtilityList1.u" -na;
connectAttr "defaultRenderLayer.msg" ":defaultRenderingList1.r" -na;
connectAttr "sunShape.ltd" ":lightList1.l" -na;
connectAttr "checkerFile.msg" ":defaultTextureList1.tx" -na;
connectAttr "sun.iog" ":defaultLightSet.dsm" -na;
// End of turntable.ma
"""


def turntable() -> str:
    """Give every node of the Maya scene its identifier."""
    lines: list[str] = []
    for line in TURNTABLE.splitlines():
        lines.append(line)
        if line.startswith("createNode"):
            identifier = uuid.uuid5(uuid.NAMESPACE_URL, f"turntable.ma {line}")
            lines.append(f'\trename -uid "{str(identifier).upper()}";')
    return "\n".join(lines) + "\n"


def files() -> dict[str, bytes]:
    """Make everything that needs no Blender: path below the folder of the examples to content."""
    return {
        "turntable/workspace.mel": WORKSPACE.encode(),
        "turntable/scenes/turntable.ma": turntable().encode(),
        "turntable/sourceimages/checker.png": png(64, 64, checker),
        "spin/textures/wood.png": png(128, 128, wood),
    }


def write(folder: Path) -> None:
    """Write the files of `files` below a folder."""
    for name, content in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_spin(folder: Path) -> None:
    """Save the Blender scene below a folder; runs inside Blender only."""
    import bpy  # noqa: PLC0415 - exists inside Blender only

    bpy.ops.wm.read_factory_settings()
    scene = bpy.context.scene
    path = folder / "spin" / "spin.blend"
    bpy.context.preferences.filepaths.save_version = 0
    # Saved once before anything else, so that relative paths have something to start from.
    bpy.ops.wm.save_as_mainfile(filepath=str(path))

    material = bpy.data.materials.new("wood")
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    texture = nodes.new("ShaderNodeTexImage")
    texture.image = bpy.data.images.load("//textures/wood.png")
    links.new(texture.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])

    cube = bpy.data.objects["Cube"]
    cube.data.materials.clear()
    cube.data.materials.append(material)
    for frame, angle in ((1, 0.0), (17, 1.5707963)):
        cube.rotation_euler.z = angle
        cube.keyframe_insert("rotation_euler", index=2, frame=frame)
    for key in cube.animation_data.action.fcurves[0].keyframe_points:
        key.interpolation = "LINEAR"

    bpy.data.objects["Camera"].data.lens = 60
    light = bpy.data.objects["Light"].data
    light.type = "SUN"
    light.energy = 3

    scene.frame_start, scene.frame_end = 1, 16
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.resolution_percentage = 320, 180, 100
    render.filepath = "//renders/spin_####"
    render.image_settings.file_format = "PNG"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 4
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 2
    # The workspaces of the user interface only make the file larger.
    kept = bpy.context.window.workspace
    bpy.data.batch_remove([each for each in bpy.data.workspaces if each != kept])
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True)


if __name__ == "__main__":
    write(HERE)
    if "bpy" in sys.modules:
        write_spin(HERE)
