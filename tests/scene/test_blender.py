from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

from renderbus_core.errors import InputError
from renderbus_core.facts import Camera, Fact, FileKind, Layer, Origin, SceneFacts
from renderbus_core.frames import FrameSet
from renderbus_core.scene import blender

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def facts(tmp_path: Path, content: bytes) -> SceneFacts:
    path = tmp_path / "shot.blend"
    path.write_bytes(content)
    return blender.read(path).facts


@pytest.mark.parametrize("order", ["<", ">"], ids=["little-endian", "big-endian"])
@pytest.mark.parametrize(
    ("form", "version"),
    [
        ({"pointer": 4, "version": "248"}, "2.48"),
        ({"pointer": 8, "version": "281"}, "2.81"),
        ({"pointer": 8, "version": "304"}, "3.4"),
        ({"large": True, "version": "0502"}, "5.2"),
    ],
)
def test_every_age_of_file_tells_the_same(tmp_path, builder, form: dict, order: str, version: str):
    blend = builder(order=order, **form)
    blend.scene()
    scene = facts(tmp_path, blend.content())
    assert scene.version == Fact(version, Origin.STORED)
    assert scene.renderer == Fact("CYCLES", Origin.STORED)
    assert scene.frames == Fact(FrameSet.parse("1-10"), Origin.STORED)
    assert scene.resolution == Fact((320, 180), Origin.STORED)
    assert scene.fps == Fact(24.0, Origin.STORED)
    assert scene.cameras == (Camera("Cam", renderable=True),)
    assert scene.output == Fact("//out/", Origin.STORED)
    assert scene.image_format == Fact("png", Origin.STORED)


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstandard"])
def test_compressed_files_tell_the_same(tmp_path, builder, pack):
    blend = builder()
    blend.scene()
    packed, plain = (facts(tmp_path, each) for each in (pack(blend.content()), blend.content()))
    assert packed == plain


def test_the_scene_that_was_open_is_described_and_the_others_are_mentioned(tmp_path, builder):
    blend = builder()
    blend.add(b"SC", "Scene", 0x900, id__name="SCOther", r__sfra=5, r__efra=5)
    blend.scene()
    scene = facts(tmp_path, blend.content())
    assert scene.frames.value == FrameSet.parse("1-10")
    assert any("'Shot'" in warning and "'Other'" in warning for warning in scene.warnings)


def test_view_layers_say_whether_they_are_rendered(tmp_path, builder):
    blend = builder()
    blend.scene()
    blend.blocks.pop()
    blend.add(b"DATA", "ViewLayer", 0x300, name="View", flag=1, next=0x310)
    blend.add(b"DATA", "ViewLayer", 0x310, name="Off", flag=0, next=0x300)
    assert facts(tmp_path, blend.content()).layers == (
        Layer("View", renderable=True),
        Layer("Off", renderable=False),
    )


def test_cameras_of_markers_are_rendered_too_and_lamps_are_no_cameras(tmp_path, builder):
    blend = builder()
    blend.scene(markers__first=0x400)
    blend.add(b"DATA", "TimeMarker", 0x400, next=0x410)
    blend.add(b"DATA", "TimeMarker", 0x410, camera=0x220, next=0x400)
    blend.add(b"OB", "Object", 0x210, id__name="OBLamp", type=10)
    blend.add(b"OB", "Object", 0x220, id__name="OBSecond", type=11)
    blend.add(b"OB", "Object", 0x230, id__name="OBSpare", type=11)
    assert facts(tmp_path, blend.content()).cameras == (
        Camera("Cam", renderable=True),
        Camera("Second", renderable=True),
        Camera("Spare", renderable=False),
    )


def test_a_camera_linked_from_a_library_has_its_name(tmp_path, builder):
    blend = builder()
    blend.scene(camera=0x500)
    blend.add(b"ID", "ID", 0x500, name="OBShotCam")
    blend.add(b"ID", "ID", 0x510, name="OBTree")
    assert Camera("ShotCam", renderable=True) in facts(tmp_path, blend.content()).cameras


def test_files_are_named_and_packed_or_generated_ones_are_not(tmp_path, builder):
    blend = builder()
    blend.scene()
    images = {
        "//wood.png": 1,
        r"//seq\fire_0001.exr": 2,
        "//skin.<UDIM>.png": 6,
        "//old.1001.png": 6,
        "//generated.png": 4,
        "Render Result": 5,
    }
    for number, (name, source) in enumerate(images.items()):
        blend.add(b"IM", "Image", 0x600 + number, id__name=f"IMi{number}", name=name, source=source)
    blend.add(b"IM", "Image", 0x700, id__name="IMin", name="//in.png", source=1, packedfile=0x99)
    blend.add(b"LI", "Library", 0x800, id__name="LIset", name="//set.blend")
    blend.add(b"LI", "Library", 0x810, id__name="LItree", name="//tree.blend", parent=0x800)
    scene = facts(tmp_path, blend.content())
    assert [(file.stored, file.kind, file.owner, file.pattern) for file in scene.files] == [
        ("//set.blend", FileKind.REFERENCE, "library set", None),
        ("//wood.png", FileKind.TEXTURE, "image i0", None),
        (r"//seq\fire_0001.exr", FileKind.TEXTURE, "image i1", r"//seq\fire_####.exr"),
        ("//skin.<UDIM>.png", FileKind.TEXTURE, "image i2", "//skin.<UDIM>.png"),
        ("//old.1001.png", FileKind.TEXTURE, "image i3", "//old.<UDIM>.png"),
    ]
    assert [file.stored for file in scene.nested] == ["//tree.blend"]


def test_strips_of_the_sequencer_name_their_pictures(tmp_path, builder):
    blend = builder()
    blend.scene()
    strips = {0x1000: ("//seq/", ["a_01.png", "a_02.png"]), 0x2000: ("//mix", ["b.png", "c.png"])}
    for at, (folder, names) in strips.items():
        blend.add(b"DATA", "Sequence", at, name="SQpictures", type=0, strip=at + 0x100)
        blend.add(b"DATA", "Strip", at + 0x100, dir=folder, stripdata=at + 0x200)
        for number, name in enumerate(names):
            blend.add(b"DATA", "StripElem", at + 0x200 + 32 * number, name=name)
    blend.add(b"DATA", "Sequence", 0x3000, name="SQscene", type=2, strip=0x1100)
    files = facts(tmp_path, blend.content()).files
    assert [(file.stored, file.pattern) for file in files] == [
        ("//seq/a_01.png", "//seq/a_##.png"),
        ("//mix/b.png", None),
        ("//mix/c.png", None),
    ]
    assert files[0].owner == "strip pictures"


def test_a_film_has_no_picture_format(tmp_path, builder):
    blend = builder()
    blend.scene(r__im_format__imtype=24)
    scene = facts(tmp_path, blend.content())
    assert scene.image_format == Fact(None, Origin.UNKNOWN)
    assert any("FFmpeg film" in warning for warning in scene.warnings)


def test_an_empty_frame_range_is_a_warning(tmp_path, builder):
    blend = builder()
    blend.scene(r__sfra=10, r__efra=1)
    scene = facts(tmp_path, blend.content())
    assert scene.frames == Fact(None, Origin.UNKNOWN)
    assert any("10 to 1 by 1 is empty" in warning for warning in scene.warnings)


def test_a_library_without_a_scene_is_read_with_nothing_known(tmp_path, builder):
    scene = facts(tmp_path, builder().content())
    assert scene.frames == Fact(None, Origin.UNKNOWN)
    assert any("holds no scene" in warning for warning in scene.warnings)


def test_bodies_of_other_blocks_are_not_read(tmp_path, builder):
    blend = builder()
    blend.scene()
    path = tmp_path / "big.blend"
    content = blend.content()
    head = blend.block(b"DATA", 1, b"")
    size = 1 << 30
    with path.open("wb") as file:
        file.write(content[:12])
        file.write(head[:4] + size.to_bytes(4, "little") + head[8:])
        # A hole in the file: reading it would take seconds and a gigabyte.
        file.seek(size, 1)
        file.write(content[12:])
    assert blender.read(path).facts.frames.value == FrameSet.parse("1-10")


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda data: data[:-10], "without an end mark"),
        (lambda data: data[:40], "claims"),
        (lambda data: data.replace(b"DNA1", b"DATA"), "no catalogue of structs"),
        (lambda data: data.replace(b"SDNA", b"SDNB"), "lacks the part SDNA"),
        (lambda data: data.replace(b"STRC", b"STRD"), "lacks the part STRC"),
        (lambda data: data.replace(b"GLOB\x08\0\0\0", b"GLOB\xff\xff\xff\x7f"), "claims 2,147"),
        (lambda data: data.replace(b"GLOB\x08\0\0\0", b"GLOB\xff\xff\xff\xff"), "claims -1 bytes"),
        (lambda data: data[:9] + b"x" + data[10:], "header that is not known"),
        (lambda data: gzip.compress(data)[:-20], "ended before"),
        (lambda data: gzip.compress(data)[:60] + b"x" * 60, "damaged"),
        (lambda data: zstd.compress(data)[:-20], "ended before"),
        (lambda _: gzip.compress(b"other"), "does not begin with 'BLENDER'"),
    ],
)
def test_damage_is_one_sentence_that_names_the_file(tmp_path, builder, damage, expected: str):
    blend = builder()
    blend.scene()
    with pytest.raises(InputError, match=expected) as refused:
        facts(tmp_path, damage(blend.content()))
    assert str(refused.value).startswith("shot.blend ")


def test_a_file_that_unpacks_beyond_reason_is_refused(tmp_path, builder):
    blend = builder(large=True)
    blend.scene()
    content = blend.content()
    lie = blend.block(b"DATA", 1, b"")
    bomb = content[:17] + lie[:16] + (1 << 50).to_bytes(8, "little") + lie[24:] + content[17:]
    with pytest.raises(InputError, match="more than there are"):
        facts(tmp_path, zstd.compress(bomb))


def test_a_count_beyond_the_bytes_is_no_trap(tmp_path, builder):
    blend = builder()
    blend.scene()
    blend.add(b"IM", "Image", 0x600, count=10**9, id__name="IMi", name="//a.png", source=1)
    assert [file.stored for file in facts(tmp_path, blend.content()).files] == ["//a.png"]


def test_file_output_nodes_that_are_on_are_told(tmp_path, builder):
    blend = builder()
    blend.scene()
    blend.add(b"DATA", "bNode", 0x700, idname="CompositorNodeOutputFile")
    blend.add(b"DATA", "bNode", 0x710, idname="CompositorNodeOutputFile", flag=1 << 9)
    blend.add(b"DATA", "bNode", 0x720, idname="ShaderNodeBsdfPrincipled")
    (warning,) = facts(tmp_path, blend.content()).warnings
    assert warning.startswith("1 file output node(s) of the compositor write pictures of their own")


def test_a_muted_file_output_node_is_nothing_odd(tmp_path, builder):
    blend = builder()
    blend.scene()
    blend.add(b"DATA", "bNode", 0x710, idname="CompositorNodeOutputFile", flag=1 << 9)
    assert facts(tmp_path, blend.content()).warnings == ()
