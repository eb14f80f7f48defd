"""PNGs of every depth and model, with every word they have for their colours (third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from functools import partial

from PIL import Image

from tests.media.corpus.chart import BLACK_AND_WHITE, COLORS, GREYS, PATCH, SIZE, Color, draw, rows
from tests.media.hostile_images import chunk
from tests.support.color_spaces import (
    D65,
    XY_709,
    XY_2020,
    XY_P3,
    convert,
    convert_under_d65,
    hlg,
    light,
    power,
    pq,
    srgb,
)
from tests.support.images import save
from tests.support.profiles import (
    ADOBE_RGB,
    DISPLAY_P3,
    PROPHOTO,
    display_profile,
    grey_profile,
    rgb_profile,
)

Maker = Callable[[], bytes]

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""Of each pass its first column and row, and its steps."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HALF = 128


def png(
    model: int,
    bits: int,
    lines: Sequence[bytes],
    *chunks: bytes,
    size: tuple[int, int] = SIZE,
    interlaced: bool = False,
) -> bytes:
    """Write a PNG of packed lines; `chunks` come before the pixels."""
    head = struct.pack(">IIBBBBB", *size, bits, model, 0, 0, interlaced)
    if interlaced:
        lines = _passes(lines, CHANNELS[model] * bits // 8)
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines))
    return (
        SIGNATURE
        + chunk(b"IHDR", head)
        + b"".join(chunks)
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND")
    )


def _passes(lines: Sequence[bytes], width: int) -> list[bytes]:
    """Reorder the lines of whole bytes a pixel as Adam7 has them."""
    return [
        b"".join(line[at * width : at * width + width] for at in range(x, SIZE[0], step_x))
        for x, y, step_x, step_y in ADAM7
        for line in lines[y::step_y]
    ]


def deep(patches: Sequence[Sequence[float]]) -> list[bytes]:
    """Return the lines of patches of 16 bits a channel, from 0–1."""
    return rows(
        [
            struct.pack(f">{len(each)}H", *(round(65_535 * min(v, 1)) for v in each))
            for each in patches
        ]
    )


def packed(values: Sequence[int], bits: int) -> list[bytes]:
    """Return the lines of patches of less than 8 bits a pixel."""
    whole = 8 // bits
    repeated = [sum(value << bits * n for n in range(whole)) for value in values]
    return [
        b"".join(bytes((each,)) * (PATCH // whole) for each in repeated[at : at + 3])
        for at in (0, 3)
        for _ in range(PATCH)
    ]


def profiled(color: Callable[[Color], Sequence[float]], icc: bytes) -> bytes:
    """Write the chart in 16 bits and the colours of a profile."""
    named = chunk(b"iCCP", b"any\0\0" + zlib.compress(icc))
    return png(RGB, 16, deep([color(each) for each in COLORS]), named)


def signalled(
    chromaticities: Sequence[float], signal: Callable[[float], float], *chunks: bytes
) -> bytes:
    """Write the chart in 16 bits and the colours that its chunks tell."""
    colors = [convert_under_d65(each, chromaticities, signal) for each in COLORS]
    return png(RGB, 16, deep(colors), *chunks)


def cicp(primaries: int, transfer: int) -> bytes:
    """Spell code points (ITU-T H.273) for RGB in full range."""
    return chunk(b"cICP", bytes((primaries, transfer, 0, 1)))


def gama(exponent: float) -> bytes:
    """Spell what signals were made of light with."""
    return chunk(b"gAMA", struct.pack(">I", round(exponent * 100_000)))


def chrm(chromaticities: Sequence[float]) -> bytes:
    """Spell white, red, green and blue."""
    numbers = (round(each * 100_000) for each in (*D65, *chromaticities))
    return chunk(b"cHRM", struct.pack(">8I", *numbers))


def plain() -> list[bytes]:
    """Return the lines of the chart in 8 bits."""
    return rows([bytes(color) for color in COLORS])


def palette(*alphas: int) -> bytes:
    """Write the chart in 4 bits, with the alpha of its first colours."""
    chunks = [chunk(b"PLTE", b"".join(map(bytes, COLORS)))]
    chunks += [chunk(b"tRNS", bytes(alphas))] if alphas else []
    return png(PALETTE, 4, packed(range(6), 4), *chunks)


def samples() -> dict[str, Maker]:
    """Return what writes each file, by its name."""
    other = chunk(b"iCCP", b"any\0\0" + zlib.compress(rgb_profile("Test wrong", PROPHOTO, 1.8)))
    greys_16 = [(each[0] / 255,) for each in GREYS]
    veiled = [(*color, alpha) for color, alpha in zip(COLORS, (255, HALF, 0) * 2, strict=True)]
    veiled_grey = [(*grey, alpha) for grey, alpha in zip(GREYS, (255, HALF, 0) * 2, strict=True)]
    return {
        "rgb-8.png": partial(png, RGB, 8, plain()),
        "rgb-8-interlaced.png": partial(png, RGB, 8, plain(), interlaced=True),
        "rgb-16.png": lambda: png(RGB, 16, deep([[v / 255 for v in c] for c in COLORS])),
        "rgba-8.png": lambda: png(RGBA, 8, rows([bytes(each) for each in veiled])),
        "rgba-16.png": lambda: png(RGBA, 16, deep([[v / 255 for v in c] for c in veiled])),
        "rgba-hides-nothing.png": lambda: png(RGBA, 8, rows([bytes((*c, 255)) for c in COLORS])),
        "rgb-one-color-clear.png": lambda: png(
            RGB, 8, plain(), chunk(b"tRNS", struct.pack(">3H", *COLORS[4]))
        ),
        "grey-1.png": lambda: png(GREY, 1, packed([v // 255 for (v,) in BLACK_AND_WHITE], 1)),
        "grey-4.png": lambda: png(GREY, 4, packed([12, 4, 9, 15, 8, 0], 4)),
        "grey-8.png": lambda: png(GREY, 8, rows([bytes(each) for each in GREYS])),
        "grey-16.png": lambda: png(GREY, 16, deep(greys_16)),
        "grey-alpha-8.png": lambda: png(GREY_ALPHA, 8, rows([bytes(v) for v in veiled_grey])),
        "grey-alpha-16.png": lambda: png(
            GREY_ALPHA, 16, deep([[v / 255 for v in each] for each in veiled_grey])
        ),
        "grey-profile.png": lambda: png(
            GREY,
            16,
            deep([(power(1.8)(light(v / 255)),) for (v,) in GREYS]),
            chunk(b"iCCP", b"any\0\0" + zlib.compress(grey_profile("Test grey 1.8", 1.8))),
        ),
        "palette.png": palette,
        "palette-clear.png": partial(palette, 255, HALF, 0),
        "display-p3.png": lambda: profiled(
            lambda c: convert(c, DISPLAY_P3, srgb), display_profile("Test P3", DISPLAY_P3)
        ),
        "display-p3-clipped.png": lambda: save(
            Image.new("RGB", SIZE, "red"), "png", icc_profile=display_profile("Test P3", DISPLAY_P3)
        ),
        "adobe-rgb.png": lambda: profiled(
            lambda c: convert(c, ADOBE_RGB, power(2.2)), rgb_profile("Test Adobe", ADOBE_RGB, 2.2)
        ),
        "prophoto.png": lambda: profiled(
            lambda c: convert(c, PROPHOTO, power(1.8)), rgb_profile("Test Pro", PROPHOTO, 1.8)
        ),
        "broken-profile.png": lambda: save(draw(COLORS), "png", icc_profile=b"no profile at all"),
        "cicp-p3.png": lambda: signalled(XY_P3, srgb, cicp(12, 13)),
        "cicp-before-profile.png": lambda: signalled(XY_P3, srgb, cicp(12, 13), other),
        "cicp-pq.png": lambda: signalled(XY_2020, pq, cicp(9, 16)),
        "cicp-hlg.png": lambda: signalled(XY_2020, hlg, cicp(9, 18)),
        "cicp-linear.png": lambda: signalled(XY_709, float, cicp(1, 8)),
        "gama-linear.png": lambda: signalled(XY_709, float, gama(1.0)),
        "gama-chrm.png": lambda: signalled(XY_P3, power(2.2), gama(1 / 2.2), chrm(XY_P3)),
        "profile-before-gama.png": lambda: signalled(
            XY_P3,
            srgb,
            gama(1.0),
            chunk(b"iCCP", b"any\0\0" + zlib.compress(display_profile("Test P3", DISPLAY_P3))),
        ),
        "srgb-before-gama.png": lambda: png(RGB, 8, plain(), gama(1.0), chunk(b"sRGB", b"\0")),
    }
