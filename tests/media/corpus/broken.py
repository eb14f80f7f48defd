"""What has no renditions: cut off, spoilt, far too large, or no picture at all."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial

from PIL import Image

from tests.media.corpus.pngs import GREY, RGB, png
from tests.support.images import photo, save, tiff

Maker = Callable[[], bytes]

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
DNG_VERSION = (50_706, 1, 4, 0x0104)


def cut(container: str, kept: float, **options: object) -> bytes:
    """Write the first part of a photo."""
    data = save(photo(), container, **options)
    return data[: int(len(data) * kept)]


def resized(size: tuple[int, int]) -> bytes:
    """Write a JPEG whose frame tells another size."""
    data = bytearray(save(photo(), "jpeg"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, *size[::-1])
    return bytes(data)


def spoilt_png() -> bytes:
    """Write a PNG whose pixels begin with a block of a kind that there is not."""
    data = bytearray(save(photo(), "png"))
    data[data.index(b"IDAT") + 6] = 0xFF
    return bytes(data)


def spoilt() -> bytes:
    """Write a JPEG whose first table is longer than the file."""
    data = bytearray(save(photo(), "jpeg"))
    struct.pack_into(">H", data, data.index(b"\xff\xdb") + 2, 65_535)
    return bytes(data)


def canvas(size: tuple[int, int]) -> bytes:
    """Write a WebP of a canvas and nothing on it."""
    sides = b"".join((side - 1).to_bytes(3, "little") for side in size)
    content = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sides
    return b"RIFF" + struct.pack("<I", len(content)) + content


def samples() -> dict[str, Maker]:
    """Return what writes each file, by its name."""
    return {
        "cut.jpg": partial(cut, "jpeg", 0.6),
        "cut.png": partial(cut, "png", 0.6),
        "cut.tif": partial(cut, "tiff", 0.6),
        "cut.webp": partial(cut, "webp", 0.6),
        "cut.jp2": partial(cut, "jpeg2000", 0.2),
        "cut.avif": partial(cut, "avif", 0.6),
        "cut.heic": partial(cut, "heif", 0.6),
        "spoilt.jpg": spoilt,
        "spoilt.png": spoilt_png,
        "numbers.tif": lambda: save(Image.new("I", (96, 64), 5), "tiff"),
        "280-megapixels.jpg": partial(resized, (20_000, 14_000)),
        "2-to-the-32.png": partial(png, RGB, 8, [], size=(65_536, 65_536)),
        "longest-side.png": partial(png, GREY, 1, [], size=(2**31 - 1, 1)),
        "268-megapixels.webp": partial(canvas, (16_384, 16_384)),
        "20-000-high.png": lambda: save(Image.new("L", (20, 20_000), 128), "png"),
        "drawing.svg": DRAWING.encode,
        "drawing-declared.svg": ('<?xml version="1.0"?>\n<!-- -->\n' + DRAWING).encode,
        "page.html": b"<!DOCTYPE html><title>a</title>".__bytes__,
        "notes.jpg": b"A note, whatever its name says.\n".__bytes__,
        "nothing.jpg": bytes,
        "document.png": b"%PDF-1.7\n%\xe2\xe3\n".__bytes__,
        "raw.dng": lambda: tiff(bytes(64), (8, 8), bits=8, photometric=1, extra=(DNG_VERSION,)),
    }
