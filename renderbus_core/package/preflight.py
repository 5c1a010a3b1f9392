"""Everything that can be looked at on this host before anything is sent or paid.

Rules about the scene, its files and the job's outputs; the looks at the disk are in `disk`.
Which names the cloud refuses is an ASSUMPTION from the vendor's advice, which its own samples do
not follow: only what certainly cannot work is an error.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from renderbus_core.errors import InputError
from renderbus_core.facts import ExternalFile, FileKind, SceneFacts
from renderbus_core.frames import FrameSet, pad_path
from renderbus_core.package.assets import Needed, Resolved, needed
from renderbus_core.package.dcc import program
from renderbus_core.package.disk import (
    FileState,
    Kind,
    Listings,
    is_below,
    state_of,
    why_not_writable,
)
from renderbus_core.package.findings import Finding, Severity, parted, worst_first
from renderbus_core.package.request import BurstRequest
from renderbus_core.paths import server_path

_DEEPEST = 22
_LONGEST_SHOWN = 200
_USUAL = re.compile(r"[A-Za-z0-9_./-]")
_FORBIDDEN_ON_WINDOWS = re.compile(r'[<>:"|?*]')
_DOUBTFUL_ROOT = re.compile(r"[A-Da-d]:|(?:\\\\|//)[^\\/]+")


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
            missing_files(resolved),
            unusable_files(files, states),
            files_outside(files, tuple(roots)),
            wrong_case(files, request),
            unknown_facts(facts),
            cameras(facts),
            frames_outside(facts, request),
            changed_scene(states[scene.local], request, split=split),
            outputs(request),
            names(files, request),
            doubtful_roots(files),
            collisions(files, request),
            remarks(facts),
        )
    )


def missing_files(resolved: Sequence[Resolved]) -> Iterator[Finding]:
    """Every file that the scene names is here."""
    for each in resolved:
        if each.missing is not None:
            message, fix = parted(each.missing, "put it back")
            severity = Severity.ERROR if each.file.required else Severity.WARNING
            yield Finding("missing_file", severity, _place(each.file), message, fix)


def unusable_files(files: Sequence[Needed], states: dict[Path, FileState]) -> Iterator[Finding]:
    """Every file that was found can be read and holds something."""
    for file in files:
        fault = _fault(states[file.local])
        if fault:
            # A folder's content may hold empty files that nobody reads.
            vital = file.file.required and not file.file.folder
            severity = Severity.ERROR if vital else Severity.WARNING
            message = f"{_named(file)} {fault} ({file.local})"
            yield Finding(
                "unusable_file", severity, _place(file.file), message, "put a good copy there"
            )


def files_outside(files: Sequence[Needed], roots: tuple[Path, ...]) -> Iterator[Finding]:
    """No file, links followed, lies outside the folders that may be sent."""
    for file in files if roots else ():
        if not is_below(file.local, roots):
            yield Finding(
                "outside_roots",
                Severity.ERROR,
                _place(file.file),
                f"{_named(file)} lies outside the folders that may be sent ({file.local})",
                "move it, or add its folder to paths.roots",
            )


def wrong_case(files: Sequence[Needed], request: BurstRequest) -> Iterator[Finding]:
    """Names are spelled as the folder has them: this host may not care, Linux machines do."""
    linux = request.render_system == "linux"
    listings = Listings()
    for file in files:
        listed = listings.spelling(file.local)
        if listed is not None and listed != file.local.name:
            yield Finding(
                "wrong_case",
                Severity.ERROR if linux else Severity.WARNING,
                _place(file.file),
                f"{_named(file)} is called {listed!r} on the disk",
                "spell it in the scene as the disk does",
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
    """Some camera is rendered."""
    by_layer = any(layer.cameras for layer in facts.layers if layer.renderable)
    if not by_layer and not any(camera.renderable for camera in facts.cameras):
        yield _scene_error(
            facts, "no_camera", "no camera is renderable", "make one renderable and save"
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
            f"frames {_short(str(beyond))} are not in the scene's own range {_short(str(own))}",
            "make sure that there is something to see",
        )


def changed_scene(scene: FileState, request: BurstRequest, *, split: bool) -> Iterator[Finding]:
    """A job that is rendered in two places is rendered from one state of its scene."""
    submitted = request.job.submitted_at
    if split and scene.modified > submitted:
        yield Finding(
            "scene_changed",
            Severity.ERROR,
            str(scene.path),
            f"the scene was saved at {scene.modified:%Y-%m-%d %H:%M:%S} UTC, after its job was "
            f"submitted at {submitted:%Y-%m-%d %H:%M:%S} UTC, so frames may not match",
            "submit the job again or burst all of it",
        )


def outputs(request: BurstRequest) -> Iterator[Finding]:
    """The job says where its pictures belong, and they can be put there."""
    if not request.job.outputs:
        yield _job_error(request, "no_output", "the job declares no output files", "name them")
    for template in request.job.outputs:
        try:
            folder = Path(pad_path(template, 0)).parent
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


def names(files: Sequence[Needed], request: BurstRequest) -> Iterator[Finding]:
    """The cloud can keep every file under its name."""
    windows = request.render_system == "windows"
    for file in files:
        try:
            server = server_path(file.stored)
        except InputError as error:
            message, fix = parted(str(error), "correct the path")
            yield Finding("server_path", Severity.ERROR, _place(file.file), message, fix)
            continue
        if server.count("/") - 1 > _DEEPEST:
            yield Finding(
                "too_deep",
                Severity.ERROR,
                _place(file.file),
                f"{_named(file)} lies more than {_DEEPEST} folders deep",
                "move it up",
            )
        unusual = sorted(set(_USUAL.sub("", server)))
        if unusual:
            impossible = windows and _FORBIDDEN_ON_WINDOWS.search(server)
            signs = _short(" ".join(map(repr, unusual)))
            yield Finding(
                "unusual_name",
                Severity.ERROR if impossible else Severity.WARNING,
                _place(file.file),
                f"{_named(file)} has {signs} in its path, which render machines "
                f"{'cannot store' if impossible else 'may refuse'}",
                "rename it with letters, digits, '-', '_' and '.'",
            )


def doubtful_roots(files: Sequence[Needed]) -> Iterator[Finding]:
    """No file is on a drive from A to D or on a share, which the vendor advises against."""
    found = (_DOUBTFUL_ROOT.match(file.stored) for file in files)
    for root in sorted({match[0] for match in found if match}):
        yield Finding(
            "doubtful_root",
            Severity.WARNING,
            root,
            f"files are on {root}, and the vendor advises against drives A to D and shares",
            "use a drive from E on if the cloud does not find them",
        )


def collisions(files: Sequence[Needed], request: BurstRequest) -> Iterator[Finding]:
    """No two different files become one in the cloud."""
    windows = request.render_system == "windows"
    by_server: dict[str, dict[Path, str]] = defaultdict(dict)
    for file in files:
        try:
            server = server_path(file.stored)
        except InputError:  # said by `names`
            continue
        by_server[server.casefold()][file.local] = server
    for group in by_server.values():
        if len(group) > 1:
            same = windows or len(set(group.values())) < len(group)
            yield Finding(
                "collision",
                Severity.ERROR if same else Severity.WARNING,
                next(iter(group.values())),
                f"{' and '.join(map(str, group))} "
                f"{'become one file' if same else 'differ in case alone'} in the cloud",
                "rename one of them",
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


def _fault(state: FileState) -> str | None:
    if state.kind is Kind.ABSENT:
        return "is no longer there"
    if state.kind is not Kind.FILE:
        return f"is a {state.kind}" if state.kind is Kind.FOLDER else f"is {state.kind}"
    if not state.readable:
        return "may not be read"
    return None if state.size else "is empty"


def _place(file: ExternalFile) -> str:
    return f"{file.owner}, line {file.line}" if file.line else file.owner


def _named(file: Needed) -> str:
    return f"{_short(file.file.stored)!r} ({_place(file.file)})"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _scene_error(facts: SceneFacts, rule: str, message: str, fix: str) -> Finding:
    return Finding(rule, Severity.ERROR, str(facts.path), f"{facts.path.name}: {message}", fix)


def _job_error(request: BurstRequest, rule: str, message: str, fix: str) -> Finding:
    return Finding(rule, Severity.ERROR, f"job {request.job.name}", message, fix)
