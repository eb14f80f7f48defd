"""Write one format each. Nothing but pixels goes in: no EXIF, no XMP, no profile, no comment.

The same pixels give the same bytes on every run and with any number of processors.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib import import_module

from PIL import Image

Encoder = Callable[[Image.Image, int, str], bytes]

WEBP_METHOD = 4
"""0–6. On photos, 6 takes twice the time for 3 to 6 % fewer bytes, 2 half of it for 5 % more."""

AVIF_SPEED = 8
"""0–10. On photos, 7 takes more than twice the time for 0 to 10 % fewer bytes; 9 a third of it, and
adds 5 to 20 %."""

LONGEST_SIDE = {"jpeg": 65_500, "webp": 16_383, "avif": 65_536}
"""Limits of the formats (libjpeg, VP8 and AV1 frame headers), in px."""


def encode(image: Image.Image, image_format: str, quality: int, background: str) -> bytes:
    """Encode sRGB pixels. Transparency stays where the format has it, else lies on `background`.

    Raises ValueError where the format cannot hold this size, and whatever its encoder raises.
    """
    if max(image.size) > LONGEST_SIDE[image_format]:
        raise ValueError(
            f"{image.width} × {image.height} px, "
            f"{image_format} has at most {LONGEST_SIDE[image_format]} px a side"
        )
    return ENCODERS[image_format](image, quality, background)


def _jpeg(image: Image.Image, quality: int, background: str) -> bytes:
    opaque = flatten(image, background)
    return _save(opaque, "JPEG", quality=quality, progressive=True, optimize=True)


def _webp(image: Image.Image, quality: int, _background: str) -> bytes:
    return _save(image, "WEBP", quality=quality, method=WEBP_METHOD)


def _avif(image: Image.Image, quality: int, _background: str) -> bytes:
    # Left to themselves, tiling and bytes follow the number of processors.
    return _save(image, "AVIF", quality=quality, speed=AVIF_SPEED, max_threads=1, autotiling=False)


ENCODERS: dict[str, Encoder] = {"jpeg": _jpeg, "webp": _webp, "avif": _avif}
PLUGINS = {
    "JPEG": "PIL.JpegImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
    "AVIF": "PIL.AvifImagePlugin",
}


def flatten(image: Image.Image, background: str) -> Image.Image:
    """Lay an image on a colour (`#rrggbb`); one without transparency comes back as it is."""
    if not image.has_transparency_data:
        return image
    paper = Image.new("RGBA", image.size, background)
    return Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB")


def _save(image: Image.Image, plugin: str, **options: object) -> bytes:
    import_module(PLUGINS[plugin])  # else Pillow would load all of its forty
    file = io.BytesIO()
    image.save(file, plugin, **options)
    return file.getvalue()
