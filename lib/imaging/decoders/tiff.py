"""Open the first page of a TIFF, with the samples that Pillow leaves as they are."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageCms
from PIL.TiffImagePlugin import (
    PHOTOMETRIC_INTERPRETATION,
    TILELENGTH,
    TILEWIDTH,
    TiffImageFile,
)

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.pillow import TIFF_CIELAB

DNG_VERSION = 50_706


def open_first_page(file: BytesIO) -> TiffImageFile:
    """Return the first page, its pixels not decoded yet.

    Raises PermanentError(UNSUPPORTED_MEDIA) for a RAW photo whose first bytes are any TIFF's.
    """
    image = TiffImageFile(file)
    tile = image.tag_v2.get(TILEWIDTH, 0) * image.tag_v2.get(TILELENGTH, 0)
    if Image.MAX_IMAGE_PIXELS and tile > 2 * Image.MAX_IMAGE_PIXELS:
        raise Image.DecompressionBombError(f"tiles of {tile / 1e6:.1f} MP")
    if DNG_VERSION in image.tag_v2:  # its first page is a preview
        raise PermanentError(ErrorCode.UNSUPPORTED_MEDIA, "RAW photo: not supported")
    if image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == TIFF_CIELAB:
        described = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        image.info |= {"icc_profile": described.tobytes(), "mode": "LAB"}
    return image
