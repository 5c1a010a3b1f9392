"""Whether a scene says what its job says: the cloud renders what stands in the scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from renderbus_core.facts import SceneFacts
from renderbus_core.paths import is_below


def disagreements(
    expects: Mapping[str, str], facts: SceneFacts, to_local: Callable[[str], str] = str
) -> Iterator[str]:
    """Give in a sentence each what a job says otherwise than its scene.

    Args:
        expects: of the job, see `LocalJob.expects`.
        facts: of the scene; what is not known of it disagrees with nothing.
        to_local: path mapping of the site.

    Raises:
        InputError: the job's project is no path.
    """
    width, height = facts.resolution.value or (None, None)
    says = {
        "version": facts.version.value,
        "renderer": facts.renderer.value,
        "width": width,
        "height": height,
    }
    for name, value in expects.items():
        if name == "camera":
            yield from _camera(value, facts)
        elif name == "project":
            yield from _project(to_local(value), facts)
        elif (said := says.get(name)) is not None and not _same(name, value, str(said)):
            yield f"the job says {name} {value} and the scene {said}"


def _camera(wanted: str, facts: SceneFacts) -> Iterator[str]:
    renders = [camera.name for camera in facts.cameras if camera.renderable]
    # A shape and its transform name the same camera.
    if renders and not {wanted, f"{wanted}Shape"}.intersection(renders):
        yield f"the job says camera {wanted} and the scene renders {', '.join(renders)}"


def _project(wanted: str, facts: SceneFacts) -> Iterator[str]:
    # Files of the scene are looked for in the project that it lies in.
    found = str(facts.project or "")
    if not found:
        yield f"the job's project is {wanted} and no folder above the scene has a workspace.mel"
    elif not (is_below(wanted, found) and is_below(found, wanted)):
        yield f"the job's project is {wanted} and the scene lies in that of {found}"


def _same(name: str, mine: str, theirs: str) -> bool:
    if name == "version":
        # Service packs read each other's scenes: 3.4 and 3.4.1 are one release, 3.6 is another.
        ours, others = mine.split("."), theirs.split(".")
        common = min(len(ours), len(others))
        return ours[:common] == others[:common]
    return mine.casefold() == theirs.casefold()
