"""What happens to decoded pixels, in order. Each step takes an image and its header: guard, act."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from lib.errors import ErrorCode, PermanentError
from lib.imaging import color
from lib.imaging.header import Header
from lib.imaging.resize import resize

Step = Callable[[Image.Image, Header], Image.Image]

RESIZABLE = {
    "1": "L",
    "P": "RGB",
    "PA": "RGBA",
    "La": "LA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "YCbCr": "RGB",
}
"""Modes as decoded → modes in which neighbouring values may be mixed."""

EIGHT_OF_SIXTEEN_BITS = [(value * 255 + 32_767) // 65_535 for value in range(65_536)]
"""Rounded, so that white stays white and nothing is clipped."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation (CIPA DC-008, 4.6.5) → what makes the pixels upright."""


def reduce_depth(image: Image.Image, _header: Header) -> Image.Image:
    """Bring 16 bits a channel down to 8. Colour is at 8 bits when it leaves the decoder."""
    if image.mode in ("I", "F"):
        raise PermanentError(
            ErrorCode.UNSUPPORTED_MEDIA, "32 bits a pixel, which do not say what is white"
        )
    if not image.mode.startswith("I;16"):
        return image
    return image.convert("I").point(EIGHT_OF_SIXTEEN_BITS, "L")


def expand(image: Image.Image, _header: Header) -> Image.Image:
    """Turn palettes, single bits and transparent colours into plain channels."""
    if image.mode not in ("LA", "RGBA") and image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert(RESIZABLE[image.mode]) if image.mode in RESIZABLE else image


def shrink(image: Image.Image, header: Header) -> Image.Image:
    """Drop the pixels that nobody asked for, before the steps that touch each of them."""
    return resize(image, header.stored_size, header.extent)


def turn(image: Image.Image, header: Header) -> Image.Image:
    """Bake the orientation in."""
    return image.transpose(TURNS[header.turn]) if header.turn in TURNS else image


def convert_color(image: Image.Image, header: Header) -> Image.Image:
    """Convert to sRGB."""
    return color.to_srgb(image, header.profile)


def drop_opaque_alpha(image: Image.Image, _header: Header) -> Image.Image:
    """Drop an alpha channel that hides nothing: it costs bytes and time in every rendition."""
    if image.mode not in ("LA", "RGBA") or image.getchannel("A").getextrema() != (255, 255):
        return image
    return image.convert(image.mode[:-1])


def strip(image: Image.Image, _header: Header) -> Image.Image:
    """Keep the pixels and nothing else: encoders write what they find beside them."""
    bare = image.copy()
    bare.info.clear()
    return bare


STEPS: tuple[Step, ...] = (
    reduce_depth,
    expand,
    shrink,
    turn,
    convert_color,
    drop_opaque_alpha,
    strip,
)
