"""Pictures of the simulated cloud and farm: small, whole to a look at their header, never equal."""

from __future__ import annotations

import struct
import zlib

# What the scene asks for; a picture of another size is refused.
WIDTH, HEIGHT = 64, 36


def png(text: str, more: int = 0) -> bytes:
    """Return a PNG file that carries a text.

    Args:
        text: that tells it from others.
        more: by how many bytes it is longer than the text needs.
    """
    row = bytes(1 + WIDTH)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            _chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)),
            _chunk(b"tEXt", b"Comment\0" + text.encode("latin-1") + b"." * more),
            _chunk(b"IDAT", zlib.compress(row * HEIGHT)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )
