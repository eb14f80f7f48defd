"""Encode renditions: photos lossy, drawings lossless where that is not much larger.

Beside the pixels goes a copyright where one is asked for, nothing else. The same pixels give the
same bytes on every run and with any number of processors.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from math import ceil

# Each registers its encoder; for one that is not there, Pillow would load all of its forty.
from PIL import AvifImagePlugin, Image, JpegImagePlugin, WebPImagePlugin  # noqa: F401

from lib.domain.formats import LARGE_PIXELS, OUTPUTS
from lib.imaging.pillow import share_pixels
from lib.imaging.transparency import flatten

Encoder = Callable[[Image.Image, int | None, str, bytes], bytes]

COPYRIGHT = 0x8298
"""Exif tag (CIPA DC-008, 4.6.4)."""

WEBP_METHOD = 3
"""0–6. At the same SSIM of photos, 2 takes half the time for 6 to 10 % more bytes, 4 a tenth more
time for as many, 6 twice the time for 0 to 3 % fewer."""

WEBP_LOSSLESS_EFFORT = 60
"""0–100: how long to search."""

AVIF_TUNING = {"tune": "iq", "enable-tpl-model": "0"}
"""For the eye, as SSIMULACRA 2 judges it. The model of how frames follow from each other changes no
byte of a single one, and takes 1.6 bytes a px."""

AVIF_SPEED, AVIF_LARGE_SPEED = 8, 9
"""The second for large renditions. At the SSIMULACRA 2 of a WebP of quality 78 speed 9 needs a
third of the time of speed 8 everywhere, but not the same bytes: of the WebP's, medians of 14
pictures, 0.96 instead of 0.81 at 320 px, 0.90 instead of 0.79 at 640, 0.83 instead of 0.75 at 1280
and 0.81 instead of 0.73 at 1920. Of the usual widths, large ones have nine tenths of the pixels."""

SAMPLE_SIDE = 160
"""Longest side in px of the sample: every n-th pixel as it is, none mixed from several."""

FEW = 32
MOSTLY = 0.85
"""A drawing has this part of its pixels in so few colours. Over 80 files of all kinds, drawings had
0.85 to 1 and photos 0.003 to 0.6; some scans and gradients look like drawings by this."""

WORTH = 1.5
"""Lossless may be this many times as large as lossy, or the drawing is rather a photo."""


def encode(
    image: Image.Image,
    image_format: str,
    quality: int | None,
    background: str,
    copyright_text: str | None = None,
) -> bytes:
    """Encode sRGB pixels. Transparency stays where the format has it, else lies on `background`.

    `quality` is 1–100, or None for lossless, which only WebP is here. Raises ValueError where the
    format or memory cannot hold this size, and whatever its encoder raises.
    """
    check_size(image.size, image_format)
    exif = make_exif(copyright_text)
    return ENCODERS[image_format](image, quality, background, exif)


def check_size(size: tuple[int, int], image_format: str) -> None:
    """Raise ValueError where a format cannot hold a size in px, or memory its encoder."""
    output = OUTPUTS[image_format]
    if max(size) > output.longest_side:
        raise ValueError(
            f"{size[0]} × {size[1]} px, {image_format} has at most {output.longest_side} px a side"
        )
    most = output.most_megapixels
    if most and size[0] * size[1] > most * 1_000_000:
        raise ValueError(
            f"{size[0]} × {size[1]} px are {size[0] * size[1] / 1e6:.1f} MP, "
            f"the limit is {most} MP for {image_format}"
        )


def _jpeg(image: Image.Image, quality: int | None, background: str, exif: bytes) -> bytes:
    opaque = flatten(image, background)
    # Progressive implies optimised Huffman tables.
    return _save(opaque, "JPEG", quality=quality, progressive=True, exif=exif)


def _webp(image: Image.Image, quality: int | None, _background: str, exif: bytes) -> bytes:
    if quality is None:
        options = {"lossless": True, "quality": WEBP_LOSSLESS_EFFORT}
    else:
        options = {"quality": quality}
    return _save(image, "WEBP", method=WEBP_METHOD, exif=exif, **options)


def _avif(image: Image.Image, quality: int | None, _background: str, exif: bytes) -> bytes:
    large = image.width * image.height >= LARGE_PIXELS
    # Left to themselves, tiling and bytes follow the number of processors.
    return _save(
        image,
        "AVIF",
        quality=quality,
        speed=AVIF_LARGE_SPEED if large else AVIF_SPEED,
        advanced=AVIF_TUNING,
        max_threads=1,
        autotiling=False,
        exif=exif,
    )


ENCODERS: dict[str, Encoder] = {"jpeg": _jpeg, "webp": _webp, "avif": _avif}
"""One for each format that `lib.domain.formats` has an output of."""


def is_drawing(image: Image.Image) -> bool:
    """Tell whether a picture looks like a drawing by its colours."""
    scale = min(1.0, SAMPLE_SIDE / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    pixels = size[0] * size[1]
    most = FEW + ceil((1 - MOSTLY) * pixels)  # with more, so many cannot be of the few
    colors = image.resize(size, Image.Resampling.NEAREST).getcolors(most) or []
    common = sorted((count for count, _ in colors), reverse=True)[:FEW]
    return sum(common) >= MOSTLY * pixels


def encode_drawing(
    image: Image.Image, image_format: str, quality: int, copyright_text: str | None = None
) -> tuple[bytes, int | None]:
    """Encode a drawing in a format that can be lossless, where that is not much larger.

    Returns it and its quality, None for lossless.
    """
    lossy = encode(image, image_format, quality, "", copyright_text)
    lossless = encode(image, image_format, None, "", copyright_text)
    if len(lossless) <= WORTH * len(lossy):
        return lossless, None
    return lossy, quality


def make_exif(copyright_text: str | None) -> bytes:
    """Return Exif data that has a copyright (UTF-8) and nothing else; none for no copyright."""
    if not copyright_text:
        return b""
    exif = Image.Exif()
    exif[COPYRIGHT] = copyright_text.encode()
    return exif.tobytes()


def _save(image: Image.Image, plugin: str, **options: object) -> bytes:
    file = io.BytesIO()
    # On an object of its own, which shares the pixels: Pillow keeps the options on the object and
    # adds them to those of the next, or of another thread.
    share_pixels(image).save(file, plugin, **options)
    return file.getvalue()
