"""Real scenes with known facts; they live beside the repository."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from renderbus_core.facts import ExternalFile, FileKind, SceneFacts
from renderbus_core.frames import FrameSet
from renderbus_core.scene import inspect

# Stored in the scene although the list of expected plug-ins leaves it out.
STORED_PLUGINS = {
    "ma/deadline-cloud-for-maya__renderman.ma": {
        "rfm_volume_aggregate_set.py": "1.0",
        "stereoCamera": "10.0",
    }
}

Case = tuple[Path, str, dict]

# The libraries of its library are named in C.blend only, which is not part of the collection.
NAMED_ELSEWHERE = {"blend/glTF-Blender-IO__21_scene.blend"}


@pytest.fixture(scope="module")
def cases(shared: Path) -> dict[str, list[Case]]:
    manifest = json.loads((shared / "scenes" / "manifest.json").read_text(encoding="utf-8"))
    found: dict[str, list[Case]] = {"ma": [], "blend": []}
    for each in manifest["files"]:
        if each["split"] == "dev" and each["format"] in found:
            case = (shared / "scenes" / each["file"], each["file"], each["expected"])
            found[each["format"]].append(case)
    assert len(found["ma"]) >= 20
    assert len(found["blend"]) >= 8
    return found


def slashes(text: str | None) -> str:
    # The list was made on Linux, where Blender shows stored backslashes as slashes.
    return (text or "").replace("\\", "/")


def from_the_top(file: ExternalFile, top: Path) -> str:
    # The list measures paths of referenced scenes from the scene at the top.
    if file.within is None or file.stored.startswith("/"):
        return file.stored
    return os.path.relpath(file.within.parent / file.stored, top.parent)


def maya_facts(facts: SceneFacts) -> dict[str, object]:
    references = [file for file in facts.files if file.kind is FileKind.REFERENCE]
    return {
        "version": facts.version.value,
        "plugins": facts.plugins,
        "renderer": facts.renderer.value,
        "frames": facts.frames.value,
        "resolution": list(facts.resolution.value or ()),
        "cameras_renderable": [each.name for each in facts.cameras if each.renderable],
        "layers": [{"name": each.name, "renderable": each.renderable} for each in facts.layers],
        "inputs": {file.stored for file in facts.files},
        "scene_references": {file.stored for file in references},
        "nested_inputs": {from_the_top(file, facts.path) for file in facts.nested},
        "udim": [file.pattern for file in facts.files],
        "image_prefix": facts.output.value,
    }


def test_maya_scenes_tell_what_is_known_of_them(cases):
    for path, name, expected in cases["ma"]:
        found = maya_facts(inspect(path))
        wanted = dict(expected)
        for key in ("inputs", "scene_references", "nested_inputs"):
            wanted[key] = set(wanted.get(key, found[key]))
        if "frames" in wanted:
            wanted["frames"] = FrameSet.parse(wanted["frames"])
        if "plugins" in wanted:
            wanted["plugins"] = wanted["plugins"] | STORED_PLUGINS.get(name, {})
        known = {key: wanted[key] for key in wanted.keys() & found.keys()}
        assert {key: found[key] for key in known} == known, name


def test_no_maya_scene_of_the_collection_looks_damaged(cases):
    for path, name, _ in cases["ma"]:
        assert not any("cut off" in warning for warning in inspect(path).warnings), name


def test_blender_scenes_tell_what_is_known_of_them(cases):
    for path, name, expected in cases["blend"]:
        facts = inspect(path)
        (scene,) = expected["scenes"]
        share = scene["percentage"]
        found = {
            "version": facts.version.value,
            "engine": facts.renderer.value,
            "frames": facts.frames.value,
            "resolution": facts.resolution.value,
            "camera": next((each.name for each in facts.cameras if each.renderable), None),
            "cameras": [each.name for each in facts.cameras],
            "output": slashes(facts.output.value),
            "layers": [each.name for each in facts.layers],
            "inputs": {slashes(file.stored) for file in facts.files},
            "film": any("film" in warning for warning in facts.warnings),
        }
        assert found == {
            "version": expected["version"],
            "engine": scene["engine_stored"],
            "frames": FrameSet.parse(scene["frames"]),
            "resolution": tuple(side * share // 100 for side in scene["resolution"]),
            "camera": scene["camera"],
            "cameras": expected["cameras"],
            "output": scene["output"],
            "layers": scene["view_layers"],
            "inputs": set(expected["inputs"]),
            "film": scene["movie_output"],
        }, name
        indirect = set() if name in NAMED_ELSEWHERE else set(expected.get("inputs_indirect", ()))
        assert {file.stored for file in facts.nested} == indirect, name


def test_stored_paths_keep_their_backslashes(cases):
    stored = {file.stored for path, _, _ in cases["blend"] for file in inspect(path).files}
    assert r"//..\environments\field.hdr" in stored
