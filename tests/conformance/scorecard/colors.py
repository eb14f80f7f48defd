"""Rows about colours, depth and transparency."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import pillow_heif
from PIL import Image

from tests.conformance.scorecard.case import Case, Options
from tests.conformance.scorecard.judges import (
    GREEN,
    RED,
    by_littlecms,
    colors,
    is_ramp,
    same_colors,
)
from tests.support.images import MEDIA, photo, save, tiff
from tests.support.profiles import PROPHOTO, ink_profile, profile


def cases() -> Iterator[Case]:
    """Build the rows."""
    yield from _colors()
    yield from _transparency()


def _colors() -> Iterator[Case]:
    press = save(photo().convert("CMYK"), "jpeg", icc_profile=ink_profile("Test press"))
    for name, profiled in {
        "Display P3": (MEDIA / "wide-gamut.png").read_bytes(),
        "Adobe RGB": (MEDIA / "été à la plage + sunset v1.2.final.jpg").read_bytes(),
        "CMYK with a profile": press,
    }.items():
        with Image.open(io.BytesIO(profiled)) as image:
            wanted = by_littlecms(image)
        yield Case(f"colour: {name}", profiled, same_colors(wanted))
    prophoto = save(photo(), "jpeg", quality=95, icc_profile=profile(PROPHOTO))
    with Image.open(io.BytesIO(prophoto)) as image:
        wanted = by_littlecms(image)
    yield Case("colour: ProPhoto", prophoto, same_colors(wanted))
    ink = (MEDIA / "ink.jpg").read_bytes()
    with Image.open(MEDIA / "ink.jpg") as image:
        naive = image.convert("RGB")
    yield Case("colour: CMYK without a profile", ink, same_colors(naive), peer=None)
    lab = struct.pack("<Hhh", *(round(v) for v in (54.29 * 655.35, 80.81 * 256, 69.89 * 256)))
    source = tiff(lab * 1024, (32, 32), bits=16, photometric=8, channels=3)
    red = Image.new("RGB", (32, 32), RED)
    yield Case("colour: Lab of 16 bits", source, same_colors(red))
    row = [round(x / 511 * 65_535) for x in range(512)]
    grey = tiff(struct.pack("<512H", *row) * 64, (512, 64), bits=16, photometric=1)
    deep = struct.pack("<1536H", *(value for value in row for _ in "rgb")) * 64
    rgb = tiff(deep, (512, 64), bits=16, photometric=2, channels=3)
    yield Case("16 bits: grey, no bands or clipping", grey, is_ramp)
    yield Case("16 bits: RGB, no bands or clipping", rgb, is_ramp)
    heic = io.BytesIO()
    pillow_heif.encode("RGB;16", (512, 64), deep, heic, quality=95)
    assert pillow_heif.open_heif(heic).info["bit_depth"] == 10
    yield Case("10 bits: HEIC, no bands or clipping", heic.getvalue(), is_ramp)


def _transparency() -> Iterator[Case]:
    image = Image.new("RGBA", (64, 64), (*RED, 255))
    image.paste((0, 0, 0, 0), (0, 0, 32, 64))
    source = save(image, "png")

    def kept(content: bytes) -> bool:
        alpha = Image.open(io.BytesIO(content)).convert("RGBA").getchannel("A")
        return [alpha.crop((x, 32, x + 1, 33)).tobytes()[0] for x in (8, 56)] == [0, 255]

    def flattened(content: bytes) -> bool:
        return colors(content, (8, 32), (56, 32)) == [GREEN, RED]

    for each in ("avif", "webp"):
        yield Case(f"alpha: kept in {each}", source, kept, {"formats": (each,)})
    palette = image.quantize(4)
    assert palette.mode == "P"
    transparent = save(palette, "png")
    yield Case("alpha: kept from a palette, in avif", transparent, kept, {"formats": ("avif",)})
    colored = save(image.convert("RGB"), "png", transparency=(0, 0, 0))
    yield Case("alpha: kept from one colour, in webp", colored, kept, {"formats": ("webp",)})

    def opaque(content: bytes) -> bool:
        return Image.open(io.BytesIO(content)).mode == "RGB"

    hidden = save(photo().convert("RGBA"), "png")
    facts: Options = {"has_alpha": False}
    name = "alpha: one that hides nothing is dropped"
    yield Case(name, hidden, opaque, {"formats": ("avif",)}, facts=facts)
    yield Case(
        "alpha: on the background in jpeg",
        source,
        flattened,
        {"formats": ("jpeg",), "background": "#00ff00"},
        {"flatten": "#00ff00"},
    )
