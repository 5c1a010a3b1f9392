"""When a frame of the farm and one of the cloud count as the same."""

from __future__ import annotations

import math
import sys

import numpy as np
import OpenEXR
import OpenImageIO
import pytest
from PIL import Image

from renderbus_core.errors import InputError, MissingDependencyError
from renderbus_core.parity import Comparison, Tolerance, compare

EXACT = Tolerance(0, 0, 0)
KINDS = {
    "float.exr": "float",
    "half.exr": "half",
    "float.tif": "float",
    "long.tif": "uint16",
    "short.tif": "uint8",
    "short.png": "uint8",
    "long.png": "uint16",
    "a.tga": "uint8",
}


def nothing_but_a_sentence(comparison):
    return comparison == Comparison(alike=False, why=comparison.why)


# -- alike --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_one_picture_twice_is_alike_without_any_tolerance(picture, beauty, name):
    one = picture(f"one.{name}", beauty, KINDS[name])
    other = picture(f"other.{name}", beauty, KINDS[name])
    found = compare(one, other, EXACT)
    assert (found.alike, found.share, found.mean, found.worst) == (True, 0, 0, 0)
    assert found.where is None
    assert found.why == "The pictures are alike: all values of all 3072 pixels are the same."


def test_noise_of_another_processor_is_alike_and_its_numbers_are_told(picture, beauty):
    noise = np.random.default_rng(1).normal(0, 1e-4, beauty.shape).astype(np.float32)
    local, cloud = picture("local.exr", beauty), picture("cloud.exr", beauty + noise)
    found = compare(local, cloud)
    assert found.alike
    assert found.share == 0
    assert 0 < found.mean < 1e-4 < found.worst < 1e-3
    assert found.why.startswith(
        "The pictures are alike: 0 of 3072 pixels (0 %) differ by more than 0.02 where 0.02 % may "
        "and the mean difference is 0.0000"
    )


def test_dither_that_flips_the_last_bit_of_every_value_is_alike(picture, painted):
    flips = np.random.default_rng(1).integers(0, 2, painted.shape, dtype=np.uint8)
    assert compare(picture("a.png", painted), picture("b.png", painted + flips)).alike


def test_a_highlight_may_differ_by_more_than_a_shadow(picture, beauty):
    bright, dark = beauty.copy(), beauty.copy()
    beauty[8:16, 8:16], bright[8:16, 8:16] = 50.0, 50.5
    assert compare(picture("a.exr", beauty), picture("b.exr", bright)).share == 0
    dark[8:16, 8:16] = 49.0
    beauty[8:16, 8:16], dark[8:16, 8:16] = 0.25, 0.75
    found = compare(picture("a.exr", beauty), picture("c.exr", dark))
    assert (found.share, found.worst) == (64 / 3072, 0.5)


def test_windows_of_data_that_differ_are_compared_over_the_display_window(picture, beauty):
    frame = np.zeros_like(beauty)
    frame[10:20, 5:35] = beauty[10:20, 5:35]
    whole = picture("whole.exr", frame)
    window = {"x": 5, "y": 10, "full_width": 64, "full_height": 48}
    cropped = picture("cropped.exr", beauty[10:20, 5:35], **window)
    overscan = {"x": -3, "y": -2, "full_x": 0, "full_y": 0, "full_width": 64, "full_height": 48}
    wide = np.ones((48 + 4, 64 + 6, 4), np.float32)
    wide[2:50, 3:67] = frame
    wider = picture("wider.exr", wide, **overscan)
    for one, other in ((whole, cropped), (whole, wider), (cropped, wider)):
        assert compare(one, other, EXACT).alike
    beside = picture("beside.exr", beauty[10:20, 5:35], **window | {"x": 6})
    assert not compare(whole, beside).alike


def test_what_lies_outside_of_the_display_window_is_not_seen(picture, beauty):
    away = {"x": 200, "y": 0, "full_x": 0, "full_y": 0, "full_width": 64, "full_height": 48}
    black, hidden = picture("a.exr", np.zeros_like(beauty)), picture("b.exr", beauty, **away)
    assert compare(black, hidden, EXACT).alike


def test_tiles_and_lines_and_kinds_of_packing_do_not_matter(picture, beauty):
    lines = picture("lines.exr", beauty, "half")
    for height in (16, 32):
        tiles = picture(f"{height}.exr", beauty, "half", tile_width=16, tile_height=height)
        assert compare(lines, tiles, EXACT).alike
        assert compare(tiles, picture("zip.exr", beauty, "half", compression="piz"), EXACT).alike


def test_tiles_of_a_cropped_picture_are_found_again(picture, beauty):
    window = {"x": 7, "y": 11, "full_width": 90, "full_height": 70}
    lines = picture("lines.exr", beauty, **window)
    tiles = picture("tiles.exr", beauty, tile_width=16, tile_height=16, **window)
    assert compare(lines, tiles, EXACT).alike


def test_a_picture_larger_than_what_is_read_at_once_is_compared_to_its_last_line(picture):
    tall = np.zeros((1500, 2000, 1), np.uint8)
    changed = tall.copy()
    changed[1499, 1999] = 255
    for tiles in ({}, {"tile_width": 64, "tile_height": 64}):
        found = compare(picture("a.tif", tall, **tiles), picture("b.tif", changed))
        assert (found.where, found.share) == ((1999, 1499), 1 / 3_000_000)


def test_the_content_and_not_the_name_says_what_kind_a_picture_is(picture, painted):
    png = picture("a.png", painted)
    renamed = png.with_name("a.exr")
    renamed.write_bytes(png.read_bytes())
    assert compare(png, renamed, EXACT).alike


def test_a_link_is_the_picture_it_leads_to(picture, painted):
    png = picture("a.png", painted)
    link = png.with_name("link.png")
    link.symlink_to(png)
    assert compare(png, link, EXACT).alike


# -- not alike ----------------------------------------------------------------------------------


def test_one_bad_region_is_found_and_named(picture, beauty):
    changed = beauty.copy()
    beauty[30, 20:22, 1] = 0.875
    changed[30, 20:22, 1] = 0.125, 0.25
    local, cloud = picture("local.exr", beauty), picture("cloud.exr", changed)
    found = compare(local, cloud)
    assert not found.alike
    assert (found.where, found.worst, found.share) == ((20, 30), 0.75, 2 / 3072)
    assert found.why == (
        "The pictures are not alike: 2 of 3072 pixels (0.0651 %) differ by more than 0.02 where "
        "0.02 % may; they are furthest apart at 20, 30 in channel G: 0.875 here, 0.125 in the "
        "cloud."
    )


@pytest.mark.parametrize(("size", "bucket"), [((1080, 1920), 32), ((2160, 4096), 64)])
def test_one_missing_bucket_is_never_alike(picture, size, bucket):
    frame = np.full((*size, 1), 128, np.uint8)
    missing = frame.copy()
    missing[:bucket, :bucket] = 0
    assert not compare(picture("a.tif", frame), picture("b.tif", missing)).alike


def test_single_bright_dots_are_alike(picture):
    frame = np.full((1080, 1920, 3), 128, np.uint8)
    dots = frame.copy()
    dots[::108, ::192] = 255
    found = compare(picture("a.tif", frame), picture("b.tif", dots))
    assert found.alike
    assert found.share == 100 / (1080 * 1920)


def test_a_frame_that_is_a_shade_darker_all_over_is_not_alike(picture, painted):
    found = compare(picture("a.png", painted + 1), picture("b.png", painted))
    assert (found.alike, found.share) == (False, 0)
    assert found.why.startswith(
        "The pictures are not alike: the mean difference is 0.003922 where 0.002 may be; "
    )


def test_alpha_counts(picture, beauty):
    changed = beauty.copy()
    changed[..., 3] = 0
    assert not compare(picture("a.exr", beauty), picture("b.exr", changed)).alike


def test_color_under_a_transparent_pixel_counts(picture):
    clear = np.zeros((48, 64, 4), np.uint8)
    red = clear.copy()
    red[..., 0] = 255
    assert not compare(picture("a.png", clear), picture("b.png", red)).alike


# -- values that are no numbers -----------------------------------------------------------------


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_the_same_odd_value_in_the_same_place_is_equal(picture, beauty, odd):
    beauty[5, 6, 0] = odd
    assert compare(picture("a.exr", beauty), picture("b.exr", beauty), EXACT).alike


@pytest.mark.parametrize("kind", ["float", "half"])
@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_an_odd_value_on_one_side_only_differs_whatever_is_tolerated(picture, beauty, odd, kind):
    changed = beauty.copy()
    changed[5, 6, 0] = odd
    one, other = picture("a.exr", beauty, kind), picture("b.exr", changed, kind)
    for found in (compare(one, other, Tolerance(1, 0, 1)), compare(other, one, Tolerance(1, 0, 1))):
        assert not found.alike
        assert (found.where, found.worst) == ((6, 5), 2)
        assert math.isfinite(found.mean)


def test_infinities_of_both_signs_differ(picture, beauty):
    changed = beauty.copy()
    beauty[5, 6, 0], changed[5, 6, 0] = math.inf, -math.inf
    assert not compare(
        picture("a.exr", beauty), picture("b.exr", changed), Tolerance(1, 0, 1)
    ).alike


def test_the_largest_numbers_have_a_difference(picture, beauty):
    changed = beauty.copy()
    beauty[5, 6, 0], changed[5, 6, 0] = 3e38, -3e38
    found = compare(picture("a.exr", beauty), picture("b.exr", changed))
    assert (found.worst, found.where) == (2, (6, 5))


# -- other shapes -------------------------------------------------------------------------------


def test_another_size_is_told(picture, beauty):
    found = compare(picture("a.exr", beauty), picture("b.exr", beauty[:40, :60]))
    assert nothing_but_a_sentence(found)
    assert found.why == (
        "The pictures are not alike: the local one is 64 x 48 pixels, the cloud's 60 x 40."
    )


def test_another_place_of_the_display_window_is_told(picture, beauty):
    moved = {"full_x": 4, "full_y": 0, "full_width": 64, "full_height": 48}
    found = compare(picture("a.exr", beauty), picture("b.exr", beauty, **moved))
    assert nothing_but_a_sentence(found)
    assert "begins at 0, 0, the cloud's at 4, 0" in found.why


def test_missing_channels_are_named(picture, beauty):
    local = picture("a.exr", beauty)
    cloud = picture("b.exr", beauty[..., :3])
    assert "the cloud's lacks the channel A." in compare(local, cloud).why
    assert "the local one lacks the channel A." in compare(cloud, local).why
    named = picture("c.exr", beauty, channelnames=("R", "G", "Z", "id"))
    found = compare(local, named)
    assert nothing_but_a_sentence(found)
    assert found.why == (
        "The pictures are not alike: the local one lacks the channels Z, id and the cloud's lacks "
        "the channels B, A."
    )


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (
            ("a.png", "uint8"),
            ("b.png", "uint16"),
            "8 bits in the local one, 16 bits in the cloud's",
        ),
        (
            ("a.exr", "half"),
            ("b.exr", "float"),
            "16 bits (float) in the local one, 32 bits (float)",
        ),
        (("a.tif", "uint16"), ("b.exr", "half"), "16 bits in the local one, 16 bits (float)"),
    ],
)
def test_another_depth_is_told(picture, beauty, one, other, words):
    found = compare(picture(one[0], beauty, one[1]), picture(other[0], beauty, other[1]))
    assert nothing_but_a_sentence(found)
    assert f"channel R has {words}" in found.why


def test_10_bits_that_are_read_as_16_are_told(picture, beauty):
    deep = picture("a.dpx", beauty[..., :3], "uint16", oiio__BitsPerSample=10)
    found = compare(deep, picture("b.dpx", beauty[..., :3], "uint16"))
    assert "10 bits in the local one, 16 bits in the cloud's" in found.why


# -- parts and layers ---------------------------------------------------------------------------

FAST = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}


def write_parts(path, **parts):
    made = [OpenEXR.Part(FAST | {"name": name}, planes) for name, planes in parts.items()]
    with OpenEXR.File(made) as file:
        file.write(str(path))
    return path


def test_each_part_is_compared_and_equal_ones_hide_no_other(tmp_path):
    noise = np.random.default_rng(1).random((48, 64)).astype(np.float32)
    bad = noise.copy()
    bad[:2, :1] += 1
    same = {f"light{n}": {"Y": noise} for n in range(9)}
    local = write_parts(tmp_path / "a.exr", beauty={"Y": noise}, **same)
    cloud = write_parts(tmp_path / "b.exr", beauty={"Y": bad}, **same)
    assert compare(local, local, EXACT).alike
    # Two of 3072 pixels are too many for one part, and few enough for ten.
    found = compare(local, cloud, Tolerance(share=0.0005))
    assert not found.alike
    assert found.share == 2 / 3072
    assert "differ by more than 0.02 in part beauty" in found.why


def test_other_parts_are_told(tmp_path):
    plane = {"Y": np.zeros((4, 6), np.float32)}
    two = write_parts(tmp_path / "two.exr", beauty=plane, depth=plane)
    one = write_parts(tmp_path / "one.exr", beauty=plane)
    swapped = write_parts(tmp_path / "swapped.exr", beauty=plane, mask=plane)
    assert "the local one has 2 parts, the cloud's 1 part." in compare(two, one).why
    assert "in part 2, the local one is called 'depth'" in compare(two, swapped).why


def test_pages_of_a_tiff_are_parts(tmp_path):
    pages = [Image.new("L", (6, 4), n) for n in (10, 20, 30)]
    for name, last in (("a.tif", pages[2]), ("b.tif", pages[0])):
        pages[0].save(tmp_path / name, save_all=True, append_images=[pages[1], last])
    assert compare(tmp_path / "a.tif", tmp_path / "a.tif", EXACT).alike
    found = compare(tmp_path / "a.tif", tmp_path / "b.tif")
    assert (found.share, found.worst) == (1, 20 / 255)


def write_layers(path, ids, depth):
    planes = {
        "R": np.full((4, 6), 0.5, np.float16),
        "Z": np.full((4, 6), depth, np.float32),
        "id": np.full((4, 6), ids, np.uint32),
    }
    with OpenEXR.File(FAST, planes) as file:
        file.write(str(path))
    return path


def test_layers_of_several_kinds_are_compared_each_in_its_own(tmp_path):
    local = write_layers(tmp_path / "a.exr", 7, 100)
    assert compare(local, write_layers(tmp_path / "b.exr", 7, 101)).share == 0
    assert compare(local, write_layers(tmp_path / "c.exr", 7, 200)).worst == 0.5


def test_the_next_identifier_is_another_object_not_nearly_the_same(tmp_path):
    local = write_layers(tmp_path / "a.exr", 7, 100)
    found = compare(local, write_layers(tmp_path / "b.exr", 8, 100))
    assert (found.alike, found.worst, found.share) == (False, 2, 1)
    assert "in channel id: 7 here, 8 in the cloud" in found.why


def test_deep_pictures_are_not_compared(tmp_path):
    path = str(tmp_path / "deep.exr")
    spec = OpenImageIO.ImageSpec(4, 3, 2, "float")
    spec.channelnames, spec.deep = ("A", "Z"), True
    data = OpenImageIO.DeepData()
    data.init(12, 2, [OpenImageIO.TypeFloat] * 2, ["A", "Z"])
    output = OpenImageIO.ImageOutput.create(path)
    assert output.open(path, spec)
    assert output.write_deep_image(data)
    assert output.close()
    found = compare(tmp_path / "deep.exr", tmp_path / "deep.exr")
    assert nothing_but_a_sentence(found)
    assert "deep data" in found.why


# -- JPEG ---------------------------------------------------------------------------------------


def test_a_jpeg_of_a_soft_picture_may_be_like_the_png_of_it(picture, painted, tmp_path):
    png, jpeg = picture("a.png", painted), tmp_path / "a.jpg"
    Image.fromarray(painted).save(jpeg, quality=100, subsampling=0)
    found = compare(png, jpeg)
    assert found.alike, found.why
    assert found.worst > 0


def test_a_jpeg_that_lost_detail_is_not(tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    for name, options in (("a.png", {}), ("a.jpg", {"quality": 30})):
        Image.fromarray(noise).save(tmp_path / name, **options)
    found = compare(tmp_path / "a.png", tmp_path / "a.jpg")
    assert not found.alike
    assert found.share > 0.5


# -- the tolerance ------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "alike"), [(5, True), (6, False)])
def test_the_tolerance_itself_is_still_equal(picture, painted, steps, alike):
    changed = painted.copy()
    changed[0, 0] += steps
    found = compare(picture("a.png", painted), picture("b.png", changed), Tolerance(5 / 255, 0, 1))
    assert (found.alike, found.worst) == (alike, steps / 255)
    share = compare(picture("a.png", painted), picture("b.png", changed), Tolerance(0, 1 / 3072, 1))
    assert share.alike
    mean = Tolerance(0, 1, found.mean)
    assert compare(picture("a.png", painted), picture("b.png", changed), mean).alike


def test_a_frame_that_differs_by_the_tolerated_mean_everywhere_is_still_alike(picture):
    one, other = np.zeros((3, 4, 2), np.uint16), np.full((3, 4, 2), 51, np.uint16)
    pair = picture("a.tif", one), picture("b.tif", other)
    assert compare(*pair, Tolerance(1, 0, 51 / 65535)).alike
    assert not compare(*pair, Tolerance(1, 0, 50.9 / 65535)).alike


@pytest.mark.parametrize("value", [-0.001, 1.001, math.nan, math.inf])
@pytest.mark.parametrize("name", ["channel", "share", "mean"])
def test_a_tolerance_lies_between_0_and_1(name, value):
    with pytest.raises(InputError, match=f"the tolerance {name} is"):
        Tolerance(**{name: value})


# -- the library --------------------------------------------------------------------------------


def test_without_the_library_the_extra_is_named(picture, painted, monkeypatch):
    path = picture("a.png", painted)
    monkeypatch.setitem(sys.modules, "OpenImageIO", None)
    with pytest.raises(MissingDependencyError, match=r"renderbus-bridge\[parity\]"):
        compare(path, path)
