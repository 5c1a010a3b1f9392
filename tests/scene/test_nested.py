from __future__ import annotations

from pathlib import Path

from renderbus_core.facts import Camera
from renderbus_core.scene import inspect, nested, resolve


def reference(path: str, namespace: str = "n") -> str:
    return f'file -r -ns "{namespace}" -dr 1 -rfn "{namespace}RN" -typ "mayaAscii" "{path}";\n'


def texture(path: str) -> str:
    return f'createNode file -n "f";\n\tsetAttr ".ftn" -type "string" "{path}";\n'


def test_files_of_referenced_scenes_are_gathered_with_the_scene_that_names_them(write_ma, tmp_path):
    write_ma(texture("leaf.png"), "lib/leaf.ma")
    write_ma(texture("bark.png") + reference("leaf.ma"), "lib/tree.ma")
    scene = inspect(write_ma(reference("lib/tree.ma")))
    lib = tmp_path / "lib"
    assert [(file.stored, file.within) for file in scene.nested] == [
        ("bark.png", lib / "tree.ma"),
        ("leaf.ma", lib / "tree.ma"),
        ("leaf.png", lib / "leaf.ma"),
    ]
    (lib / "leaf.png").write_bytes(b"x")
    found = {each.file.stored: each for each in resolve(scene, str)}
    assert found["leaf.png"].local == (lib / "leaf.png",)
    assert found["bark.png"].missing is not None


def test_references_on_another_machine_are_found_through_the_path_mapping(write_ma, tmp_path):
    write_ma(texture("bark.png"), "tree.ma")
    path = write_ma(reference("P:/lib/tree.ma"))
    mapped = inspect(path, lambda stored: stored.replace("P:/lib", str(tmp_path)))
    assert [file.stored for file in mapped.nested] == ["bark.png"]
    assert inspect(path).nested == ()


def test_a_circle_ends_and_is_a_warning(write_ma):
    write_ma(reference("a.ma"), "b.ma")
    scene = inspect(write_ma(reference("b.ma"), "a.ma"))
    assert [file.stored for file in scene.nested] == ["a.ma"]
    assert "references run in a circle: a.ma -> b.ma -> a.ma; break it" in scene.warnings


def test_a_scene_that_references_itself_ends(write_ma):
    assert inspect(write_ma(reference("shot.ma"))).nested == ()


def test_cameras_come_along_with_their_namespaces(write_ma):
    write_ma('createNode camera -n "camShape" -p "cam";', "cam.ma")
    write_ma(
        'createNode camera -s -n "perspShape" -p "persp";' + reference("cam.ma", "c"), "set.ma"
    )
    body = reference("set.ma", "s") + reference("set.ma{1}", "s1")
    scene = inspect(write_ma('createNode camera -s -n "perspShape" -p "persp";' + body))
    assert scene.cameras == (
        Camera("persp", renderable=True),
        Camera("s:c:cam", renderable=True),
        Camera("s1:c:cam", renderable=True),
    )


def test_the_scene_has_the_last_word_on_a_referenced_camera(write_ma):
    write_ma('createNode camera -n "camShape" -p "cam";', "cam.ma")
    edit = (
        'createNode reference -n "cRN";\n\tsetAttr ".ed" -type "dataReferenceEdits" "cRN" "cRN" 1 '
        '2 "|c:cam|c:camShape" "renderable" " 0";'
    )
    scene = inspect(write_ma(reference("cam.ma", "c") + edit))
    assert scene.cameras == (Camera("c:cam", renderable=False),)


def test_what_cannot_be_followed_is_said(write_ma, tmp_path):
    (tmp_path / "model.mb").write_bytes(b"FOR8")
    (tmp_path / "broken.ma").write_bytes(b"//Maya ASCII 2023 scene\nrequires")
    scene = inspect(write_ma(reference("model.mb") + reference("broken.ma") + reference("no.ma")))
    assert "the files that model.mb (Maya binary) names are not listed" in scene.unknowable
    assert any("'broken.ma' is not followed: broken.ma is damaged" in w for w in scene.warnings)


def test_depth_is_bounded(write_ma, monkeypatch):
    monkeypatch.setattr(nested, "MAX_DEPTH", 3)
    for number in range(9):
        write_ma(reference(f"{number + 1}.ma"), f"{number}.ma")
    scene = inspect(write_ma(reference("0.ma")))
    assert [file.stored for file in scene.nested] == ["1.ma", "2.ma", "3.ma"]
    assert any("what lies further down is not listed" in warning for warning in scene.warnings)


def test_libraries_of_blender_are_followed(tmp_path: Path, builder):
    tree = builder()
    tree.add(b"IM", "Image", 0x600, id__name="IMbark", name="//bark.png", source=1)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "tree.blend").write_bytes(tree.content())
    shot = builder()
    shot.scene()
    shot.add(b"LI", "Library", 0x800, id__name="LItree", name="//lib/tree.blend")
    shot.add(b"LI", "Library", 0x810, id__name="LIleaf", name="//leaf.blend", parent=0x800)
    (tmp_path / "shot.blend").write_bytes(shot.content())
    scene = inspect(tmp_path / "shot.blend")
    assert [(file.stored, file.within) for file in scene.nested] == [
        ("//bark.png", tmp_path / "lib" / "tree.blend"),
        ("//leaf.blend", None),
    ]
