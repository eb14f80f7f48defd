"""Make images of tests/conformance/cases: four quarters of known colours, of many kinds.

What is right is known by construction; `expected.toml` says who else reads it so.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from io import BytesIO
from random import Random

from PIL import Image

from tests.media import animation_files, make_psds, make_tiffs
from tests.support import bitmaps
from tests.support.images import save

SIZE = (96, 72)
RED, GREEN, BLUE, WHITE = bitmaps.QUARTERS
ALPHAS = (255, 128, 128, 0)
"""Of the quarters, where they are transparent."""

Samples = Sequence[Sequence[float]]
"""Of the four quarters, 0 to 255."""


def quarters(
    colors: Samples = bitmaps.QUARTERS, alphas: Sequence[int] = ()
) -> list[list[Sequence[float]]]:
    """Return rows of pixels."""
    values = [(*color, *alphas[at : at + 1]) for at, color in enumerate(colors)]
    return bitmaps.quarters(SIZE, values)


def picture(mode: str = "RGB") -> Image.Image:
    """Return the four quarters, RGBA with their alphas."""
    image = Image.new("RGBA", SIZE)
    rows = quarters(alphas=ALPHAS if mode == "RGBA" else (255,) * 4)
    image.putdata([tuple(map(int, pixel)) for row in rows for pixel in row])
    return image.convert(mode)


def premultiplied(color: Sequence[float], alpha: float) -> tuple[float, ...]:
    return tuple(value * alpha / 255 for value in color)


def on_white(color: Sequence[float], alpha: float) -> tuple[float, ...]:
    return tuple(value * alpha / 255 + 255 - alpha for value in color)


def _tiff(kind: make_tiffs.Kind, colors: Samples, alphas: Sequence[int] = ()) -> bytes:
    rows = quarters(colors, alphas)
    kind = replace(kind, size=SIZE, rows=SIZE[1])
    lines = [make_tiffs.row_of([value for pixel in row for value in pixel], kind) for row in rows]
    return make_tiffs.assemble([b"".join(lines)], kind, len(rows[0][0]))


def _psd(kind: make_psds.Kind, colors: Samples, *extras: Sequence[int]) -> bytes:
    rows = quarters([(*color, *(each[at] for each in extras)) for at, color in enumerate(colors)])
    count = len(rows[0][0])
    planes: Iterable[bytes] = (
        make_psds.row_of([pixel[plane] for pixel in row], kind.depth)
        for plane in range(count)
        for row in rows
    )
    size = SIZE[::-1]
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, count, *size, kind.depth, kind.model)
    sections = struct.pack(">I", 0) + struct.pack(">I", len(kind.resources)) + kind.resources
    content = struct.pack(">H", kind.packing) + make_psds.pack(list(planes), kind)
    return head + sections + make_psds.layers(kind) + content


def _grey(alphas: Sequence[int]) -> Samples:
    return [(90 * alpha / 255,) for alpha in alphas]


def _bmp_v5() -> bytes:
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    header = bitmaps.Header(size=SIZE, bits=32, length=124, compression=3, masks=masks)
    rows = [[[int(value) for value in pixel] for pixel in row] for row in quarters(alphas=ALPHAS)]
    return bitmaps.colored(header, rows, masks)


def _bmp_10_bits() -> bytes:
    masks = (0x3FF00000, 0xFFC00, 0x3FF)
    header = bitmaps.Header(size=SIZE, bits=32, compression=3, masks=masks)
    rows = [[[int(value) for value in pixel] for pixel in row] for row in quarters()]
    return bitmaps.colored(header, rows, masks)


def _png_frame(
    color: Sequence[int], size: tuple[int, int] = SIZE, **more: object
) -> animation_files.PngFrame:
    return animation_files.fill(size, bytes(color), **more)


HALF = (SIZE[0] // 2, SIZE[1])


def _apng_previous() -> bytes:
    """Red on the left, for one frame only; then a clear frame lets the green below be seen."""
    frames = (
        _png_frame((*GREEN, 255)),
        _png_frame((*RED, 255), HALF, dispose=animation_files.PREVIOUS),
        _png_frame((0, 0, 0, 0), (1, 1), blend=1),
    )
    return animation_files.write_apng(SIZE, frames)


def _gif_uncovered() -> bytes:
    """Frames that never cover their canvas."""
    palette = bytes((*RED, *BLUE, *GREEN, 0, 0, 0))
    frames = [animation_files.solid((48, 36), index) for index in (0, 1)]
    return animation_files.write_gif(SIZE, frames, palette=palette)


def _cut(content: bytes, part: float) -> bytes:
    return content[: round(len(content) * part)]


def _noise() -> Image.Image:
    """Return noise: a tenth of its bytes are a tenth of its lines."""
    size = (160, 120)
    return Image.frombytes("L", size, Random(1).randbytes(size[0] * size[1])).convert("RGB")


def _cicp(points: tuple[int, int]) -> bytes:
    """Mark a PNG whose white is 58 % of PQ or 75 % of HLG: about 203 nits, the white of SDR."""
    level = 148 if points[1] == 16 else 191
    content = save(Image.new("RGB", SIZE, (level,) * 3), "png")
    return content[:33] + animation_files.chunk(b"cICP", bytes((*points, 0, 1))) + content[33:]


def _orientation(kind: int, value: bytes) -> bytes:
    """Write an orientation as another type than SHORT, in front of the quarters."""
    entry = struct.pack(">HHI", 0x0112, kind, 1)
    inline = value if len(value) <= 4 else struct.pack(">I", 8 + 2 + 12 + 4)
    block = b"MM\0*" + struct.pack(">IH", 8, 1) + entry + inline.ljust(4, b"\0") + bytes(4)
    exif = b"Exif\0\0" + block + (value if len(value) > 4 else b"")
    content = save(picture(), "jpeg", quality=95)
    return content[:2] + struct.pack(">HH", 0xFFE1, len(exif) + 2) + exif + content[2:]


def _tga() -> bytes:
    file = BytesIO()
    picture().save(file, "TGA")
    return file.getvalue()


RGB, GREY = make_tiffs.RGB, make_tiffs.GREY
Tiff, Psd = make_tiffs.Kind, make_psds.Kind

MAKERS: dict[str, Callable[[], bytes]] = {
    "bmp-v5-alpha.bmp": _bmp_v5,
    "bmp-10-bits.bmp": _bmp_10_bits,
    "apng-previous.png": _apng_previous,
    "gif-uncovered.gif": _gif_uncovered,
    "jpg-cut-7-percent.jpg": lambda: _cut(save(_noise(), "jpeg", quality=90), 0.07),
    "jpg-cut-60-percent.jpg": lambda: _cut(save(_noise(), "jpeg", quality=90), 0.6),
    "png-cut-60-percent.png": lambda: _cut(save(_noise(), "png"), 0.6),
    "png-pq.png": lambda: _cicp((9, 16)),
    "png-hlg.png": lambda: _cicp((9, 18)),
    "jpg-orientation-rational.jpg": lambda: _orientation(5, struct.pack(">II", 6, 1)),
    "jpg-orientation-float.jpg": lambda: _orientation(11, struct.pack(">f", 6.0)),
    "jpg-orientation-long.jpg": lambda: _orientation(4, struct.pack(">I", 6)),
    "tif-float.tif": lambda: _tiff(Tiff(bits=32, kind="f"), bitmaps.QUARTERS),
    "tif-12-bits.tif": lambda: _tiff(Tiff(bits=12), bitmaps.QUARTERS),
    "tif-big-mm.tif": lambda: _tiff(Tiff(big=True, order=">", bits=16), bitmaps.QUARTERS),
    "tif-grey-premultiplied.tif": lambda: _tiff(
        Tiff(GREY, channels=1, extras=(make_tiffs.ASSOCIATED,)), _grey(ALPHAS), ALPHAS
    ),
    "psd-16-bits.psd": lambda: _psd(Psd(depth=16), bitmaps.QUARTERS),
    "psd-32-bits.psd": lambda: _psd(Psd(depth=32), bitmaps.QUARTERS),
    "psd-white-matte.psd": lambda: _psd(
        Psd(extras=1, layers=-1, packing=1),
        list(map(on_white, bitmaps.QUARTERS, ALPHAS)),
        ALPHAS,
    ),
    "psd-five-channels.psd": lambda: _psd(
        Psd(extras=2, layers=-1, packing=1),
        list(map(on_white, bitmaps.QUARTERS, ALPHAS)),
        ALPHAS,
        (0, 255, 0, 255),
    ),
    "psd-bitmap.psd": lambda: _psd(Psd(make_psds.BITMAP, 1), [(255,), (0,), (0,), (255,)]),
    "not-a-cursor.tga": _tga,
}
