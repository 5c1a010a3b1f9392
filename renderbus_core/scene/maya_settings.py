"""Render settings of a Maya scene: overridden by a layer, else stored, else Maya's default."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from renderbus_core.errors import InputError
from renderbus_core.facts import Camera, Fact, Origin
from renderbus_core.frames import FrameSet
from renderbus_core.scene import maya_tables as tables
from renderbus_core.scene.maya_scene import ON, MayaScene, Node

Plug = tuple[str, str]
"""Node name and long attribute name."""

_GLOBALS = "defaultRenderGlobals"
_RESOLUTION = "defaultResolution"
_TIME = "time1"
_VRAY = "vraySettings"
_ARNOLD_DRIVER = "defaultArnoldDriver"
# Frame numbers of more digits are none.
_MOST_DIGITS = 10

_DEFAULTS: Mapping[Plug, str] = MappingProxyType(
    {
        (_GLOBALS, "currentRenderer"): "mayaSoftware",
        (_GLOBALS, "animation"): "no",
        (_GLOBALS, "startFrame"): "1",
        (_GLOBALS, "endFrame"): "10",
        (_GLOBALS, "byFrameStep"): "1",
        (_GLOBALS, "imageFilePrefix"): "",
        (_GLOBALS, "imageFormat"): "7",
        (_GLOBALS, "imfPluginKey"): "",
        (_GLOBALS, "extensionPadding"): "",
        (_RESOLUTION, "width"): "960",
        (_RESOLUTION, "height"): "540",
        (_TIME, "outTime"): "1",
        (_VRAY, "width"): "960",
        (_VRAY, "height"): "540",
        (_VRAY, "animType"): "0",
        (_VRAY, "fileNamePrefix"): "",
        (_VRAY, "imageFormatStr"): "png",
        (_ARNOLD_DRIVER, "aiTranslator"): "exr",
    }
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Values in force.

    Args:
        scene: where values are stored.
        overrides: of one layer.
    """

    scene: MayaScene
    overrides: Mapping[Plug, str] = field(default_factory=dict)

    def get(self, node: str, attribute: str) -> Fact[str]:
        """Look up a setting that has a default."""
        plug = (node, attribute)
        if plug in self.overrides:
            return Fact(self.overrides[plug], Origin.STORED)
        value = self.scene.setting(node, attribute)
        if value is not None:
            return Fact(value.text, Origin.STORED)
        return Fact(_DEFAULTS[plug], Origin.DEFAULT)

    def stored(self, plug: Plug) -> str | None:
        """Look up any setting; None where nothing is stored and no default is known."""
        value = self.scene.setting(*plug)
        return value.text if value else _DEFAULTS.get(plug)

    @property
    def is_vray(self) -> bool:
        """Whether V-Ray's own settings replace Maya's."""
        return renderer(self).value == "vray" and _VRAY in self.scene.by_name


def renderer(settings: Settings) -> Fact[str | None]:
    """Name the renderer."""
    fact = settings.get(_GLOBALS, "currentRenderer")
    return Fact(fact.value or "mayaSoftware", fact.origin)


def frames(settings: Settings, warnings: list[str]) -> Fact[FrameSet | None]:
    """Tell the range, or the frame shown when animation is off; what is odd goes to `warnings`."""
    animated = settings.get(_GLOBALS, "animation").value in ON
    if settings.is_vray:
        # 0 is off, 1 the range of the common settings, 2 a list that is not read.
        animated = settings.get(_VRAY, "animType").value != "0"
    if not animated:
        now = settings.get(_TIME, "outTime")
        return _frames((now, now, Fact("1", now.origin)), warnings)
    first, last, step = (
        settings.get(_GLOBALS, name) for name in ("startFrame", "endFrame", "byFrameStep")
    )
    return _frames((first, last, step), warnings)


def resolution(settings: Settings, warnings: list[str]) -> Fact[tuple[int, int] | None]:
    """Tell width and height; what is odd goes to `warnings`."""
    node = _VRAY if settings.is_vray else _RESOLUTION
    facts = [settings.get(node, name) for name in ("width", "height")]
    width, height = (_number(fact.value) or 0 for fact in facts)
    if width < 1 or height < 1:
        said = " x ".join(fact.value for fact in facts)
        warnings.append(f"the picture size {said[:80]!r} is not a size; set width and height")
        return Fact(None, Origin.UNKNOWN)
    return Fact((int(width), int(height)), _origin(*facts))


def output(settings: Settings) -> Fact[str | None]:
    """Give the file prefix; Maya takes an empty one for the scene's name."""
    fact = (
        settings.get(_VRAY, "fileNamePrefix")
        if settings.is_vray
        else settings.get(_GLOBALS, "imageFilePrefix")
    )
    return Fact(fact.value, fact.origin) if fact.value else Fact("<Scene>", Origin.DEFAULT)


def image_format(settings: Settings, warnings: list[str]) -> Fact[str | None]:
    """Give the extension of the pictures; a film goes to `warnings`."""
    name = renderer(settings).value
    if settings.is_vray:
        return _extension(settings.get(_VRAY, "imageFormatStr"))
    if name == "arnold":
        return _extension(settings.get(_ARNOLD_DRIVER, "aiTranslator"))
    if name not in tables.MAYA_RENDERERS:
        return Fact(None, Origin.UNKNOWN)
    code = settings.get(_GLOBALS, "imageFormat")
    if film := tables.MOVIE_FORMATS.get(code.value):
        warnings.append(
            f"the output is a {film} film, which cannot be rendered frame by frame; "
            "choose a picture format"
        )
        return Fact(None, Origin.UNKNOWN)
    if code.value == tables.PLUGIN_FORMAT:
        return _extension(settings.get(_GLOBALS, "imfPluginKey"))
    return _extension(Fact(tables.IMAGE_FORMATS.get(code.value, ""), code.origin))


def frame_digits(settings: Settings) -> Fact[int | None]:
    """Tell how many digits a frame has in names; unknown where nothing is stored.

    Real scenes store 1 as well as 4, so neither is what Maya leaves out; V-Ray has a setting of
    its own, whose name in files no source shows.
    """
    stored = settings.get(_GLOBALS, "extensionPadding")
    digits = None if settings.is_vray else _whole(stored.value)
    if digits is None or not 1 <= digits <= _MOST_DIGITS:
        return Fact(None, Origin.UNKNOWN)
    return Fact(digits, stored.origin)


def cameras(settings: Settings) -> tuple[Camera, ...]:
    """List the cameras by the name of their transform, as people do."""
    return tuple(
        Camera(
            name=node.parent.lstrip(":") or node.name.removesuffix("Shape"),
            renderable=_is_renderable(node, settings.overrides),
        )
        for node in settings.scene.of_type("camera")
    )


def frames_per_second(scene: MayaScene, warnings: list[str]) -> Fact[float | None]:
    """Turn the time unit into a rate."""
    unit = scene.time_unit
    if not unit:
        return Fact(tables.TIME_UNITS["film"], Origin.DEFAULT)
    rate = tables.TIME_UNITS.get(unit) or _number(unit.removesuffix("fps").removesuffix("df"))
    if not rate or rate <= 0:
        warnings.append(f"the time unit {unit[:80]!r} is not known; set a frame rate")
        return Fact(None, Origin.UNKNOWN)
    return Fact(rate, Origin.STORED)


def relative(base: str | None, factor: str, offset: str) -> str | None:
    """Compute a relative override; None when a part is not a number."""
    numbers = [_number(part) for part in (base or "", factor, offset)]
    if any(each is None for each in numbers):
        return None
    value, times, plus = (each or 0.0 for each in numbers)
    return repr(value * times + plus)


def _is_renderable(node: Node, overrides: Mapping[Plug, str]) -> bool:
    override = overrides.get((node.name, "renderable"))
    return node.on("renderable", default=True) if override is None else override in ON


def _frames(
    facts: tuple[Fact[str], Fact[str], Fact[str]], warnings: list[str]
) -> Fact[FrameSet | None]:
    first, last, step = (_whole(fact.value) for fact in facts)
    said = "{} to {} by {}".format(*(fact.value[:20] for fact in facts))
    if first is None or last is None or step is None:
        warnings.append(f"the frame range {said} is not in whole frames; set whole numbers")
    elif last < first or step < 1:
        warnings.append(f"the frame range {said} is empty; set an end behind its start")
    else:
        try:
            return Fact(FrameSet.span(first, last, step), _origin(*facts))
        except InputError as why:
            warnings.append(f"the frame range {said} cannot be used: {why}")
    return Fact(None, Origin.UNKNOWN)


def _extension(fact: Fact[str]) -> Fact[str | None]:
    # V-Ray adds words: "exr (multichannel)".
    name = fact.value.lower().split(" ", 1)[0]
    if not name:
        return Fact(None, Origin.UNKNOWN)
    return Fact(tables.EXTENSIONS.get(name, name), fact.origin)


def _number(text: str) -> float | None:
    """Read a finite number; None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _whole(text: str) -> int | None:
    value = _number(text)
    return int(value) if value is not None and value.is_integer() else None


def _origin(*facts: Fact[str]) -> Origin:
    stored = any(fact.origin is Origin.STORED for fact in facts)
    return Origin.STORED if stored else Origin.DEFAULT
