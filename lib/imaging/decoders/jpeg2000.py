"""Open a JPEG 2000, and have it decoded at half its size (ISO/IEC 15444-1, annex A)."""

from __future__ import annotations

import struct
from io import BytesIO

from PIL import Image
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.codestream import find_codestream
from lib.imaging.resize import Extent

CODING, TILE = 0xFF52, 0xFF90
"""Default coding style; the first tile."""

MOST_MEGAPIXELS = 60
"""At full size: the decoder holds 24 bytes for each pixel."""


def open_codestream(file: BytesIO) -> Jpeg2KImageFile:
    """Return the image, its pixels not decoded yet.

    Raises ValueError where the file around the codestream tells other sizes: the decoder makes room
    for those of the codestream. `bounds.jpeg2000` has checked the rest.
    """
    image = Jpeg2KImageFile(file)
    data = file.getvalue()
    sizes = find_codestream(data) + 8
    right, bottom, left, top = struct.unpack_from(">4I", data, sizes)
    if (right - left, bottom - top) != image.size:
        raise ValueError(f"{right - left} × {bottom - top} px, unlike {image.size}")
    return image


def decode_half(image: Image.Image, data: bytes, size: tuple[int, int]) -> Extent | None:
    """Have an opened image decoded at 1/2, for a quarter of the memory, where that is enough.

    Enough is twice the size: what is left are the samples at even positions, which lie a quarter of
    a pixel from where averages would. Returns the part of the decoded pixels that is the picture.
    Raises PermanentError(LIMIT_EXCEEDED) where it takes more memory than there is.
    """
    width, height = image.width / 2, image.height / 2
    if width >= 2 * size[0] and height >= 2 * size[1] and _can_be_halved(data):
        assert isinstance(image, Jpeg2KImageFile)
        image.reduce = 1
        return width, height
    if image.width * image.height > MOST_MEGAPIXELS * 1_000_000:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{image.width} × {image.height} px, the limit is {MOST_MEGAPIXELS} MP "
            "for a JPEG 2000 that is not scaled to half its size",
        )
    return None


def _can_be_halved(data: bytes) -> bool:
    """Tell whether there is a half; and whether Pillow sizes it as OpenJPEG does."""
    at = find_codestream(data) + 2
    if any(struct.unpack_from(">II", data, at + 14)):  # the picture begins within its first tile
        return False
    while True:
        marker, length = struct.unpack_from(">HH", data, at)
        if marker == CODING:
            return data[at + 9] > 0
        if marker == TILE:
            return False
        at += 2 + length
