"""Every rule between fields with what it reads; its words stand in `schemas/rules.json`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from renderbus_core import rulebook
from renderbus_core.package.findings import Severity
from renderbus_core.package.rules import files, frames, hardware, layers, settings
from renderbus_core.package.rules.rule import Fault, Rule, Subject

_UPLOAD, _BOTH, _TIPS = ("upload",), ("task", "upload"), ("tips",)
_HARDWARE, _LISTING = ("task", "tips"), ("task", "asset")


def _rule(
    name: str, judge: Callable[[Subject], Iterator[Fault]], reads: tuple[str, ...] = ("task",)
) -> Rule:
    entry = rulebook.entries()[name]
    (severity,) = entry.severities
    return Rule(name, Severity(severity), entry.fix, entry.guards, judge, reads)


RULES = (
    _rule("undocumented", settings.program_is_documented),
    _rule("scene_extension", settings.scene_fits_program),
    _rule("sequence", settings.sequence_has_frames),
    _rule("operating_system", settings.system_renders_program),
    _rule("frames", frames.frames_agree),
    _rule("scene_range", frames.frames_are_in_scene),
    _rule("priority_frames", frames.priority_frames_are_rendered),
    _rule("test_frames", frames.older_name_agrees),
    _rule("stop_after_test", frames.pause_has_a_reason),
    _rule("tiles", settings.tiles_are_possible),
    _rule("distributed", settings.distribution_is_possible),
    _rule("distributed_unknown", settings.distribution_is_known),
    _rule("layering", settings.layering_agrees),
    _rule("layers", layers.something_is_rendered),
    _rule("camera", layers.cameras_exist),
    _rule("simulation", layers.simulations_fit_lists),
    _rule("time_limits", settings.limits_are_set),
    _rule("time_out", settings.reminder_is_in_seconds),
    _rule("unknown_key", settings.keys_are_known),
    _rule("hardware_ids", settings.hardware_is_named),
    _rule("hardware_offer", hardware.machines_are_offered),
    _rule("hardware_scene", hardware.machines_render_scene, _HARDWARE),
    _rule("hardware_size", hardware.machines_have_size),
    _rule("hardware_none", hardware.some_machine_fits, _HARDWARE),
    _rule("scene_upload", files.scene_is_uploaded, _BOTH),
    _rule("upload_conflict", files.files_have_own_places, _UPLOAD),
    _rule("upload_case", files.case_tells_nothing_apart, _BOTH),
    _rule("upload_twice", files.files_are_listed_once, _UPLOAD),
    _rule("upload_form", files.packed_scene_has_its_form, _BOTH),
    _rule("asset_list", files.assets_are_listed, _LISTING),
    _rule("tips_block", files.no_tip_blocks, _TIPS),
    _rule("tips", files.no_tip_warns, _TIPS),
)
"""In the order in which they are asked."""
