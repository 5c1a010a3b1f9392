"""Every rule with its name, how bad it is to break it, and the usual remedy."""

from __future__ import annotations

from renderbus_core.package.findings import Severity
from renderbus_core.package.rules import files, frames, hardware, layers, settings
from renderbus_core.package.rules.rule import Rule

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_UPLOAD, _BOTH, _TIPS = ("upload",), ("task", "upload"), ("tips",)
_HARDWARE, _LISTING = ("task", "tips"), ("task", "asset")

RULES = (
    Rule(
        "undocumented",
        _INFO,
        "try a single frame first",
        settings.program_is_documented,
    ),
    Rule(
        "scene_extension",
        _ERROR,
        "name a scene of the program",
        settings.scene_fits_program,
    ),
    Rule(
        "sequence",
        _WARNING,
        "write #### in the place of the frame",
        settings.sequence_has_frames,
    ),
    Rule(
        "operating_system",
        _ERROR,
        "choose a system that the program runs on",
        settings.system_renders_program,
    ),
    Rule("frames", _ERROR, "make them agree", frames.frames_agree),
    Rule(
        "scene_range",
        _WARNING,
        "name frames of the scene, or render it there first",
        frames.frames_are_in_scene,
    ),
    Rule(
        "priority_frames",
        _ERROR,
        "list frames that are rendered",
        frames.priority_frames_are_rendered,
    ),
    Rule(
        "test_frames",
        _WARNING,
        "leave test_frames out, it is the older name",
        frames.older_name_agrees,
    ),
    Rule(
        "stop_after_test",
        _WARNING,
        "name priority frames, or set stop_after_test to 2",
        frames.pause_has_a_reason,
    ),
    Rule(
        "tiles",
        _ERROR,
        "set tiles to 1",
        settings.tiles_are_possible,
    ),
    Rule(
        "distributed",
        _ERROR,
        "correct the number of machines, or set is_distribute_render to 0",
        settings.distribution_is_possible,
    ),
    Rule(
        "distributed_unknown",
        _WARNING,
        "try a single frame first, or set it to 0",
        settings.distribution_is_known,
    ),
    Rule("layering", _WARNING, "give both the same value", settings.layering_agrees),
    Rule("layers", _ERROR, "switch one thing on at least", layers.something_is_rendered),
    Rule("camera", _ERROR, "name a camera of the scene", layers.cameras_exist),
    Rule(
        "simulation",
        _ERROR,
        "correct the option, or move the node to the list it belongs to",
        layers.simulations_fit_lists,
    ),
    Rule(
        "time_limits",
        _WARNING,
        "set seconds that its budget allows",
        settings.limits_are_set,
    ),
    Rule(
        "time_out",
        _WARNING,
        "write seconds, 43200 for twelve hours",
        settings.reminder_is_in_seconds,
    ),
    Rule("unknown_key", _WARNING, "leave it out", settings.keys_are_known),
    Rule(
        "hardware_ids",
        _WARNING,
        "add it, an empty list leaves the choice open",
        settings.hardware_is_named,
    ),
    Rule(
        "hardware_offer",
        _ERROR,
        "choose a machine of the cloud's hardware list",
        hardware.machines_are_offered,
    ),
    Rule(
        "hardware_scene",
        _ERROR,
        "choose another machine",
        hardware.machines_render_scene,
        _HARDWARE,
    ),
    Rule(
        "hardware_size",
        _WARNING,
        "name the size of the chosen machine",
        hardware.machines_have_size,
    ),
    Rule(
        "hardware_none",
        _ERROR,
        "choose another platform, or a version of the program that it renders",
        hardware.some_machine_fits,
        _HARDWARE,
    ),
    Rule("scene_upload", _ERROR, "add it", files.scene_is_uploaded, _BOTH),
    Rule(
        "upload_conflict",
        _ERROR,
        "rename one of them",
        files.files_have_own_places,
        _UPLOAD,
    ),
    Rule("upload_case", _ERROR, "rename one of them", files.case_tells_nothing_apart, _BOTH),
    Rule("upload_twice", _WARNING, "take one of them out", files.files_are_listed_once, _UPLOAD),
    Rule(
        "upload_form",
        _WARNING,
        "write scene as one object with local, server and hash of the archive",
        files.packed_scene_has_its_form,
        _BOTH,
    ),
    Rule(
        "asset_list",
        _WARNING,
        "add a list, it may be empty",
        files.assets_are_listed,
        ("task", "asset"),
    ),
    Rule(
        "tips_block",
        _ERROR,
        "mend it in the scene and analyse it again",
        files.no_tip_blocks,
        _TIPS,
    ),
    Rule(
        "tips",
        _WARNING,
        "look whether the scene renders without it",
        files.no_tip_warns,
        _TIPS,
    ),
)
"""In the order in which they are asked."""
