"""What happens to decoded pixels, in order. Each step takes an image and its header: guard, act."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image, ImageFile

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging import transparency
from lib.imaging.color import convert
from lib.imaging.color.hdr import to_sdr
from lib.imaging.decoders.bits import in_8_bits
from lib.imaging.metadata.header import Header
from lib.imaging.pillow import share_pixels
from lib.imaging.resize import resize_first

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

TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation (CIPA DC-008, 4.6.5) → what makes the pixels upright."""


def crop(image: Image.Image, header: Header) -> Image.Image:
    """Keep what is to be seen of what is stored, as it is stored: a crop comes before a turn."""
    return image.crop(header.crop) if header.crop else image


def reduce_depth(image: Image.Image, _header: Header) -> Image.Image:
    """Bring 16 bits a channel down to 8, rounded. Most colour has 8 when it leaves the decoder."""
    if image.mode in ("I", "F"):
        raise PermanentError(
            ErrorCode.UNSUPPORTED_MEDIA, "numbers as pixels, which do not say what is white"
        )
    return in_8_bits(image)


def expand(image: Image.Image, _header: Header) -> Image.Image:
    """Turn palettes, single bits and transparent colours into plain channels."""
    image = transparency.make_alpha_channel(image)
    return image.convert(RESIZABLE[image.mode]) if image.mode in RESIZABLE else image


def shrink(image: Image.Image, header: Header) -> Image.Image:
    """Drop the pixels that nobody asked for, before the steps that touch each of them."""
    return resize_first(image, header.stored_size, header.extent)


def orient(image: Image.Image, header: Header) -> Image.Image:
    """Bake the orientation in."""
    return image.transpose(TRANSPOSITIONS[header.turn]) if header.turn in TRANSPOSITIONS else image


def convert_color(image: Image.Image, header: Header) -> Image.Image:
    """Convert to sRGB."""
    return to_sdr(image, header.hdr) if header.hdr else convert.to_srgb(image, header.profile)


def drop_opaque_alpha(image: Image.Image, _header: Header) -> Image.Image:
    """Drop an alpha channel that hides nothing."""
    return transparency.drop_opaque_alpha(image)


def strip(image: Image.Image, _header: Header) -> Image.Image:
    """Keep the pixels and nothing else: encoders write what they find beside them."""
    # Only a decoder may go on writing into its pixels.
    bare = image.copy() if isinstance(image, ImageFile.ImageFile) else share_pixels(image)
    bare.info.clear()
    return bare


STEPS: tuple[Step, ...] = (
    crop,
    reduce_depth,
    expand,
    shrink,
    orient,
    convert_color,
    drop_opaque_alpha,
    strip,
)
