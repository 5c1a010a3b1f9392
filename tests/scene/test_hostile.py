"""Whatever a file holds, reading it ends with facts or with one sentence."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderbus_core.errors import InputError
from renderbus_core.facts import SceneFacts
from renderbus_core.scene import inspect, resolve

# The folder of one test is used again for each example; every example writes its own file.
FUZZ = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

CHANGES = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)),
    min_size=1,
    max_size=12,
)


def changed(content: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    data = bytearray(content)
    for where, what in changes:
        at = int(where * len(data))
        data[at : at + len(what)] = what
    return bytes(data)


def survives(path: Path, content: bytes) -> SceneFacts | None:
    path.write_bytes(content)
    try:
        facts = inspect(path)
    except InputError as why:
        refusal = str(why)
    else:
        for found in resolve(facts, str):
            assert bool(found.local) != bool(found.missing)
        return facts
    assert "\n" not in refusal
    return None


@pytest.fixture(scope="module")
def turntable(root: Path) -> bytes:
    return (root / "examples" / "turntable" / "scenes" / "turntable.ma").read_bytes()


@pytest.fixture(scope="module")
def spin(root: Path) -> bytes:
    return (root / "examples" / "spin" / "spin.blend").read_bytes()


@pytest.fixture
def blend(builder) -> bytes:
    made = builder()
    made.scene(markers__first=0x400)
    made.add(b"DATA", "TimeMarker", 0x400, next=0x400, camera=0x200)
    made.add(b"IM", "Image", 0x600, id__name="IMi", name="//a_01.png", source=2)
    made.add(b"LI", "Library", 0x800, id__name="LIl", name="//l.blend")
    made.add(b"DATA", "Sequence", 0x1000, name="SQs", type=0, strip=0x1100)
    made.add(b"DATA", "Strip", 0x1100, dir="//seq/", stripdata=0x1200)
    made.add(b"DATA", "StripElem", 0x1200, name="a.png")
    return made.content()


@FUZZ
@given(changes=CHANGES)
def test_a_changed_maya_scene_is_read_or_refused(tmp_path, turntable, changes):
    survives(tmp_path / "a.ma", changed(turntable, changes))


@FUZZ
@given(where=st.floats(0, 1))
def test_a_cut_maya_scene_is_read_or_refused(tmp_path, turntable, where: float):
    survives(tmp_path / "a.ma", turntable[: int(where * len(turntable))])


@FUZZ
@given(body=st.text(max_size=300))
def test_any_text_below_the_header_is_read_or_refused(tmp_path, body: str):
    content = f"//Maya ASCII 2023 scene\n{body}\n".encode("utf-8", "replace")
    survives(tmp_path / "a.ma", content)


WORDS = st.sampled_from(
    [
        "createNode",
        "file",
        "camera",
        "renderLayer",
        "select",
        "-ne",
        ":defaultRenderGlobals",
        "setAttr",
        '".fs"',
        '".ftn"',
        '".adjs[0].val"',
        '".ed"',
        "-type",
        '"string"',
        '"stringArray"',
        "1e999",
        "nan",
        "-1",
        '"a####.png"',
        '"<UDIM>#<UDIM>#"',
        '"\\\\"',
        '"/"',
        "connectAttr",
        '"a.lit"',
        '"b.pls"',
        '"defaultRenderLayer.adjs[0].plg"',
        '":defaultRenderGlobals.fs"',
        "requires",
        "currentUnit",
        "-t",
        "fileInfo",
        '"product"',
        "-rdi",
        ";",
        "\n",
        "+",
        "(",
    ]
)


@FUZZ
@given(body=st.lists(WORDS, max_size=60).map(" ".join))
def test_any_mix_of_mayas_words_is_read_or_refused(tmp_path, body: str):
    survives(tmp_path / "a.ma", f"//Maya ASCII 2023 scene\n{body};\n".encode())


@FUZZ
@given(changes=CHANGES)
def test_a_changed_blender_scene_is_read_or_refused(tmp_path, blend, changes):
    survives(tmp_path / "a.blend", changed(blend, changes))


@FUZZ
@given(where=st.floats(0, 1))
def test_a_cut_blender_scene_is_read_or_refused(tmp_path, blend, where: float):
    survives(tmp_path / "a.blend", blend[: int(where * len(blend))])


@pytest.mark.parametrize("unpack", [lambda data: data, gzip.compress], ids=["zstandard", "gzip"])
@settings(parent=FUZZ, max_examples=40)
@given(changes=CHANGES)
def test_a_changed_compressed_scene_is_read_or_refused(
    tmp_path, spin, unpack: Callable[[bytes], bytes], changes
):
    survives(tmp_path / "a.blend", changed(unpack(spin), changes))


@FUZZ
@given(head=st.sampled_from([b"BLENDER-v304", b"BLENDER17-01v0502", b""]), tail=st.binary())
def test_random_bytes_are_refused(tmp_path, head: bytes, tail: bytes):
    assert survives(tmp_path / "a.blend", head + tail) is None


def test_pointers_in_circles_end(tmp_path, builder):
    made = builder()
    made.scene(view_layers__first=0x300)
    made.blocks.pop()
    made.add(b"DATA", "ViewLayer", 0x300, name="a", flag=1, next=0x300)
    facts = survives(tmp_path / "a.blend", made.content())
    assert facts is not None
    assert [layer.name for layer in facts.layers] == ["a"]
