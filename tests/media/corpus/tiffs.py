"""TIFFs as scanners, fax machines, Photoshop and maps write them (TIFF 6.0, BigTIFF)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PIL import Image

from tests.media.corpus.chart import BLACK_AND_WHITE, COLORS, GREYS, SIZE, draw, rows
from tests.support.color_spaces import convert, power, to_xyz, xyz_to_lab
from tests.support.images import save
from tests.support.profiles import ADOBE_RGB, rgb_profile

Maker = Callable[[], bytes]
Entries = Mapping[int, tuple[int, Sequence[int]]]

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, OFFSETS = 256, 257, 258, 259, 262, 273
SAMPLES, ROWS_PER_STRIP, COUNTS, PLANAR = 277, 278, 279, 284
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS, EXTRA = 322, 323, 324, 325, 338
SHORT, LONG = 3, 4
PACKED = {
    "raw": "raw",
    "packbits": "packbits",
    "lzw": "tiff_lzw",
    "deflate": "tiff_adobe_deflate",
    "jpeg": "jpeg",
}
FAX = {"group-3": "group3", "group-4": "group4", "run-lengths": "tiff_ccitt"}
"""Their names, and Pillow's."""

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CIELAB = 0, 1, 2, 8


def write(
    parts: Sequence[bytes], entries: Entries, *, order: str = "<", tiled: bool = False
) -> bytes:
    """Write a TIFF of these strips or tiles; entries are a type and values."""
    places, content = [], b""
    for part in parts:
        places.append(8 + len(content))
        content += part + bytes(len(part) % 2)
    where, how_long = (TILE_OFFSETS, TILE_COUNTS) if tiled else (OFFSETS, COUNTS)
    every = {
        WIDTH: (LONG, SIZE[:1]),
        HEIGHT: (LONG, SIZE[1:]),
        COMPRESSION: (SHORT, (1,)),
        where: (LONG, places),
        how_long: (LONG, [len(part) for part in parts]),
        **entries,
    }
    listed, values = b"", b""
    for tag, (kind, numbers) in sorted(every.items()):
        raw = struct.pack(f"{order}{len(numbers)}{'H' if kind == SHORT else 'I'}", *numbers)
        listed += struct.pack(f"{order}HHI", tag, kind, len(numbers))
        if len(raw) > 4:
            listed += struct.pack(f"{order}I", 8 + len(content) + len(values))
            values += raw
        else:
            listed += raw.ljust(4, b"\0")
    mark = b"II" if order == "<" else b"MM"
    directory = struct.pack(f"{order}H", len(every)) + listed + bytes(4)
    head = mark + struct.pack(f"{order}HI", 42, 8 + len(content) + len(values))
    return head + content + values + directory


def model(photometric: int, bits: Sequence[int]) -> dict[int, tuple[int, Sequence[int]]]:
    """Return the entries for samples of these bits."""
    return {
        BITS: (SHORT, bits),
        PHOTOMETRIC: (SHORT, (photometric,)),
        SAMPLES: (SHORT, (len(bits),)),
    }


def strips(lines: Sequence[bytes], high: int) -> list[bytes]:
    """Join lines to strips of so many."""
    return [b"".join(lines[at : at + high]) for at in range(0, len(lines), high)]


def tiles() -> bytes:
    """Write the chart in tiles of 32 px, deflated, whose order is theirs and not the lines'."""
    image = draw(COLORS)
    boxes = ((x, y, x + 32, y + 32) for y in range(0, SIZE[1], 32) for x in range(0, SIZE[0], 32))
    parts = [zlib.compress(image.crop(box).tobytes()) for box in boxes]
    told = model(RGB, (8, 8, 8)) | {TILE_WIDTH: (SHORT, (32,)), TILE_LENGTH: (SHORT, (32,))}
    return write(parts, told | {COMPRESSION: (SHORT, (8,))}, tiled=True)


def planes() -> bytes:
    """Write the chart as three planes of one strip each."""
    parts = [b"".join(rows([bytes((color[n],)) for color in COLORS])) for n in range(3)]
    told = model(RGB, (8, 8, 8)) | {PLANAR: (SHORT, (2,)), ROWS_PER_STRIP: (LONG, SIZE[1:])}
    return write(parts, told)


def deep(order: str, photometric: int = RGB) -> bytes:
    """Write the chart, or its greys, in 16 bits a sample and strips of 7 lines."""
    patches = COLORS if photometric == RGB else GREYS
    white = 255 if photometric == WHITE_IS_ZERO else 0
    pixels = [struct.pack(f"{order}{len(c)}H", *(abs(white - v) * 257 for v in c)) for c in patches]
    told = model(photometric, [16] * len(patches[0])) | {ROWS_PER_STRIP: (LONG, (7,))}
    return write(strips(rows(pixels), 7), told, order=order)


def lab(bits: int) -> bytes:
    """Write the chart as CIE Lab: lightness unsigned, a and b signed (TIFF 6.0, section 23)."""
    colors = [xyz_to_lab(to_xyz(color)) for color in COLORS]
    if bits == 8:
        pixels = [struct.pack("<Bbb", round(v * 2.55), round(a), round(b)) for v, a, b in colors]
    else:
        pixels = [
            struct.pack("<Hhh", round(v * 655.35), round(a * 256), round(b * 256))
            for v, a, b in colors
        ]
    told = model(CIELAB, (bits,) * 3) | {ROWS_PER_STRIP: (LONG, SIZE[1:])}
    return write(strips(rows(pixels), SIZE[1]), told)


def clear() -> bytes:
    """Write the chart with alpha of its own (2) behind its colours."""
    veiled = zip(COLORS, (255, 128, 0) * 2, strict=True)
    lines = rows([bytes((*color, alpha)) for color, alpha in veiled])
    told = model(RGB, (8,) * 4) | {EXTRA: (SHORT, (2,)), ROWS_PER_STRIP: (LONG, SIZE[1:])}
    return write(strips(lines, SIZE[1]), told)


def photoshop() -> bytes:
    """Write the chart with the image resources that Photoshop adds (34377)."""
    resources = (
        b"8BIM"
        + struct.pack(">HHI", 1005, 0, 16)
        + struct.pack(">IHHIHH", 72 << 16, 1, 1, 72 << 16, 1, 1)
    )
    return save(draw(COLORS), "tiff", tiffinfo={34_377: resources})


def samples() -> dict[str, Maker]:
    """Return what writes each file, by its name."""
    chart, greys = draw(COLORS), draw(GREYS, "L")
    two = draw(BLACK_AND_WHITE, "L").convert("1")
    adobe = draw([tuple(round(255 * v) for v in convert(c, ADOBE_RGB, power(2.2))) for c in COLORS])
    packed = {
        f"{name}.tif": partial(save, chart, "tiff", compression=compression)
        for name, compression in PACKED.items()
    }
    fax = {
        f"fax-{name}.tif": partial(save, two, "tiff", compression=compression)
        for name, compression in FAX.items()
    }
    return {
        **packed,
        **fax,
        "big.tif": partial(save, chart, "tiff", big_tiff=True),
        "tiles.tif": tiles,
        "planes.tif": planes,
        "rgb-16.tif": partial(deep, "<"),
        "rgb-16-motorola.tif": partial(deep, ">"),
        "grey-16.tif": partial(deep, "<", BLACK_IS_ZERO),
        "grey-16-white-is-zero.tif": partial(deep, "<", WHITE_IS_ZERO),
        "lab-8.tif": partial(lab, 8),
        "lab-16.tif": partial(lab, 16),
        "clear.tif": clear,
        "palette.tif": lambda: save(chart.quantize(8), "tiff"),
        "adobe-rgb.tif": partial(
            save, adobe, "tiff", icc_profile=rgb_profile("Test Adobe", ADOBE_RGB, 2.2)
        ),
        "photoshop.tif": photoshop,
        "pages.tif": lambda: save(
            chart, "tiff", save_all=True, append_images=[greys, Image.new("RGB", (9, 9))]
        ),
    }
