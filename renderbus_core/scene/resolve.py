"""Finds the files a scene names on this host."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from renderbus_core.errors import InputError
from renderbus_core.facts import Absence, ExternalFile, SceneFacts
from renderbus_core.paths import foreign_root
from renderbus_core.scene.lookup import Place, candidates, is_foreign, unknown_variable
from renderbus_core.scene.maya_project import find_project
from renderbus_core.scene.patterns import has_place, matcher

MAX_FILES = 100_000
"""Most files one stored path may stand for."""

NOT_FOUND = "not found"

_LONGEST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ResolvedFile:
    """An external file and what of it is on this host.

    Args:
        file: as the scene names it.
        local: every file it stands for: one, or all tiles, frames or folder content found.
        missing: one sentence when nothing was found.
        rule: how it was found; `NOT_FOUND` otherwise.
        absence: the kind of cause when nothing was found.
    """

    file: ExternalFile
    local: tuple[Path, ...] = ()
    missing: str | None = None
    rule: str = NOT_FOUND
    absence: Absence | None = None


def resolve(
    facts: SceneFacts,
    to_local: Callable[[str], str],
    *,
    environ: Mapping[str, str] = os.environ,
) -> tuple[ResolvedFile, ...]:
    """Find the files of a scene, then those of the scenes it references.

    Args:
        facts: of the scene.
        to_local: path mapping of the site: a stored absolute path to the path on this host.
        environ: variables that stored paths may name.
    """
    finder = Finder(facts.dcc, facts.path, to_local, environ)
    return tuple(finder.find(file) for file in (*facts.files, *facts.nested))


class Finder:
    """Looks files up for one scene; each folder is listed once at most.

    Args:
        dcc: the program that stored the paths.
        scene: the scene that is rendered.
        to_local: path mapping of the site.
        environ: variables that stored paths may name.
    """

    def __init__(
        self,
        dcc: str,
        scene: Path,
        to_local: Callable[[str], str] = str,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        here = scene.absolute()
        project = find_project(here) if dcc == "maya" else None
        self._place = Place(dcc, here, to_local, project, environ)
        self._listings: dict[Path, tuple[str, ...]] = {}

    def find(self, file: ExternalFile) -> ResolvedFile:
        """Look a file up by the rules of its program."""
        if any(ord(sign) < ord(" ") for sign in file.stored):
            return _missing(file, "has a control character in it; correct the path")
        variable = unknown_variable(file.pattern or file.stored, self._place)
        if variable is not None:
            return _missing(file, f"uses the variable {variable}, which is not set here; set it")
        try:
            return self._search(file)
        except InputError as why:
            return _missing(file, f"cannot be looked up: {why}")

    def _search(self, file: ExternalFile) -> ResolvedFile:
        tried: dict[str, None] = {}
        for text in dict.fromkeys((file.pattern or file.stored, file.stored)):
            for rule, path in candidates(file, self._place, text):
                tried[path] = None
                local = () if is_foreign(path) else self._local(file, path)
                if len(local) > MAX_FILES:
                    return _missing(file, f"stands for over {MAX_FILES:,} files; narrow it down")
                if local:
                    return ResolvedFile(file, local, rule=rule)
        return _missing(file, *self._advice(file, tuple(tried)))

    def _local(self, file: ExternalFile, path: str) -> tuple[Path, ...]:
        places = self._expanded(Path(path)) if file.pattern else [Path(path)]
        if file.folder:
            content = chain.from_iterable(map(_content, places))
            return tuple(islice(content, MAX_FILES + 1))
        return tuple(place for place in places if _is_file(place))

    def _expanded(self, path: Path) -> list[Path]:
        """List what a pattern stands for; a part that matches nothing is taken literally."""
        found = [Path(path.anchor)]
        for part in path.relative_to(path.anchor).parts:
            names = matcher(part) if has_place(part) else None
            matching = (
                folder / name
                for folder in found
                for name in (self._names(folder) if names else ())
                if names and names.fullmatch(name)
            )
            found = list(islice(matching, MAX_FILES + 1)) or [folder / part for folder in found]
        return found

    def _names(self, folder: Path) -> tuple[str, ...]:
        if folder not in self._listings:
            try:
                self._listings[folder] = tuple(sorted(os.listdir(folder)))  # noqa: PTH208 - names
            except (OSError, ValueError):
                self._listings[folder] = ()
        return self._listings[folder]

    def _advice(self, file: ExternalFile, tried: tuple[str, ...]) -> tuple[str, Absence]:
        here = [path for path in tried if not is_foreign(path)]
        if not here:
            return _on_another_system(tried[0]), Absence.UNMAPPED
        for path in map(Path, here):
            if _is_loop(path):
                why = f"is behind links at {_shown(str(path))} that lead in a circle; mend them"
                return why, Absence.LINK_LOOP
            if os.path.islink(path):  # noqa: PTH114 - Path raises for what no system can ask for
                why = f"is a link at {_shown(str(path))} that leads nowhere; mend it"
                return why, Absence.NOT_FOUND
            spelling = self._spelling(path)
            if spelling is not None:
                why = f"is there as {spelling!r}, which differs in case; correct the path"
                return why, Absence.OTHER_CASE
        found = "was not found or is empty" if file.folder else "was not found"
        places = " or ".join(map(_shown, here))
        mapping = ", add a path mapping" if len(here) < len(tried) else ""
        why = f"{found} at {places}; put it there{mapping} or correct the path"
        return why, Absence.NOT_FOUND

    def _spelling(self, path: Path) -> str | None:
        """Spell a path as the disk does, from the first part in another case on; None without."""
        place, differing = Path(path.anchor), 0
        for number, part in enumerate(path.parts[1:], 1):
            names = self._names(place)
            if part not in names:
                same = (name for name in names if name.casefold() == part.casefold())
                part = next(same, "")  # noqa: PLW2901 - it is what the disk calls this part
                differing = differing or number
            if not part:
                return None
            place /= part
        return "/".join(place.parts[differing:]) if differing else None


def _content(folder: Path) -> Iterator[Path]:
    """Give every file below a folder, links to folders not followed."""
    for above, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(above, name) for name in sorted(names))


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        # ValueError: a path the system cannot even ask for.
        return False


def _is_loop(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    except ValueError:  # a path the system cannot even ask for
        return False
    return False


def _on_another_system(path: str) -> str:
    root = foreign_root(path)
    if root is None:
        return "is a path of another system; add a path mapping for it"
    return f"is on {root}, which this host does not have; add a path mapping for {root}"


def _missing(file: ExternalFile, why: str, absence: Absence = Absence.NOT_FOUND) -> ResolvedFile:
    line = f", line {file.line}" if file.line else ""
    sentence = f"{_shown(file.stored)!r} ({file.owner}{line}) {why}"
    return ResolvedFile(file, missing=sentence, absence=absence)


def _shown(path: str) -> str:
    return path if len(path) <= _LONGEST_SHOWN else f"{path[:_LONGEST_SHOWN]}..."
