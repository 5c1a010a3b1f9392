"""Everything that can be looked at on this host before anything is sent or paid.

Rules about the scene, the job and its outputs; those about files are in `file_rules`, the looks
at the disk in `disk`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from renderbus_core.errors import InputError
from renderbus_core.facts import ExternalFile, FileKind, SceneFacts
from renderbus_core.frames import FrameSet
from renderbus_core.package import file_rules
from renderbus_core.package.assets import Needed, Resolved, needed
from renderbus_core.package.dcc import program
from renderbus_core.package.disk import FileState, state_of, why_not_writable
from renderbus_core.package.file_rules import shortened
from renderbus_core.package.findings import Finding, Severity, parted, worst_first
from renderbus_core.package.outputs import output_folder
from renderbus_core.package.request import BurstRequest

# Cameras that every Maya scene has for its windows.
_VIEWS = frozenset({"persp", "top", "front", "side", "back", "bottom", "left"})
_MANY_FRAMES = 10_000


def preflight(
    facts: SceneFacts,
    resolved: Sequence[Resolved],
    request: BurstRequest,
    *,
    roots: Sequence[Path] = (),
    split: bool = False,
) -> tuple[Finding, ...]:
    """Look for everything that would fail, or be paid for in vain; the worst first.

    Args:
        facts: of the scene.
        resolved: the files it names, looked up on this host.
        request: the burst.
        roots: only files below these folders may be sent; any file when there are none.
        split: True when the farm renders the other frames of the job itself.
    """
    scene = _scene(facts, request)
    files = (scene, *needed(facts, resolved, request.job))
    states = {file.local: state_of(file.local) for file in files}
    return worst_first(
        chain(
            file_rules.missing_files(resolved),
            file_rules.sequence_gaps(resolved, request),
            file_rules.found_elsewhere(facts, resolved),
            file_rules.relative_paths(facts, resolved, request),
            file_rules.unusable_files(files, states),
            file_rules.files_outside(files, tuple(roots)),
            file_rules.wrong_case(files, request),
            unknown_facts(facts),
            cameras(facts),
            layers(facts, request),
            frames_outside(facts, request),
            many_frames(request),
            changed_scene(states[scene.local], request, split=split),
            changed_meanwhile(facts, states[scene.local]),
            file_rules.changed_files(files[1:], states, request, split=split),
            outputs(request),
            file_rules.names(files, request),
            file_rules.doubtful_roots(files),
            file_rules.collisions(files, request),
            remarks(facts),
            file_rules.upload_size(states),
        )
    )


def unknown_facts(facts: SceneFacts) -> Iterator[Finding]:
    """Whatever the cloud must be told stands in the scene, and it makes pictures, no movie."""
    try:
        known = program(facts.dcc)
    except InputError as error:
        yield _scene_error(facts, "program", *parted(str(error), "render it locally"))
        return
    must = {
        "version": facts.version.value,
        "resolution": facts.resolution.value,
        "image format": facts.image_format.value,
    }
    for name, value in must.items():
        if value is None:
            yield _scene_error(facts, "unknown", f"the {name} cannot be read", "set it and save")
    if facts.image_format.value is not None:
        try:
            known.format_named_by(facts.image_format.value)
        except InputError as error:
            yield _scene_error(facts, "image_format", *parted(str(error), "choose another"))


def cameras(facts: SceneFacts) -> Iterator[Finding]:
    """Some camera is rendered, and it is one that somebody placed."""
    by_layer = [name for each in facts.layers if each.renderable for name in each.cameras or ()]
    rendered = by_layer or [camera.name for camera in facts.cameras if camera.renderable]
    if not rendered:
        yield _scene_error(
            facts, "no_camera", "no camera is renderable", "make one renderable and save"
        )
    elif facts.dcc == "maya" and _VIEWS.issuperset(rendered):
        yield Finding(
            "default_view",
            Severity.WARNING,
            str(facts.path),
            f"only {' and '.join(dict.fromkeys(rendered))} is rendered, a view of the window",
            "make the shot's camera renderable and save",
        )


def layers(facts: SceneFacts, request: BurstRequest) -> Iterator[Finding]:
    """Some layer is rendered."""
    if facts.layers and not request.job.layer and not any(each.renderable for each in facts.layers):
        yield _scene_error(
            facts, "no_layer", "no layer is renderable", "make one renderable and save"
        )


def frames_outside(facts: SceneFacts, request: BurstRequest) -> Iterator[Finding]:
    """The frames are ones that the scene would render itself."""
    own = facts.frames.value
    beyond = request.frames - own if own is not None else FrameSet()
    if beyond:
        yield Finding(
            "frames_outside",
            Severity.WARNING,
            str(facts.path),
            f"frames {shortened(str(beyond))} are not in the scene's own range "
            f"{shortened(str(own))}",
            "make sure that there is something to see",
        )


def many_frames(request: BurstRequest) -> Iterator[Finding]:
    """No slip of the pen asks for more frames than a film's shot has."""
    count = len(request.frames)
    if count > _MANY_FRAMES:
        yield Finding(
            "many_frames",
            Severity.WARNING,
            f"job {request.job.name}",
            f"{count:,} frames would be sent ({shortened(str(request.frames))})",
            "make sure that all of them are wanted",
        )


def changed_scene(scene: FileState, request: BurstRequest, *, split: bool) -> Iterator[Finding]:
    """A job that is rendered in two places is rendered from one state of its scene."""
    submitted = request.job.submitted_at
    if scene.modified <= submitted:
        return
    times = (
        f"the scene was saved at {scene.modified:%Y-%m-%d %H:%M:%S} UTC, after its job was "
        f"submitted at {submitted:%Y-%m-%d %H:%M:%S} UTC"
    )
    if split:
        yield Finding(
            "scene_changed",
            Severity.ERROR,
            str(scene.path),
            f"{times}, so frames may not match",
            "submit the job again or burst all of it",
        )
    else:
        yield Finding(
            "scene_newer",
            Severity.INFO,
            str(scene.path),
            f"{times}, and is rendered as it is now",
            "submit again if that is wrong",
        )


def changed_meanwhile(facts: SceneFacts, scene: FileState) -> Iterator[Finding]:
    """The scene is still the one that was inspected."""
    if facts.stamp is not None and scene.stamp is not None and scene.stamp != facts.stamp:
        yield _scene_error(
            facts, "changed_meanwhile", "it was saved after it had been inspected", "check it again"
        )


def outputs(request: BurstRequest) -> Iterator[Finding]:
    """The job says where its pictures belong, and they can be put there."""
    if not request.job.outputs:
        yield _job_error(request, "no_output", "the job declares no output files", "name them")
    for template in request.job.outputs:
        try:
            folder = output_folder(template)
        except InputError as error:
            yield _job_error(request, "output_frame", *parted(str(error), "correct it"))
            continue
        fault = why_not_writable(folder) if folder.is_absolute() else "it is no path of this host"
        if fault:
            yield _job_error(
                request,
                "output_folder",
                f"pictures cannot be put at {template}: {fault}",
                "correct the folder or its rights, or the path mapping",
            )


def remarks(facts: SceneFacts) -> Iterator[Finding]:
    """Pass on what the reader noticed, and what it could not know."""
    place = str(facts.path)
    for sentence in facts.warnings:
        message, fix = parted(sentence, "look at the scene")
        yield Finding("scene", Severity.WARNING, place, message, fix)
    for sentence in facts.unknowable:
        message, fix = parted(sentence, "look there if it matters")
        yield Finding("unknowable", Severity.INFO, place, message, fix)


def _scene(facts: SceneFacts, request: BurstRequest) -> Needed:
    stored = request.job.scene
    return Needed(ExternalFile(stored, FileKind.OTHER, "scene file"), facts.path.absolute(), stored)


def _scene_error(facts: SceneFacts, rule: str, message: str, fix: str) -> Finding:
    return Finding(rule, Severity.ERROR, str(facts.path), f"{facts.path.name}: {message}", fix)


def _job_error(request: BurstRequest, rule: str, message: str, fix: str) -> Finding:
    return Finding(rule, Severity.ERROR, f"job {request.job.name}", message, fix)
