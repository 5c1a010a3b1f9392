"""Paths of other machines: style, server path, mapping, isolation, names from the cloud."""

from __future__ import annotations

import ntpath
import posixpath
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.paths import (
    PathMapping,
    PathRule,
    Style,
    is_below,
    isolation_path,
    safe_relative,
    server_path,
    style_of,
)

NAMES = st.text("abcXYZ019_- .é图", min_size=1, max_size=8)
STEPS = st.lists(st.one_of(NAMES, st.sampled_from([".", "..", ""])), max_size=8)


@pytest.mark.parametrize(
    ("path", "style"),
    [
        ("X:/show/a.png", Style.WINDOWS),
        ("x:\\show\\a.png", Style.WINDOWS),
        ("C:", Style.WINDOWS),
        ("\\\\server\\share\\a.png", Style.WINDOWS),
        ("//server/share/a.png", Style.WINDOWS),
        ("textures\\a.png", Style.WINDOWS),
        ("/home/a.png", Style.POSIX),
        ("///home/a.png", Style.POSIX),
        ("/home/with\\backslash", Style.POSIX),
        ("textures/a.png", None),
        ("", None),
    ],
)
def test_the_style_is_read_from_the_path_alone(path, style):
    assert style_of(path) is style


@pytest.mark.parametrize(
    ("path", "folder", "answer"),
    [
        ("/show/a/b.ma", "/show", True),
        ("/show", "/show/", True),
        ("/show/a", "/", True),
        ("/show/a", "/show/x/..", True),
        ("/shows/a", "/show", False),
        ("/Show/a", "/show", False),
        ("/show", "/show/a", False),
        ("X:/Show/a", "x:\\show", True),
        ("//srv/tex/a", "\\\\SRV\\tex", True),
        ("//srv/tex/a", "//srv/other", False),
        ("X:/show/a", "/show", False),
        ("show/a", "show", False),
        ("/show/a", "", False),
    ],
)
def test_whether_a_path_is_below_a_folder_shows_in_the_paths_alone(path, folder, answer):
    assert is_below(path, folder) is answer


@pytest.mark.parametrize(
    ("stored", "server"),
    [
        ("X:/p", "/X/p"),
        ("X:\\p", "/X/p"),
        ("x:/p", "/x/p"),
        ("X:\\a\\.\\b\\..\\c", "/X/a/c"),
        ("X:/", "/X"),
        ("/home/a", "/home/a"),
        ("/a", "/a"),
        ("/", "/"),
        ("///home//a/", "/home/a"),
        ("//srv/share/x", "/srv/share/x"),
        ("\\\\srv\\share\\x", "/srv/share/x"),
        ("\\\\srv\\share", "/srv/share"),
        ("/home/a\\b", "/home/a/b"),
    ],
)
def test_a_stored_path_has_one_place_on_the_servers(stored, server):
    assert server_path(stored) == server


@pytest.mark.parametrize("path", ["rel/a", "tex\\a.png", "X:a.png", "\\a.png", "", "~/a", "$HIP/a"])
def test_a_relative_path_has_no_place_on_the_servers(path):
    with pytest.raises(InputError, match="relative path"):
        server_path(path)


@pytest.mark.parametrize(
    "path", ["/..", "/a/../../b", "X:/a/../..", "\\\\srv\\share\\..\\other", "/a\\..\\..\\b"]
)
def test_a_path_that_climbs_above_its_root_is_refused(path):
    with pytest.raises(InputError, match="climbs above its root"):
        server_path(path)


@pytest.mark.parametrize("path", ["\\\\srv", "//", "//./share/a", "\\\\?\\C:\\a", "\\\\.\\pipe\\a"])
def test_a_share_is_a_server_and_a_share(path):
    with pytest.raises(InputError, match="not a network path"):
        server_path(path)


@pytest.mark.parametrize("bad", ["\x00", "\n", "\x1b", "\x7f", "\x85", "\u2028", "\udcff"])
def test_what_cannot_be_written_down_is_refused_and_shown_escaped(bad):
    with pytest.raises(InputError, match="control character") as caught:
        server_path(f"/a/{bad}/b")
    assert bad not in str(caught.value)


def test_a_huge_path_makes_no_huge_message():
    with pytest.raises(InputError) as caught:
        server_path("a" * 1_000_000)
    assert len(str(caught.value)) < 250


def _normal(module, path):
    """The standard library's answer, with what climbs above the root left out."""
    depth = 0
    for step in path.replace("\\", "/").split("/")[1:]:
        depth += {"..": -1, ".": 0, "": 0}.get(step, 1)
        assume(depth >= 0)
    return module.normpath(path)


@given(STEPS)
def test_posix_server_paths_agree_with_posixpath(steps):
    stored = "/" + "/".join(steps)
    assume(not stored.startswith("//"))
    expected = _normal(posixpath, stored)
    assert server_path(stored) == expected


@given(st.sampled_from("CXz"), STEPS, st.randoms(use_true_random=False))
def test_windows_server_paths_agree_with_ntpath_whichever_way_slashes_lean(drive, steps, random):
    stored = f"{drive}:" + "".join(random.choice("/\\") + step for step in steps)
    expected = _normal(ntpath, stored + "/").replace("\\", "/").replace(":", "", 1).rstrip("/")
    assert server_path(stored) == f"/{expected}"


@given(st.text(max_size=60))
def test_a_server_path_is_absolute_plain_and_final_or_refused(stored):
    try:
        server = server_path(stored)
    except InputError:
        return
    assert server.startswith("/")
    assert "\\" not in server
    assert server == "/" or not {"", ".", ".."} & set(server.split("/")[1:])
    assert server_path(server) == server


MAPPING = PathMapping(
    (
        PathRule("X:\\show", "/mnt/show"),
        PathRule("x:/show/library/", "/srv/library"),
        PathRule("\\\\filer\\shows", "/mnt/show"),
        PathRule("/prod", "P:\\prod"),
    )
)


@pytest.mark.parametrize(
    ("stored", "local"),
    [
        ("X:/show/a.png", "/mnt/show/a.png"),
        ("x:\\SHOW\\A.png", "/mnt/show/A.png"),
        ("X:/show", "/mnt/show"),
        ("X:/show/library/a.png", "/srv/library/a.png"),
        ("X:/show/seq/../library/a.png", "/srv/library/a.png"),
        ("\\\\FILER\\Shows\\a.png", "/mnt/show/a.png"),
        ("/prod/a/b.png", "P:\\prod\\a\\b.png"),
    ],
)
def test_the_longest_matching_rule_maps_a_path(stored, local):
    assert MAPPING.to_local(stored) == local


@pytest.mark.parametrize("stored", ["X:/show2/a.png", "X:/sho", "/Prod/a", "/production", "a.png"])
def test_only_whole_parts_match_and_posix_tells_upper_from_lower_case(stored):
    assert MAPPING.to_local(stored) == stored


def test_dots_cannot_lead_out_of_a_mapped_folder():
    assert MAPPING.to_local("X:/show/../secret") == "X:/show/../secret"


def test_the_first_of_two_rules_with_one_local_folder_names_the_stored_path():
    assert MAPPING.to_stored("/mnt/show/a/b.png") == "X:\\show\\a\\b.png"
    assert MAPPING.to_stored("p:/PROD/a") == "/prod/a"


def test_a_root_can_be_mapped():
    mapping = PathMapping((PathRule("Z:", "/"), PathRule("/", "Q:\\")))
    assert mapping.to_local("z:/a/b") == "/a/b"
    assert mapping.to_local("/a/b") == "Q:\\a\\b"
    assert mapping.to_stored("q:\\a") == "/a"


@pytest.mark.parametrize("rule", [("show", "/mnt"), ("/mnt", "show"), ("", "/mnt")])
def test_a_rule_of_relative_folders_is_refused(rule):
    with pytest.raises(InputError, match="is not an absolute folder"):
        PathMapping((PathRule(*rule),))


def test_one_stored_folder_cannot_be_two_local_ones():
    with pytest.raises(InputError, match="mapped twice"):
        PathMapping((PathRule("X:/a", "/1"), PathRule("/q", "/2"), PathRule("x:\\A\\", "/3")))


@given(st.lists(NAMES.filter(lambda name: name.strip(".")), max_size=5))
def test_a_mapped_path_maps_back_to_itself(parts):
    stored = "\\".join(["X:\\show", *parts])
    mapping = PathMapping((PathRule("X:\\show", "/mnt/show"), PathRule("Y:\\", "/mnt/y")))
    assert mapping.to_stored(mapping.to_local(stored)) == stored


@pytest.mark.parametrize(
    ("number", "path"),
    [
        (12345, "000/012/345"),
        (11223344556677, "11223344/556/677"),
        (999999999, "999/999/999"),
        (0, "000/000/000"),
    ],
)
def test_the_isolation_folder_splits_an_id_into_three(number, path):
    assert isolation_path(number) == path


@given(st.integers(min_value=0, max_value=10**30))
def test_the_isolation_folder_keeps_the_whole_id(number):
    front, middle, end = isolation_path(number).split("/")
    assert int(front + middle + end) == number
    assert len(front) >= len(middle) == len(end) == 3


def test_a_negative_id_has_no_isolation_folder():
    with pytest.raises(InputError, match="not negative"):
        isolation_path(-1)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("beauty.0001.exr", "beauty.0001.exr"),
        ("layer/camera/beauty.0001.exr", "layer/camera/beauty.0001.exr"),
        ("layer\\beauty.exr", "layer/beauty.exr"),
        (".hidden", ".hidden"),
        ("图/é.png", "图/é.png"),
        ("console.exr", "console.exr"),
    ],
)
def test_ordinary_names_pass(name, safe):
    assert safe_relative(name) == PurePosixPath(safe)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "is empty"),
        ("/etc/passwd", "is not relative"),
        ("\\windows", "is not relative"),
        ("//server/share/a", "is not relative"),
        ("C:\\a", "is not relative"),
        ("c:a", "is not relative"),
        ("..", "leads out"),
        ("a/../../b", "leads out"),
        ("a\\..\\b", "leads out"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        (".", "ends in a dot"),
        ("a./b", "ends in a dot"),
        ("a /b", "ends in a dot or a space"),
        ("a.png:stream", "colon"),
        ("a\x00.png", "control character"),
        ("a\n.png", "control character"),
        ("a\udc80.png", "not valid Unicode"),
        ("nul", "device"),
        ("a/COM1.exr", "device"),
        ("lpt²", "device"),
        ("con .exr", "device"),
        ("x" * 256, "255 bytes"),
        ("é" * 128, "255 bytes"),
        ("a/" * 3000 + "b", "4096 bytes"),
    ],
)
def test_a_name_that_could_do_harm_is_refused_with_the_reason(name, fault):
    with pytest.raises(InputError, match=fault) as caught:
        safe_relative(name)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from(["a", "..", ".", "", "C:", "con", "b.exr"]), max_size=6).flatmap(
            lambda parts: st.sampled_from(["/", "\\"]).map(lambda slash: slash.join(parts))
        ),
    )
)
def test_what_passes_stays_below_its_folder_on_every_system(name):
    try:
        safe = safe_relative(name)
    except InputError:
        return
    posix = PurePosixPath(posixpath.normpath(PurePosixPath("/base") / safe))
    windows = PureWindowsPath(ntpath.normpath(PureWindowsPath("C:/base") / str(safe)))
    assert posix.is_relative_to("/base")
    assert posix != PurePosixPath("/base")
    assert windows.is_relative_to("C:/base")
    assert len(windows.parts) == len(safe.parts) + 2
