from __future__ import annotations

import os
from pathlib import Path

import pytest

from renderbus_core.errors import InputError
from renderbus_core.facts import Absence, ExternalFile, Fact, FileKind, Origin, SceneFacts
from renderbus_core.paths import PathMapping, PathRule
from renderbus_core.scene import NOT_FOUND, ResolvedFile, resolve

posix_only = pytest.mark.skipif(os.name == "nt", reason="about Windows paths on another system")


def touch(*paths: Path) -> tuple[Path, ...]:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return paths


def find(
    scene: Path, file: ExternalFile, to_local=str, dcc: str = "maya", **variables: str
) -> ResolvedFile:
    unknown = Fact(None, Origin.UNKNOWN)
    facts = SceneFacts(scene, dcc, unknown, unknown, unknown, unknown, unknown, files=(file,))
    (found,) = resolve(facts, to_local, environ=variables)
    return found


def texture(stored: str, **more) -> ExternalFile:
    return ExternalFile(stored, FileKind.TEXTURE, "wood.fileTextureName", 8, **more)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    touch(root / "scenes" / "shots" / "a.ma")
    (root / "workspace.mel").write_text(
        '//Maya 2023 Project Definition\nworkspace -fr "sourceImages" "maps";\n'
        'workspace -fr "alembicCache" "geo cache";\n'
    )
    return root


@pytest.fixture
def scene(project: Path) -> Path:
    return project / "scenes" / "shots" / "a.ma"


def test_an_absolute_path_that_exists_is_taken_as_it_is(tmp_path, scene):
    (wood,) = touch(tmp_path / "elsewhere" / "wood.png")
    found = find(scene, texture(str(wood)))
    assert (found.local, found.rule, found.missing) == ((wood,), "absolute path", None)


@posix_only
def test_a_windows_path_goes_through_the_path_mapping(tmp_path, scene):
    (wood,) = touch(tmp_path / "share" / "maps" / "wood.png")
    mapping = PathMapping((PathRule("D:/proj", str(tmp_path / "share")),))
    found = find(scene, texture(r"D:\proj\maps\wood.png"), mapping.to_local)
    assert (found.local, found.rule) == ((wood,), "path mapping")


@posix_only
def test_a_windows_path_without_mapping_is_missing_and_never_mangled(scene, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path / "D:" / "x" / "wood.png")
    found = find(scene, texture("D:/x/wood.png"))
    assert found.rule == NOT_FOUND
    assert found.missing == (
        "'D:/x/wood.png' (wood.fileTextureName, line 8) is on drive D:, which this host does not "
        "have; add a path mapping for drive D:"
    )


@posix_only
def test_a_path_mapping_is_offered_beside_the_project_when_either_would_do(project, scene):
    found = find(scene, texture("E:/old//maps/wood.png"))
    assert (found.missing or "").endswith(
        f"was not found at {project / 'maps' / 'wood.png'}; "
        "put it there, add a path mapping or correct the path"
    )


def test_two_slashes_split_the_saved_project_from_the_rest(project, scene):
    (wood,) = touch(project / "maps" / "wood.png")
    found = find(scene, texture("E:/old/project//maps/wood.png"))
    assert (found.local, found.rule) == ((wood,), "project of the scene")


@pytest.mark.parametrize(
    ("place", "rule"),
    [
        ("wood.png", "project of the scene"),
        ("maps/wood.png", "file rule sourceImages"),
        ("scenes/shots/wood.png", "folder of the scene"),
    ],
)
def test_relative_paths_are_looked_up_by_the_rules_of_the_project(
    project, scene, place: str, rule: str
):
    (wood,) = touch(project / place)
    found = find(scene, texture("wood.png"))
    assert (found.local, found.rule) == ((wood,), rule)


def test_the_project_comes_before_the_folder_of_the_scene(project, scene):
    (first, _) = touch(project / "maps" / "wood.png", scene.parent / "wood.png")
    assert find(scene, texture("wood.png")).local == (first,)


def test_caches_follow_their_own_file_rule(project, scene):
    (crowd,) = touch(project / "geo cache" / "crowd.abc")
    found = find(scene, ExternalFile("crowd.abc", FileKind.CACHE, "crowd.abc_File"))
    assert (found.local, found.rule) == ((crowd,), "file rule alembicCache")


def test_files_of_a_referenced_scene_may_lie_beside_it(project, scene):
    (wood,) = touch(project / "assets" / "wood.png")
    found = find(scene, texture("wood.png", within=project / "assets" / "tree.ma"))
    assert (found.local, found.rule) == ((wood,), "folder of the referencing scene")


@pytest.mark.parametrize("stored", ["$MAPS/wood.png", "${MAPS}/wood.png", "%MAPS%/wood.png"])
def test_variables_are_filled_in(project, scene, stored: str):
    (wood,) = touch(project / "lib" / "wood.png")
    assert find(scene, texture(stored), MAPS=str(project / "lib")).local == (wood,)
    missing = find(scene, texture(stored)).missing
    assert missing is not None
    assert "uses the variable MAPS, which is not set here; set it" in missing


def test_tiles_are_expanded_by_one_look_at_the_folder(project, scene):
    tiles = touch(*(project / "maps" / f"skin_{n}.exr" for n in (1001, 1002, 1011)))
    touch(project / "maps" / "skin_2001.exr", project / "maps" / "skin_1001.txt")
    found = find(scene, texture("skin_1001.exr", pattern="skin_<UDIM>.exr"))
    assert found.local == tiles


def test_frames_are_expanded_also_when_folders_carry_them(project, scene):
    frames = touch(*(project / "maps" / f"take{n}" / f"f.{n:04}.exr" for n in (1, 2)))
    found = find(scene, texture("take1/f.0001.exr", pattern="take#/f.####.exr"))
    assert found.local == frames


def test_a_pattern_without_matches_falls_back_on_the_stored_file(project, scene):
    (odd,) = touch(project / "maps" / "take#1.png")
    found = find(scene, texture("take#1.png", pattern="take##1.png"))
    assert found.local == (odd,)


def test_signs_of_patterns_in_folders_of_this_host_are_just_names(tmp_path):
    scene, first, second = touch(
        tmp_path / "shot#1" / "a.ma",
        tmp_path / "shot#1" / "f.0001.exr",
        tmp_path / "shot#1" / "f.0002.exr",
    )
    assert find(scene, texture("f.0001.exr", pattern="f.####.exr")).local == (first, second)


def test_a_folder_stands_for_everything_below_it(project, scene):
    files = touch(
        project / "cache" / "nCache" / "cloth.xml", project / "cache" / "nCache" / "f" / "1.mcx"
    )
    cache = ExternalFile("./cache/nCache/", FileKind.CACHE, "cloth.cachePath", folder=True)
    assert find(scene, cache).local == files
    assert find(scene, texture("maps", folder=False)).missing is not None


def test_blender_paths_start_from_the_file_that_stores_them(tmp_path):
    scene, wood, leaf = touch(
        tmp_path / "a.blend", tmp_path / "maps" / "wood.png", tmp_path / "lib" / "leaf.png"
    )
    assert find(scene, texture(r"//maps\wood.png"), dcc="blender").local == (wood,)
    nested = texture("//leaf.png", within=tmp_path / "lib" / "tree.blend")
    assert find(scene, nested, dcc="blender").local == (leaf,)
    assert find(scene, texture("//lib/../maps/wood.png"), dcc="blender").local == (wood,)


def test_blender_knows_no_variables(tmp_path):
    scene, wood = touch(tmp_path / "a.blend", tmp_path / "$HOME" / "wood.png")
    assert find(scene, texture("//$HOME/wood.png"), dcc="blender").local == (wood,)


def test_a_missing_texture_is_named_with_its_node_and_the_places_looked_at(tmp_path):
    (scene,) = touch(tmp_path / "a.blend")
    found = find(scene, texture("//wood.png"), dcc="blender")
    assert found.local == ()
    assert found.missing == (
        f"'//wood.png' (wood.fileTextureName, line 8) was not found at {tmp_path / 'wood.png'}; "
        "put it there or correct the path"
    )


def test_a_name_in_other_case_is_pointed_out(tmp_path):
    scene, _ = touch(tmp_path / "a.blend", tmp_path / "Wood.PNG")
    found = find(scene, texture("//wood.png"), dcc="blender")
    if found.local:
        pytest.skip("this file system does not tell upper from lower case")
    assert found.missing is not None
    assert "is there as 'Wood.PNG', which differs in case" in found.missing


def test_folders_in_other_case_are_pointed_out_too(tmp_path):
    scene, _ = touch(tmp_path / "a.blend", tmp_path / "Tex" / "wood" / "Oak.png")
    found = find(scene, texture("//tex/wood/oak.png"), dcc="blender")
    if found.local:
        pytest.skip("this file system does not tell upper from lower case")
    assert found.missing is not None
    assert "is there as 'Tex/wood/Oak.png', which differs in case" in found.missing


@pytest.mark.parametrize(
    ("target", "sentence", "absence"),
    [
        ("gone.png", "is a link at {} that leads nowhere; mend it", Absence.NOT_FOUND),
        ("wood.png", "is behind links at {} that lead in a circle; mend them", Absence.LINK_LOOP),
    ],
)
def test_a_link_that_leads_nowhere_or_to_itself_is_called_one(tmp_path, target, sentence, absence):
    (scene,) = touch(tmp_path / "a.blend")
    (tmp_path / "wood.png").symlink_to(target)
    found = find(scene, texture("//wood.png"), dcc="blender")
    assert found.missing is not None
    assert sentence.format(f"{tmp_path}/wood.png") in found.missing
    assert found.absence is absence


def test_an_empty_folder_is_missing_and_a_folder_is_no_texture(project, scene):
    (project / "cache").mkdir()
    cache = ExternalFile("cache", FileKind.CACHE, "cloth.cachePath", folder=True)
    assert "was not found or is empty at" in (find(scene, cache).missing or "")
    assert "differs in case" not in (find(scene, texture("cache")).missing or "")


@pytest.mark.parametrize(
    "stored",
    [
        "a\0b.png",
        "a\nb.png",
        "x" * 5000,
        "/" * 5000,
        "../" * 500 + "etc",
        "~",
        "\\",
        "//",
        "|",
        "D:",
    ],
)
@pytest.mark.parametrize("dcc", ["maya", "blender"])
def test_hostile_paths_are_missing_in_one_sentence(tmp_path, stored: str, dcc: str):
    (scene,) = touch(tmp_path / "a.ma")
    found = find(scene, texture(stored), dcc=dcc)
    assert found.rule == NOT_FOUND
    assert found.missing is not None
    assert "\n" not in found.missing


def test_a_path_the_mapping_refuses_is_missing_with_its_reason(tmp_path):
    def refuse(stored: str) -> str:
        raise InputError(f"{stored} climbs above its root")

    (scene,) = touch(tmp_path / "a.ma")
    found = find(scene, texture("/../x.png"), refuse)
    assert found.missing is not None
    assert "climbs above its root" in found.missing
