"""What Maya's node types and attributes mean, as data; files use short and long names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from renderbus_core.facts import FileKind


@dataclass(frozen=True, slots=True)
class Slot:
    """An attribute that holds the path of an input.

    Args:
        names: of the attribute, `[]` for any index; the first one is shown to people.
        kind: what the file is to the scene.
        folder: True when the path is a folder.
        required: False when a render does without it.
    """

    names: tuple[str, ...]
    kind: FileKind
    folder: bool = False
    required: bool = True


def _textures(*names: str) -> tuple[Slot, ...]:
    return tuple(Slot((name,), FileKind.TEXTURE) for name in names)


def _caches(*names: str) -> tuple[Slot, ...]:
    return tuple(Slot((name,), FileKind.CACHE) for name in names)


_FILE_TEXTURE = (Slot(("fileTextureName", "ftn"), FileKind.TEXTURE),)
_USD = (Slot(("filePath", "fp"), FileKind.CACHE),)
_REDSHIFT_TEXTURE = _textures("tex0")
_STAND_IN = (Slot(("dso",), FileKind.CACHE),)
_PXR_IMAGE = _textures("filename")
_PXR_LIGHT = _textures("lightColorMap", "iesProfile")

PATHS: Mapping[str, tuple[Slot, ...]] = MappingProxyType(
    {
        # Maya
        "file": _FILE_TEXTURE,
        "psdFileTex": _FILE_TEXTURE,
        "movie": _FILE_TEXTURE,
        "mentalrayTexture": _FILE_TEXTURE,
        "imagePlane": (Slot(("imageName", "imn"), FileKind.TEXTURE),),
        "audio": (Slot(("filename", "f"), FileKind.AUDIO, required=False),),
        "cacheFile": (Slot(("cachePath", "cp"), FileKind.CACHE, folder=True),),
        "gpuCache": (Slot(("cacheFileName", "cfn"), FileKind.CACHE),),
        "AlembicNode": (
            Slot(("abc_File", "fn"), FileKind.CACHE),
            Slot(("abc_layerFiles", "fns"), FileKind.CACHE),
        ),
        "ExocortexAlembicFile": (Slot(("fileName", "fn"), FileKind.CACHE),),
        "assemblyReference": (Slot(("definition", "def"), FileKind.REFERENCE),),
        "xgmPalette": (Slot(("xgFileName",), FileKind.OTHER),),
        "dx11Shader": (Slot(("shader", "s"), FileKind.OTHER),),
        "colorManagementGlobals": (Slot(("configFilePath", "cfp"), FileKind.OTHER),),
        "mayaUsdProxyShape": _USD,
        "pxrUsdProxyShape": _USD,
        "pxrUsdReferenceAssembly": _USD,
        # Arnold
        "mesh": _STAND_IN,
        "aiStandIn": _STAND_IN,
        "aiVolume": _caches("filename", "dso"),
        "aiImage": _textures("filename"),
        "aiPhotometricLight": (Slot(("aiFilename", "ai_filename"), FileKind.OTHER),),
        "aiIncludeGraph": (Slot(("filename",), FileKind.OTHER),),
        "aiMaterialx": (Slot(("filename",), FileKind.OTHER),),
        # V-Ray
        "VRayMesh": (
            Slot(("fileName", "fn"), FileKind.CACHE),
            Slot(("fileName2", "fn2"), FileKind.CACHE),
        ),
        "VRayScene": (Slot(("FilePath", "filePath"), FileKind.CACHE),),
        "VRayVolumeGrid": (
            Slot(("inFile",), FileKind.CACHE),
            Slot(("inPath",), FileKind.CACHE),
        ),
        "VRayPtex": (Slot(("ptexFile",), FileKind.TEXTURE),),
        "VRayLightIESShape": (Slot(("iesFile",), FileKind.OTHER),),
        "VRaySettingsNode": (
            Slot(("imap_fileName", "ifile"), FileKind.CACHE),
            Slot(("fileName", "fnm"), FileKind.CACHE),
        ),
        # Redshift
        "RedshiftProxyMesh": (Slot(("fileName", "fn"), FileKind.CACHE),),
        "RedshiftVolumeShape": (Slot(("fileName", "fn"), FileKind.CACHE),),
        "RedshiftDomeLight": _textures("tex0", "tex1"),
        "RedshiftEnvironment": _textures("tex0", "tex1", "tex2", "tex3", "tex4"),
        "RedshiftNormalMap": _REDSHIFT_TEXTURE,
        "RedshiftSprite": _REDSHIFT_TEXTURE,
        "RedshiftCameraMap": _REDSHIFT_TEXTURE,
        "RedshiftLightGobo": _REDSHIFT_TEXTURE,
        "RedshiftIESLight": (Slot(("profile",), FileKind.OTHER),),
        "RedshiftBokeh": (Slot(("dofBokehImage",), FileKind.TEXTURE),),
        "RedshiftLensDistortion": (Slot(("LDimage",), FileKind.TEXTURE),),
        # RenderMan
        "PxrTexture": _PXR_IMAGE,
        "PxrPtexture": _PXR_IMAGE,
        "PxrNormalMap": _PXR_IMAGE,
        "PxrMultiTexture": _textures(*(f"filename{i}" for i in range(10))),
        "PxrDomeLight": _PXR_LIGHT,
        "PxrRectLight": _PXR_LIGHT,
        "PxrDiskLight": _PXR_LIGHT,
        "PxrSphereLight": _PXR_LIGHT,
        "RenderManArchive": (Slot(("filename",), FileKind.CACHE),),
        # Others
        "pgYetiMaya": (Slot(("cacheFileName",), FileKind.CACHE),),
        "mentalrayIblShape": (Slot(("texture", "tx"), FileKind.TEXTURE),),
    }
)
"""Node type to the attributes that name inputs; outputs and templates are left out."""

EDITS: Mapping[str, Slot] = MappingProxyType(
    {
        slot.names[0]: slot
        for slot in (
            Slot(("fileTextureName",), FileKind.TEXTURE),
            Slot(("abc_File",), FileKind.CACHE),
            Slot(("cacheFileName",), FileKind.CACHE),
            Slot(("cachePath",), FileKind.CACHE, folder=True),
            Slot(("filePath",), FileKind.CACHE),
            Slot(("fileName",), FileKind.CACHE),
            Slot(("filename",), FileKind.OTHER),
            Slot(("dso",), FileKind.CACHE),
        )
    }
)
"""Attributes that name inputs on nodes of a reference, whose type the referencing file omits."""

SEQUENCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "file": ("useFrameExtension", "ufe"),
        "imagePlane": ("useFrameExtension", "ufe"),
        "psdFileTex": ("useFrameExtension", "ufe"),
    }
)
"""Node type to the switch that makes its path one frame of a sequence."""

TILING = ("uvTilingMode", "uvt")
"""The switch of a `file` node that makes its path one tile of a set."""

TILING_BY_UDIM, TILING_BY_UV = frozenset({"3"}), frozenset({"1", "2"})

RESOURCES = "<MAYA_RESOURCES>"
"""Paths below this are part of Maya's installation."""


def _settings(**longs: str) -> Mapping[str, str]:
    both = {**longs, **{long: long for long in longs.values()}}
    return MappingProxyType(both)


_OVERRIDE = _settings(
    atr="attribute",
    tgName="targetNodeName",
    atv="attrValue",
    mul="multiply",
    ofs="offset",
    e="enabled",
    se="selfEnabled",
)
_COLLECTION = _settings(se="selfEnabled")

SETTINGS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "renderGlobals": _settings(
            ren="currentRenderer",
            an="animation",
            fs="startFrame",
            ef="endFrame",
            bfs="byFrameStep",
            ep="extensionPadding",
            ifp="imageFilePrefix",
            outf="imageFormat",
            imfkey="imfPluginKey",
            prm="preMel",
            pom="postMel",
            pram="preRenderMel",
            poam="postRenderMel",
            prlm="preRenderLayerMel",
            polm="postRenderLayerMel",
        ),
        "resolution": _settings(w="width", h="height"),
        "time": _settings(o="outTime"),
        "camera": _settings(rnd="renderable"),
        # Names as in the open source of Arnold's plug-in.
        "aiOptions": _settings(aovm="aovMode"),
        "aiAOVDriver": _settings(
            ai_translator="aiTranslator",
            merge_AOVs="mergeAOVs",
            output_mode="outputMode",
            prefix="prefix",
        ),
        "aiAOV": _settings(
            aovn="name",
            aoven="enabled",
            lg="lightGroups",
            lgl="lightGroupsList",
            prefix="prefix",
        ),
        "VRayRenderElement": _settings(enabled="enabled"),
        "VRayRenderElementSet": _settings(enabled="enabled"),
        "VRaySettingsNode": _settings(
            wi="width",
            he="height",
            fnprx="fileNamePrefix",
            animtp="animType",
            imgfs="imageFormatStr",
        ),
        "reference": _settings(ed="edits"),
        "renderLayer": _settings(rndr="renderable", **{"adjs[].val": "adjustments[].value"}),
        "renderSetupLayer": _settings(),
        "collection": _COLLECTION,
        "renderSettingsCollection": _COLLECTION,
        "group": _COLLECTION,
        "simpleSelector": _settings(ssl="staticSelection"),
        "absOverride": _OVERRIDE,
        "absUniqueOverride": _OVERRIDE,
        "relUniqueOverride": _OVERRIDE,
        "script": _settings(),
        "expression": _settings(),
    }
)
"""Node type to the settings that are read: any spelling to the long name."""

DEFAULT_NODES: Mapping[str, str] = MappingProxyType(
    {
        "defaultRenderGlobals": "renderGlobals",
        "defaultResolution": "resolution",
        "time1": "time",
        "defaultColorMgtGlobals": "colorManagementGlobals",
    }
)
"""Nodes that every scene has: name to type."""

SCRIPTS = (
    "preMel",
    "postMel",
    "preRenderMel",
    "postRenderMel",
    "preRenderLayerMel",
    "postRenderLayerMel",
)

OWN_SCRIPT_NODES = frozenset({"uiConfigurationScriptNode", "sceneConfigurationScriptNode"})
"""Script nodes Maya writes into every scene; they touch no file."""

TIME_UNITS: Mapping[str, float] = MappingProxyType(
    {
        "game": 15.0,
        "film": 24.0,
        "pal": 25.0,
        "ntsc": 30.0,
        "show": 48.0,
        "palf": 50.0,
        "ntscf": 60.0,
    }
)
"""Frames per second by name; other units carry their number (`23.976fps`)."""

IMAGE_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "0": "gif",
        "2": "rla",
        "3": "tif",
        "4": "tif",
        "5": "sgi",
        "6": "als",
        "7": "iff",
        "8": "jpg",
        "9": "eps",
        "10": "iff",
        "11": "cin",
        "12": "yuv",
        "13": "sgi",
        "19": "tga",
        "20": "bmp",
        "31": "psd",
        "32": "png",
        "35": "dds",
        "36": "psd",
    }
)
"""Number in `imageFormat` to extension."""

PLUGIN_FORMAT = "51"
"""Number in `imageFormat` that refers to `imfPluginKey`."""

MOVIE_FORMATS: Mapping[str, str] = MappingProxyType(
    {"21": "SGI movie", "22": "QuickTime", "23": "AVI"}
)

EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {"jpeg": "jpg", "tiff": "tif", "deepexr": "exr", "targa": "tga"}
)
"""A renderer's name of an image format to extension, where they differ."""

MAYA_RENDERERS = frozenset({"mayaSoftware", "mayaHardware", "mayaHardware2", "mayaVector"})
"""Renderers that take the picture format from the common settings."""

PRIVATE_FILES: Mapping[str, str] = MappingProxyType(
    {
        "pgYetiMaya": "textures inside Yeti graphs",
        "xgmPalette": "files named inside XGen collections",
        "RedshiftProxyMesh": "textures inside Redshift proxies",
        "VRayScene": "files named inside V-Ray scenes",
        "aiStandIn": "files named inside Arnold stand-ins",
        "mayaUsdProxyShape": "layers and textures of USD stages",
        "pxrUsdProxyShape": "layers and textures of USD stages",
        "pxrUsdReferenceAssembly": "layers and textures of USD stages",
    }
)
"""Node types whose files name further files that only their plug-in knows."""
