"""Whether a scene says what its job says: the cloud renders what stands in the scene."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from renderbus_core.facts import SceneFacts


def disagreements(expects: Mapping[str, str], facts: SceneFacts) -> Iterator[str]:
    """Give in a sentence each what a job says otherwise than its scene.

    Args:
        expects: of the job, see `LocalJob.expects`.
        facts: of the scene; what is not known of it disagrees with nothing.
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
        elif (said := says.get(name)) is not None and not _same(name, value, str(said)):
            yield f"the job says {name} {value} and the scene {said}"


def _camera(wanted: str, facts: SceneFacts) -> Iterator[str]:
    renders = [camera.name for camera in facts.cameras if camera.renderable]
    # A shape and its transform name the same camera.
    if renders and not {wanted, f"{wanted}Shape"}.intersection(renders):
        yield f"the job says camera {wanted} and the scene renders {', '.join(renders)}"


def _same(name: str, mine: str, theirs: str) -> bool:
    if name == "version":
        # Service packs read each other's scenes: 3.4 and 3.4.1 are one release, 3.6 is another.
        ours, others = mine.split("."), theirs.split(".")
        common = min(len(ours), len(others))
        return ours[:common] == others[:common]
    return mine.casefold() == theirs.casefold()
