"""Where the pictures of a job belong, as far as its fields say; pure.

Qube's jobs declare no outputs: what their package or command line says of folder and name becomes
a template, and what it leaves to the scene stays open in it (`renderbus_core.package.outputs`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from qube_jobtype.programs import programs
from qube_jobtype.renderbus_submit import OUTPUTS_KEY, output_names
from renderbus_core.errors import InputError
from renderbus_core.package import programs as cloud_programs
from renderbus_core.paths import is_absolute

_BY_HAND = f"or say it in the package: {OUTPUTS_KEY}=/show/out/shot.####.exr"
_NUMBER = re.compile(r"QB_FRAME_(?:NUMBER|START)")
_HOUDINI_FRAME = re.compile(r"\$F([0-9]?)")
_OF_LAYER = re.compile(r"<(?:render)?layer>", re.IGNORECASE)
_MOST_DIGITS = 10
_LOST = (
    "nobody says where its pictures belong: neither its package nor its command line does; {why}"
    + _BY_HAND
)
_WHY: Mapping[str, str] = {
    "maya": "give the folder (-rd, renderDirectory), ",
    "blender": "give the output (-o), ",
    "houdini": "give the output (-o), ",
}


def declared_outputs(
    dcc: str, fields: Mapping[str, str], layer: str, by_hand: str
) -> tuple[str, ...]:
    """Return the templates of the files that a job makes.

    Args:
        dcc: that renders it.
        fields: what it says.
        layer: the one layer that it renders; "" for all of the scene.
        by_hand: of the package's key for outputs; "" for none.

    Raises:
        InputError: nobody says where they are, or it cannot be told.
    """
    if by_hand:
        found = tuple(output_names(by_hand))
    elif fields.get("folder"):
        found = (_in_folder(dcc, fields, layer),)
    elif fields.get("output"):
        found = (_as_named(dcc, fields),)
    else:
        raise InputError(_LOST.format(why=_WHY.get(dcc, "")))
    for name in found:
        if not is_absolute(name) or "QB_FRAME_" in name:
            raise InputError(f"the output {name} is no absolute path; write it out, {_BY_HAND}")
    return found


def _in_folder(dcc: str, fields: Mapping[str, str], layer: str) -> str:
    folder = fields["folder"].rstrip("/\\")
    prefix = fields.get("prefix", "")
    if layer and not _OF_LAYER.search(prefix):
        # Maya makes one where the scene has more than one layer.
        raise InputError(
            f"whether pictures of the layer {layer} lie in a folder of their own cannot be told; "
            f"put <RenderLayer> into the image file prefix, {_BY_HAND}"
        )
    if not prefix:
        return f"{folder}/<Picture>"
    if "%" in prefix or prefix.endswith("/") or is_absolute(prefix):
        raise InputError(
            f"what the image file prefix {prefix!r} becomes cannot be told; {_BY_HAND}"
        )
    return f"{folder}/{prefix}.{_digits(fields)}.{_ending(dcc, fields)}"


def _as_named(dcc: str, fields: Mapping[str, str]) -> str:
    output = fields["output"]
    if dcc == "houdini":
        output = _NUMBER.sub("#" * _padding(fields, "digits", 1), output)
        return _HOUDINI_FRAME.sub(lambda found: "#" * int(found[1] or 1), output)
    if "QB_FRAME_" in output or "{" in output:
        # It adds digits of its own to a name without `#`, and newer ones fill in what stands in
        # braces.
        raise InputError(
            f"what Blender makes of the output {output} cannot be told; write # for the digits of "
            f"the frame (-o), {_BY_HAND}"
        )
    if output.startswith("//"):
        # Beside the scene.
        scene = fields.get("scene", "").replace("\\", "/")
        output = posixpath.join(posixpath.dirname(scene), output[2:])
    name = re.split(r"[\\/]", output)[-1]
    return _with_ending(output + ("" if "#" in name else "####"), fields.get("format", ""))


def _with_ending(output: str, format_: str) -> str:
    """Return an output with the ending that Blender gives it, by the tables in `programs.json`."""
    row = programs()["blender"].row
    stem, _, written = output.rpartition(".")
    ending = written.casefold()
    if not format_:
        # Pictures of another kind, as the scene may say, do not come home under this name.
        is_picture = ending in {*row["replaced"], *row["replaced_by_some"]}
        return output if is_picture else f"{output}.<Extension>"
    fitting = row["endings"].get(format_)
    if fitting is None:
        raise _unknown_ending(format_)
    if ending in fitting:
        return output
    if ending in row["replaced_by_some"]:
        raise InputError(
            f"what Blender makes of the output {output} with the format {format_} (-F) differs "
            f"from version to version; write .{fitting[0]}, {_BY_HAND}"
        )
    return f"{stem if ending in row['replaced'] else output}.{fitting[0]}"


def _ending(dcc: str, fields: Mapping[str, str]) -> str:
    name = fields.get("format", "")
    if not name:
        return "<Extension>"
    formats = cloud_programs()[dcc].formats
    endings = {spelled.casefold(): ending for spelled, ending in formats.items()}
    endings |= {ending: ending for ending in formats.values()}
    found = endings.get(name.casefold().removeprefix("."))
    if found is None:
        raise _unknown_ending(name)
    return found


def _unknown_ending(format_: str) -> InputError:
    return InputError(
        f"which ending pictures of the format {format_!r} have is not known; {_BY_HAND}"
    )


def _digits(fields: Mapping[str, str]) -> str:
    return "#" * _padding(fields, "padding", 0) or "<Frame>"


def _padding(fields: Mapping[str, str], name: str, usual: int) -> int:
    text = fields.get(name, "")
    if not text:
        return usual
    if not re.fullmatch(r"[0-9]{1,2}", text) or not 0 <= int(text) <= _MOST_DIGITS:
        raise InputError(f"{name}={text} is no number of digits")
    return max(int(text), usual)
