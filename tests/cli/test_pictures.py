"""What counts as a whole picture when a frame has come home."""

from __future__ import annotations

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from renderbus_core.transfer import picture_problem


@pytest.fixture
def exr(tmp_path):
    path = tmp_path / "a.exr"
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    pixels = {"RGB": np.zeros((4, 6, 3), dtype="float32")}
    with OpenEXR.File(header, pixels) as file:
        file.write(str(path))
    return path


def test_a_whole_exr_and_a_whole_png_are_fine(exr, tmp_path):
    png = tmp_path / "a.png"
    Image.new("RGB", (6, 4)).save(png)
    assert picture_problem(exr) is None
    assert picture_problem(png) is None


def test_what_is_missing_empty_cut_or_no_picture_is_named(exr, tmp_path):
    cut = tmp_path / "cut.png"
    Image.effect_noise((64, 64), 9).save(cut)
    cut.write_bytes(cut.read_bytes()[:200])
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no picture")
    exr.write_bytes(exr.read_bytes()[:60])
    assert "cannot be read" in picture_problem(tmp_path / "gone.png")
    assert "is empty" in picture_problem(tmp_path / "empty.png")
    assert "is no picture" in picture_problem(tmp_path / "text.png")
    assert "does not open" in picture_problem(cut)
    assert "does not open" in picture_problem(exr)
