"""Files and folders that a person names become the files to send, and never one from outside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from renderbus_core.errors import InputError
from renderbus_core.package import append_to_upload, assets_at, listing
from renderbus_core.package.documents import Documents
from renderbus_core.paths import PathMapping, PathRule


@pytest.fixture
def show(tmp_path):
    """Return a folder with files at two depths."""
    for name in ("tex/wood.png", "tex/deep/a.exr", "notes.txt"):
        path = tmp_path / "show" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path / "show"


def link(path, target):
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("about Windows paths on another system: links need rights there")


def names(assets, folder):
    return [asset.local.relative_to(folder).as_posix() for asset in assets]


def test_all_files_below_a_folder_are_taken_in_order(show):
    assert names(assets_at([show]), show) == ["notes.txt", "tex/deep/a.exr", "tex/wood.png"]


def test_files_and_folders_may_be_mixed(show):
    found = assets_at([show / "notes.txt", show / "tex"])
    assert names(found, show) == ["notes.txt", "tex/deep/a.exr", "tex/wood.png"]


def test_b17_a_server_path_keeps_its_first_character(show):
    (file,) = assets_at([show / "notes.txt"])
    assert file.stored == file.local.as_posix() == (show / "notes.txt").as_posix()
    if os.name == "posix":
        assert file.server == str(show / "notes.txt")


def test_a_relative_path_is_counted_from_here(show, monkeypatch):
    monkeypatch.chdir(show / "tex")
    (file,) = assets_at([Path("../notes.txt")])
    assert file.local == show / "notes.txt"


def test_files_of_a_linux_gateway_are_named_as_the_windows_scene_does(show):
    mapping = PathMapping((PathRule("X:/film", show.as_posix()),))
    (file,) = assets_at([show / "tex" / "deep"], mapping)
    assert file.stored == "X:/film/tex/deep/a.exr"
    assert file.local == show / "tex" / "deep" / "a.exr"
    assert file.server == "/X/film/tex/deep/a.exr"


def test_an_empty_folder_holds_nothing(tmp_path):
    assert assets_at([tmp_path]) == ()


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone.png' is not there; name a file or a folder"):
        assets_at([tmp_path / "gone.png"])
    with pytest.raises(InputError, match="is not there"):
        assets_at([Path(f"{tmp_path}/a\0b")])


# -- links --------------------------------------------------------------------------------------


def test_a_link_inside_is_a_name_of_its_own(show):
    link(show / "also.txt", show / "notes.txt")
    link(show / "maps", show / "tex")
    assert names(assets_at([show]), show) == [
        "also.txt",
        "maps/deep/a.exr",
        "maps/wood.png",
        "notes.txt",
        "tex/deep/a.exr",
        "tex/wood.png",
    ]


@pytest.mark.parametrize("target", ["secret.txt", "private"])
def test_a_link_that_leads_out_is_named_and_not_followed(show, tmp_path, target):
    (tmp_path / "secret.txt").write_text("s")
    (tmp_path / "private").mkdir()
    link(show / "tex" / "bait", tmp_path / target)
    with pytest.raises(InputError, match=rf"bait leads out of .*show, to .*{target}; put a copy"):
        assets_at([show])


def test_a_folder_beside_with_a_longer_name_is_outside(show, tmp_path):
    (tmp_path / "show2").mkdir()
    link(show / "bait", tmp_path / "show2")
    with pytest.raises(InputError, match="leads out of"):
        assets_at([show])


@pytest.mark.parametrize("target", ["", "tex", "tex/deep"])
def test_a_link_in_a_circle_ends(show, target):
    link(show / "tex" / "deep" / "round", show / target)
    found = names(assets_at([show]), show)
    assert [name for name in found if "round" not in name] == [
        "notes.txt",
        "tex/deep/a.exr",
        "tex/wood.png",
    ]
    assert not [name for name in found if name.count("round") > 1]


def test_two_folders_that_lead_into_each_other_end(show):
    (show / "a").mkdir()
    (show / "b").mkdir()
    (show / "a" / "x.png").write_text("x")
    link(show / "a" / "b", show / "b")
    link(show / "b" / "a", show / "a")
    assert names(assets_at([show]), show)[:2] == ["a/x.png", "b/a/x.png"]


@pytest.mark.parametrize("target", ["gone", "self"])
def test_a_link_that_leads_nowhere_is_named(show, target):
    link(show / "self", show / target)
    with pytest.raises(InputError, match="self is a link that leads nowhere; mend it"):
        assets_at([show])


def test_many_links_among_folders_do_not_run_for_ever(show, monkeypatch):
    monkeypatch.setattr(listing, "MAX_ENTRIES", 2_000)
    folders = [show / f"f{number}" for number in range(8)]
    for folder in folders:
        folder.mkdir()
    for folder in folders:
        for other in folders:
            if other != folder:
                link(folder / other.name, other)
    with pytest.raises(InputError, match="holds more than 2,000 files and folders"):
        assets_at([show])


def test_a_folder_that_is_named_may_be_a_link_itself(show, tmp_path):
    link(tmp_path / "current", show)
    found = assets_at([tmp_path / "current"])
    assert names(found, tmp_path / "current") == ["notes.txt", "tex/deep/a.exr", "tex/wood.png"]


# -- what is no file ----------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_never_opened(show):
    os.mkfifo(show / "pipe")
    with pytest.raises(InputError, match="pipe is neither a file nor a folder"):
        assets_at([show])
    with pytest.raises(InputError, match="pipe' is neither file nor folder"):
        assets_at([show / "pipe"])


@pytest.mark.skipif(os.name != "posix", reason="about Windows paths on another system")
@pytest.mark.parametrize("name", ["a\nb.png", os.fsdecode(b"w\xe9.png")])
def test_a_name_that_cannot_be_sent_is_refused(show, name):
    (show / name).write_text("x")
    with pytest.raises(InputError, match="control character or is not valid Unicode"):
        assets_at([show])


def test_a_folder_that_is_given_twice_is_listed_once(show):
    empty = Documents(task={}, upload={"asset": []}, asset={}, tips={})
    edited = append_to_upload(empty, assets_at([show, show / "tex", show / "notes.txt"]))
    assert len(edited.upload["asset"]) == 3
