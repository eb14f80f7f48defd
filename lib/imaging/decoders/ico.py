"""Open the largest image of a Windows icon."""

from __future__ import annotations

from io import BytesIO

from PIL import Image
from PIL.IcoImagePlugin import IcoFile

from lib.imaging.bounds.chunks import check_png_chunks

PNG = b"\x89PNG\r\n\x1a\n"


def open_largest(file: BytesIO) -> Image.Image:
    """Return the largest image, its pixels not decoded yet where they are a PNG.

    Pillow's own class would decode before anybody could ask for the size.
    """
    icon = IcoFile(file)
    largest, data = icon.entry[0], file.getvalue()
    if data.startswith(PNG, largest.offset):
        check_png_chunks(data, largest.offset + len(PNG))
    return icon.frame(0)
