"""Rules about upload.json, asset.json and tips.json, alone and beside task.json."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from renderbus_core.errors import InputError
from renderbus_core.frames import FrameSet, pad_path
from renderbus_core.package.findings import Place, parted
from renderbus_core.package.request import OS_CODES
from renderbus_core.package.rules.blocks import blocks
from renderbus_core.package.rules.rule import Fault, Subject, in_task
from renderbus_core.paths import server_path


def scene_is_uploaded(subject: Subject) -> Iterator[Fault]:
    """upload.json sends the scene that task.json names, of a sequence the file of each frame."""
    scene, place = subject.info["input_cg_file"], "task_info.input_cg_file"
    sent = subject.servers
    try:
        wanted = server_path(scene)
    except InputError as error:
        yield in_task(place, *parted(str(error), "write it in full"))
        return
    if subject.program.name == "arnold_standalone" and "#" in wanted.rpartition("/")[2]:
        missing = FrameSet.of(f for f in _frames(subject) if pad_path(wanted, f) not in sent)
        if missing:
            yield Fault(_in_upload(), f"{scene} is not among the files for frames {missing}")
        return
    if sent.isdisjoint({wanted, f"{wanted}.{subject.program.packed}"}):
        yield Fault(
            _in_upload(),
            f"the scene {scene} is not among the files, its server path would be {wanted}",
        )


def files_have_own_places(subject: Subject) -> Iterator[Fault]:
    """No two different files go to one server path."""
    if len(subject.servers) == len(set(subject.files)):
        return
    taken: dict[str, str] = {}
    for number, (server, local) in enumerate(subject.files):
        first = taken.setdefault(server, local)
        if first != local:
            yield Fault(_place(subject, number), f"{local} and {first} both become {server}")


def case_tells_nothing_apart(subject: Subject) -> Iterator[Fault]:
    """On Windows machines, no two server paths differ in upper and lower case alone."""
    if subject.info.get("os_name") != OS_CODES["windows"]:
        return
    if len(set(map(str.casefold, subject.servers))) == len(subject.servers):
        return
    taken: dict[str, str] = {}
    for number, (server, _) in enumerate(subject.files):
        first = taken.setdefault(server.casefold(), server)
        if first != server:
            yield Fault(
                _place(subject, number), f"{server} and {first} are one file on Windows machines"
            )


def files_are_listed_once(subject: Subject) -> Iterator[Fault]:
    """The list of assets names each file once."""
    assets = subject.files[: len(subject.documents.upload["asset"])]
    if len(set(assets)) == len(assets):
        return
    seen = set()
    for number, file in enumerate(assets):
        if file in seen:
            yield Fault(_place(subject, number), f"{file[1]} is listed before")
        seen.add(file)


def packed_scene_has_its_form(subject: Subject) -> Iterator[Fault]:
    """A program whose scene is sent in an archive has it as one object, with its checksum."""
    if not subject.program.packed:
        return
    scene = subject.documents.upload.get("scene")
    if not isinstance(scene, dict) or "hash" not in scene:
        yield Fault(
            _in_upload("scene"),
            f"{subject.program.cg_name} scenes are sent as one .{subject.program.packed} archive",
        )


def assets_are_listed(subject: Subject) -> Iterator[Fault]:
    """asset.json holds the list that the program's analyser writes."""
    if subject.program.lists_assets and "asset" not in subject.documents.asset:
        yield Fault(Place("asset.json"), "'asset' is missing")


def no_tip_blocks(subject: Subject) -> Iterator[Fault]:
    """The analysis found nothing that blocks, by what the cloud says of its codes."""
    for code, lines in subject.documents.tips.items():
        if code in subject.blocking_codes:
            yield _tip(code, lines)


def no_tip_warns(subject: Subject) -> Iterator[Fault]:
    """The analysis found nothing."""
    for code, lines in subject.documents.tips.items():
        if code not in subject.blocking_codes:
            yield _tip(code, lines)


def _tip(code: str, lines: str | list[str]) -> Fault:
    first, *others = [lines] if isinstance(lines, str) else lines or [""]
    detail = f": {first:.200}" if first else ""
    more = f" and {len(others)} more" if others else ""
    return Fault(Place("tips.json", (code,)), f"the analysis reports {code}{detail}{more}")


def _frames(subject: Subject) -> Iterator[int]:
    return chain.from_iterable(block.frames or () for block in blocks(subject))


def _place(subject: Subject, number: int) -> Place:
    """Return where a file of `Subject.files` stands."""
    upload = subject.documents.upload
    assets = len(upload["asset"])
    if number < assets:
        return _in_upload("asset", number)
    is_one = isinstance(upload["scene"], dict)
    return _in_upload("scene") if is_one else _in_upload("scene", number - assets)


def _in_upload(*path: str | int) -> Place:
    return Place("upload.json", path)
