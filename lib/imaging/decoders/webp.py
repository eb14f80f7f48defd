"""Open a WebP with the transparency that it has."""

from __future__ import annotations

from io import BytesIO

from PIL.WebPImagePlugin import WebPImageFile


def open_canvas(file: BytesIO) -> WebPImageFile:
    """Return the image, its pixels not decoded yet.

    Pillow believes the flag that denies transparency. Frames of an animation that do not cover
    their canvas leave some all the same.
    """
    image = WebPImageFile(file)
    if image.is_animated:
        image._mode = image.rawmode = "RGBA"
    return image
