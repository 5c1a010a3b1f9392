"""Rules about the files of a scene: what is missing, unusable, misplaced or badly named.

Which names the cloud refuses is an ASSUMPTION from the vendor's advice, which its own samples do
not follow: only what certainly cannot work is an error.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType

from renderbus_core.errors import InputError
from renderbus_core.facts import Absence, ExternalFile, SceneFacts
from renderbus_core.frames import FrameSet
from renderbus_core.package.assets import Needed, Resolved, is_rooted
from renderbus_core.package.builder import project_folder
from renderbus_core.package.disk import FileState, Kind, Listings, is_below
from renderbus_core.package.findings import Finding, Severity, parted
from renderbus_core.package.request import BurstRequest
from renderbus_core.paths import is_reserved_on_windows, server_path

_DEEPEST = 22
_LONGEST_SHOWN = 200
_LONGEST_ON_WINDOWS = 259
# Bytes of a path and of one name in it, without the zero at the end.
_LONGEST_ON_LINUX = 4095
_LONGEST_NAME_ON_LINUX = 255
_UNITS = ("bytes", "KB", "MB", "GB", "TB")
_UNIT = 1000
_SLASH = re.compile(r"[\\/]")
_USUAL = re.compile(r"[A-Za-z0-9_./-]")
_FORBIDDEN_ON_WINDOWS = re.compile(r'[<>:"|?*]')
_DOUBTFUL_DRIVE = re.compile(r"[A-Da-d]:")
_SHARE = re.compile(r"(?:\\\\|//)[^\\/]+")
_MANY = re.compile(r"[<#]")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
# What stands before and after the frame in the name of a sequence.
_AROUND_FRAME = re.compile(r"([^#<]*)#+([^#<]*)")
# Names that `resolve` gives to the ways in which a path is where it says.
_BY_ITS_PATH = frozenset({"absolute path", "path mapping"})
# Those that need nothing but the scene beside the file.
_BY_THE_SCENE = frozenset({"folder of the scene", "folder of the blend file"})
_RULE_OF_ABSENCE: Mapping[Absence, str] = MappingProxyType(
    {
        Absence.NOT_FOUND: "missing_file",
        Absence.OTHER_CASE: "wrong_case",
        Absence.LINK_LOOP: "link_loop",
        Absence.UNMAPPED: "unmapped_drive",
    }
)


def missing_files(resolved: Sequence[Resolved]) -> Iterator[Finding]:
    """Every file that the scene names is here."""
    for each in resolved:
        if each.missing is not None:
            message, fix = parted(each.missing, "put it back")
            severity = Severity.ERROR if each.file.required else Severity.WARNING
            rule = _RULE_OF_ABSENCE[each.absence or Absence.NOT_FOUND]
            yield Finding(rule, severity, _place(each.file), message, fix)


def sequence_gaps(resolved: Sequence[Resolved], request: BurstRequest) -> Iterator[Finding]:
    """No frame of a sequence is missing between its first and its last file.

    Which frame of the scene shows which file is often shifted or repeated, so a burst's frames
    beyond the last file are only looked for where some of them are there.
    """
    for each in resolved:
        found = _frames_of(each)
        if not found:
            continue
        wanted = set(range(min(found), max(found) + 1)) if _is_dense(found) else set(found)
        if not found.isdisjoint(request.frames):
            wanted.update(request.frames)
        gaps = sorted(wanted - found)
        if gaps:
            yield Finding(
                "sequence_gap",
                Severity.WARNING,
                _place(each.file),
                f"{len(gaps)} of {len(wanted)} files of {shortened(each.file.stored)!r} "
                f"({_place(each.file)}) are missing: {shortened(_ranges(gaps))}",
                "make sure that no frame shows them, or put them there",
            )


def found_elsewhere(facts: SceneFacts, resolved: Sequence[Resolved]) -> Iterator[Finding]:
    """A file that the scene names by an absolute path lies there, path mapping included."""
    for each in resolved:
        if each.local and is_rooted(facts.dcc, each.file.stored) and each.rule not in _BY_ITS_PATH:
            yield Finding(
                "found_elsewhere",
                Severity.WARNING,
                _place(each.file),
                f"{shortened(each.file.stored)!r} ({_place(each.file)}) is not where it says "
                f"and was found in another place ({each.rule}: {each.local[0]})",
                "correct the path, or add a path mapping for it",
            )


def relative_paths(
    facts: SceneFacts, resolved: Sequence[Resolved], request: BurstRequest
) -> Iterator[Finding]:
    """A relative path leads from the scene to its file, or the cloud is told the project."""
    for each in () if project_folder(facts, request) else resolved:
        if (
            each.local
            and not is_rooted(facts.dcc, each.file.stored)
            and each.rule not in _BY_THE_SCENE
            and not _is_beside(each, facts.path.absolute())
        ):
            yield Finding(
                "relative_path",
                Severity.WARNING,
                _place(each.file),
                f"{shortened(each.file.stored)!r} ({_place(each.file)}) is relative and was found "
                f"by {each.rule} ({each.local[0]}), which the cloud may not know",
                "store an absolute path, or one that counts from the scene's folder",
            )


def unusable_files(files: Sequence[Needed], states: dict[Path, FileState]) -> Iterator[Finding]:
    """Every file that was found can be read and holds something."""
    for file in files:
        fault = _fault(states[file.local])
        if fault:
            # A folder's content may hold empty files that nobody reads.
            vital = file.file.required and not file.file.folder
            severity = Severity.ERROR if vital else Severity.WARNING
            message = f"{_named(file)} {fault} ({file.local})"
            looped = states[file.local].kind is Kind.LOOP
            rule, fix = (
                ("link_loop", "mend the links")
                if looped
                else ("unusable_file", "put a good copy there")
            )
            yield Finding(rule, severity, _place(file.file), message, fix)


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
    """Names are spelled as their folders have them: this host may not care, Linux machines do."""
    linux = request.render_system == "linux"
    listings = Listings()
    for file in files:
        stored = reversed(_SLASH.split(file.file.stored))
        for part, name in zip((file.local, *file.local.parents), stored, strict=False):
            # Further up it is this host's mount, no word of the scene.
            if part.name.casefold() != name.casefold():
                break
            listed = listings.spelling(part)
            if listed is not None and listed != part.name:
                yield Finding(
                    "wrong_case",
                    Severity.ERROR if linux else Severity.WARNING,
                    _place(file.file),
                    f"{_named(file)}: {part.name!r} is called {listed!r} on the disk",
                    "spell it in the scene as the disk does",
                )


def changed_files(
    files: Sequence[Needed],
    states: dict[Path, FileState],
    request: BurstRequest,
    *,
    split: bool,
) -> Iterator[Finding]:
    """A job that is rendered in two places is rendered from one state of its files."""
    submitted = request.job.submitted_at
    for file in files if split else ():
        modified = states[file.local].modified
        if modified > submitted:
            yield Finding(
                "file_changed",
                Severity.WARNING,
                _place(file.file),
                f"{_named(file)} was saved at {modified:%Y-%m-%d %H:%M:%S} UTC, after the job was "
                f"submitted, so frames may not match",
                "submit the job again or burst all of it",
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
        too_long = _length_on_windows(server) if windows else _length_on_linux(server)
        if too_long:
            yield Finding(
                "long_path",
                Severity.WARNING if windows else Severity.ERROR,
                _place(file.file),
                f"{_named(file)} has {too_long}",
                "move it up or give it a shorter name",
            )
        reserved = filter(is_reserved_on_windows, server.split("/") if windows else ())
        for part in reserved:
            yield Finding(
                "reserved_name",
                Severity.ERROR,
                _place(file.file),
                f"{_named(file)} has {part!r} in its path, a name that Windows cannot store",
                "rename it",
            )
        unusual = sorted(set(_USUAL.sub("", server)))
        if unusual:
            impossible = windows and _FORBIDDEN_ON_WINDOWS.search(server)
            signs = shortened(" ".join(map(repr, unusual)))
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
    advice = (
        ("doubtful_root", _DOUBTFUL_DRIVE, "drives A to D"),
        ("network_share", _SHARE, "shares named by their server"),
    )
    for rule, form, what in advice:
        found = (form.match(file.stored) for file in files)
        for root in sorted({match[0] for match in found if match}):
            yield Finding(
                rule,
                Severity.WARNING,
                root,
                f"files are on {root}, and the vendor advises against {what}",
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


def upload_size(states: dict[Path, FileState]) -> Iterator[Finding]:
    """Say how much would be sent; what is in the cloud already is sent only when it changed."""
    total = sum(state.size for state in states.values())
    yield Finding(
        "upload_size",
        Severity.INFO,
        "upload",
        f"{len(states):,} file{'s' if len(states) != 1 else ''} with {_bytes(total)} are needed",
        "see upload.json for each of them",
    )


def shortened(text: str) -> str:
    """Return a text that fits a message."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _fault(state: FileState) -> str | None:
    if state.kind is Kind.ABSENT:
        return "is no longer there"
    if state.kind is not Kind.FILE:
        return f"is a {state.kind}" if state.kind is Kind.FOLDER else f"is {state.kind}"
    if not state.readable:
        return "may not be read"
    return None if state.size else "is empty"


def _length_on_windows(server: str) -> str | None:
    count = len(server)
    if count <= _LONGEST_ON_WINDOWS:
        return None
    most = f"many programs on Windows open {_LONGEST_ON_WINDOWS} at most"
    return f"a path of {count} characters, and {most}"


def _length_on_linux(server: str) -> str | None:
    sizes = [len(part.encode("utf-8", "surrogatepass")) for part in server.split("/")]
    whole = sum(sizes) + len(sizes) - 1
    if max(sizes) > _LONGEST_NAME_ON_LINUX:
        return (
            f"a name of {max(sizes)} bytes in its path, and Linux stores {_LONGEST_NAME_ON_LINUX}"
        )
    if whole > _LONGEST_ON_LINUX:
        return f"a path of {whole} bytes, and Linux opens {_LONGEST_ON_LINUX} at most"
    return None


def _is_beside(found: Resolved, scene: Path) -> bool:
    """Tell whether the stored path, counted from the scene's folder, is where the file lies."""
    *folders, name = _SLASH.split(found.file.pattern or found.file.stored)
    plain = list(takewhile(lambda part: not _MANY.search(part), folders))
    if found.file.folder and plain == folders:
        plain.append(name)
    start = Path(os.path.normpath(scene.parent.joinpath(*plain)))
    if found.file.folder or plain != folders:
        return start in found.local[0].parents
    return start == found.local[0].parent


def _place(file: ExternalFile) -> str:
    return f"{file.owner}, line {file.line}" if file.line else file.owner


def _named(file: Needed) -> str:
    return f"{shortened(file.file.stored)!r} ({_place(file.file)})"


def _frames_of(found: Resolved) -> set[int]:
    """Return the frame numbers of a sequence's files; none for tiles and single files."""
    name = _SLASH.split(found.file.pattern or "")[-1]
    around = _AROUND_FRAME.fullmatch(name)
    if around is None:
        return set()
    before, after = map(len, around.groups())
    numbers = (path.name[before : len(path.name) - after] for path in found.local)
    return {int(number) for number in numbers if _WHOLE.fullmatch(number)}


def _is_dense(frames: set[int]) -> bool:
    """Tell whether a sequence has most of its frames; a cache on every fourth frame has no gaps."""
    return 2 * len(frames) > max(frames) - min(frames)


def _ranges(frames: Iterable[int]) -> str:
    """Write frames as people do: `1031-1042, 1050`."""
    return ", ".join(
        str(each[0]) if len(each) == 1 else f"{each[0]}-{each[-1]}"
        for run in FrameSet.of(frames).ranges
        for each in ([run] if run.step == 1 else [[frame] for frame in run])
    )


def _bytes(count: int) -> str:
    size, units = float(count), iter(_UNITS)
    unit = next(units)
    while size >= _UNIT and unit != _UNITS[-1]:
        size, unit = size / _UNIT, next(units)
    return f"{count} {unit}" if unit == _UNITS[0] else f"{size:.1f} {unit}"
