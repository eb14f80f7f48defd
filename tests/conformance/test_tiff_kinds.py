"""Every kind of samples that a TIFF may have, each with its pixels known by construction."""

from __future__ import annotations

import pytest
from PIL import Image

from lib.imaging.load import read_picture
from tests.media.make_tiffs import (
    ASSOCIATED,
    CMYK,
    GREY,
    PALETTE,
    RGB,
    UNASSOCIATED,
    UNSPECIFIED,
    WHITE_IS_ZERO,
    Entries,
    Kind,
    color_at,
    write,
)
from tests.support.images import LIMITS

ODD = (13, 11)

KINDS: dict[str, Kind] = {}
for bits in (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 24, 32):
    KINDS[f"grey-{bits}"] = Kind(GREY, bits, 1)
    KINDS[f"grey-{bits}-odd"] = Kind(GREY, bits, 1, size=ODD, rows=4)
    KINDS[f"rgb-{bits}"] = Kind(RGB, bits, 3, size=ODD, rows=5, order=">")
    KINDS[f"rgb-{bits}-planar"] = Kind(RGB, bits, 3, planar=True, packing="deflate")
for bits in (1, 4, 8, 12, 16):
    KINDS[f"white-is-zero-{bits}"] = Kind(WHITE_IS_ZERO, bits, 1)
    KINDS[f"white-is-zero-{bits}-alpha"] = Kind(WHITE_IS_ZERO, bits, 1, (UNASSOCIATED,))
for bits in (8, 16):
    for planar in (False, True):
        for extra, name in ((ASSOCIATED, "associated"), (UNASSOCIATED, "alpha")):
            how = f"{bits}-{name}{'-planar' if planar else ''}"
            KINDS[f"grey-{how}"] = Kind(GREY, bits, 1, (extra,), planar=planar, rows=5)
            KINDS[f"rgb-{how}"] = Kind(RGB, bits, 3, (extra,), planar=planar, order=">")
        how = f"{bits}{'-planar' if planar else ''}"
        KINDS[f"cmyk-{how}"] = Kind(CMYK, bits, 4, planar=planar, packing="lzw")
        KINDS[f"cmyk-alpha-{how}"] = Kind(CMYK, bits, 4, (UNASSOCIATED,), planar=planar)
        KINDS[f"cmyk-associated-{how}"] = Kind(CMYK, bits, 4, (ASSOCIATED,), planar=planar)
        KINDS[f"rgb-unspecified-{how}"] = Kind(RGB, bits, 3, (UNSPECIFIED,), planar=planar)
        KINDS[f"rgb-two-extras-{how}"] = Kind(
            RGB, bits, 3, (UNSPECIFIED, UNASSOCIATED), planar=planar, packing="packbits"
        )
for bits in (16, 24, 32, 64):
    for order, end in (("<", "ii"), (">", "mm")):
        KINDS[f"float-grey-{bits}-{end}"] = Kind(GREY, bits, 1, kind="f", order=order)
        KINDS[f"float-rgb-{bits}-{end}"] = Kind(RGB, bits, 3, kind="f", order=order, rows=5)
    KINDS[f"float-rgb-{bits}-predictor"] = Kind(
        RGB, bits, 3, kind="f", packing="deflate", predictor=3, order="<"
    )
    KINDS[f"float-rgba-{bits}-predictor-mm"] = Kind(
        RGB, bits, 3, (UNASSOCIATED,), kind="f", packing="lzw", predictor=3, order=">"
    )
for packing in ("raw", "lzw", "deflate", "old-deflate", "packbits", "lzma"):
    for bits in (8, 16):
        for order, end in (("<", "ii"), (">", "mm")):
            how = f"{packing}-{bits}-{end}"
            options = {"packing": packing, "order": order, "bits": bits}
            KINDS[f"strips-{how}"] = Kind(RGB, rows=5, size=ODD, **options)  # type: ignore[arg-type]
            KINDS[f"tiles-{how}"] = Kind(RGB, tile=16, size=(37, 21), **options)  # type: ignore[arg-type]
            KINDS[f"tiled-planes-{how}"] = Kind(
                RGB,
                tile=16,
                size=(37, 21),
                planar=True,
                **options,  # type: ignore[arg-type]
            )
for bits in (8, 16, 32):
    for packing in ("lzw", "deflate"):
        for order, end in (("<", "ii"), (">", "mm")):
            KINDS[f"predicted-{packing}-{bits}-{end}"] = Kind(
                RGB, bits, packing=packing, predictor=2, order=order, rows=5
            )
    KINDS[f"predicted-rgba-{bits}"] = Kind(
        RGB, bits, 3, (UNASSOCIATED,), packing="lzw", predictor=2, tile=16
    )
    KINDS[f"predicted-cmyka-{bits}"] = Kind(
        CMYK, bits, 4, (UNASSOCIATED,), packing="lzw", predictor=2, order=">"
    )
    KINDS[f"predicted-planes-{bits}"] = Kind(
        RGB, bits, packing="deflate", predictor=2, planar=True, order=">"
    )
for bits in (1, 4, 8, 16):
    for packing in ("raw", "lzw"):
        KINDS[f"reversed-{packing}-{bits}"] = Kind(GREY, bits, 1, reversed=True, packing=packing)
for order, end in (("<", "ii"), (">", "mm")):
    for bits in (8, 16):
        KINDS[f"big-{bits}-{end}"] = Kind(RGB, bits, order=order, big=True)
        KINDS[f"big-tiles-{bits}-{end}"] = Kind(
            RGB, bits, order=order, big=True, tile=16, packing="lzw", predictor=2
        )
        KINDS[f"big-planes-{bits}-{end}"] = Kind(RGB, bits, order=order, big=True, planar=True)

ALLOWED = {3: 37, 5: 9, 6: 4}
"""Bits → how far 8 bits are from what so few can say; else 2."""


def expected(kind: Kind, x: int, y: int) -> tuple[int, ...]:
    """Return red, green, blue and alpha of a pixel."""
    pixel = color_at(kind, x, y)
    color, extras = pixel[: kind.channels], pixel[kind.channels :]
    alpha = 255
    for extra, value in zip(kind.extras or (), extras, strict=True):
        alpha = value if extra in (ASSOCIATED, UNASSOCIATED) else alpha
    if kind.photometric == CMYK:
        color = tuple((255 - ink) * (255 - color[3]) // 255 for ink in color[:3])
    return (*(color * 3 if len(color) == 1 else color), alpha)


def assert_pixels(image: Image.Image, kind: Kind) -> None:
    pixels = image.convert("RGBA")
    allowed = ALLOWED.get(kind.bits, 2)
    assert pixels.size == kind.size
    for y in range(kind.size[1]):
        for x in range(kind.size[0]):
            wanted, found = expected(kind, x, y), pixels.getpixel((x, y))
            assert isinstance(found, tuple)
            # Eight bits that were multiplied by their alpha lose some.
            loss = 2 if kind.extras and kind.extras[0] == ASSOCIATED else 0
            apart = max(abs(a - b) for a, b in zip(wanted, found, strict=True))
            assert apart <= allowed + loss, f"{found} for {wanted} at {x}, {y}"


@pytest.mark.parametrize("name", KINDS)
def test_a_tiff_is_read_as_its_tags_say(name: str):
    kind = KINDS[name]
    picture = read_picture(write(kind), "tiff", LIMITS)
    assert_pixels(picture.image, kind)
    is_clear = any(extra in (ASSOCIATED, UNASSOCIATED) for extra in kind.extras or ())
    assert picture.probe.has_alpha is is_clear
    assert picture.probe.complete is True


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("eight", [False, True])
def test_a_palette_of_any_bits(bits: int, order: str, eight: bool):
    """16 bits an entry, or eight of them where a writer did not know better."""
    entries = 1 << bits
    shades = [(37 * at % 256, 91 * at % 256, 255 - at % 256) for at in range(entries)]
    scale = 1 if eight else 257
    colors = [color[part] * scale for part in range(3) for color in shades]
    kind = Kind(PALETTE, bits, 1, order=order, more={320: ("H", colors)})
    picture = read_picture(write(kind), "tiff", LIMITS).image.convert("RGB")
    for y in range(kind.size[1]):
        for x in range(kind.size[0]):
            index = color_at(kind, x, y)[0] % entries
            assert picture.getpixel((x, y)) == shades[index]


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("planar", [False, True])
def test_a_palette_with_alpha(bits: int, planar: bool):
    entries = 1 << bits
    colors = [257 * (at % 256) for at in range(3 * entries)]
    more: Entries = {320: ("H", colors)}
    kind = Kind(PALETTE, bits, 1, (UNASSOCIATED,), planar=planar, more=more)
    image = read_picture(write(kind), "tiff", LIMITS).image
    index, alpha = (value % entries for value in color_at(kind, 3, 1))
    shade = tuple(colors[part * entries + index] // 257 for part in range(3))
    assert image.getpixel((3, 1)) == (*shade, round(alpha * 255 / (entries - 1)))


@pytest.mark.parametrize("packing", ["raw", "packbits"])
def test_a_predictor_beside_what_has_none_means_nothing(packing: str):
    kind = Kind(RGB, packing=packing, more={317: ("H", [2])})
    assert_pixels(read_picture(write(kind), "tiff", LIMITS).image, kind)
