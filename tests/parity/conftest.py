"""Pictures as renderers write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import OpenImageIO
import pytest

WIDTH, HEIGHT = 64, 48


def spec_of(pixels, kind, **header):
    """Return a header; fields of the specification by name, everything else an attribute."""
    height, width, count = pixels.shape
    spec = OpenImageIO.ImageSpec(width, height, count, kind)
    for key, value in header.items():
        if hasattr(spec, key):
            setattr(spec, key, value)
        else:
            spec.attribute(key.replace("__", ":"), value)
    return spec


@pytest.fixture
def picture(tmp_path) -> Callable[..., Path]:
    """Return a function that writes a picture; values are stored as they are."""

    def write(name, pixels, kind=None, **header):
        path = tmp_path / name
        # What is no attribute of our own: color under a transparent pixel is kept.
        header = {"oiio__UnassociatedAlpha": 1} | header
        spec = spec_of(pixels, kind or str(OpenImageIO.TypeDesc(_name(pixels.dtype))), **header)
        output = OpenImageIO.ImageOutput.create(str(path))
        assert output.open(str(path), spec), output.geterror()
        pixels = np.ascontiguousarray(pixels)
        if spec.tile_width:
            ends = (spec.x, spec.x + spec.width, spec.y, spec.y + spec.height, 0, 1)
            assert output.write_tiles(*ends, pixels), output.geterror()
        else:
            assert output.write_image(pixels), output.geterror()
        assert output.close()
        return path

    return write


@pytest.fixture
def beauty():
    """Return pixels of a lit frame, some of them far brighter than white."""
    made = np.random.default_rng(7).random((HEIGHT, WIDTH, 4), dtype=np.float32)
    made[:4, :4, :3] *= 50
    return made


@pytest.fixture
def painted():
    """Return pixels of 8 bits without sharp edges."""
    columns, lines = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    return np.stack([2 * columns, 3 * lines, columns + lines], axis=2).astype(np.uint8)


def _name(dtype):
    return {"float16": "half", "float32": "float", "uint32": "uint"}.get(dtype.name, dtype.name)
