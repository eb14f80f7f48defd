"""Open the largest image of a Windows icon."""

from __future__ import annotations

from io import BytesIO

from PIL import Image
from PIL.IcoImagePlugin import IcoFile


def open_largest(file: BytesIO) -> Image.Image:
    """Return the largest image, its pixels not decoded yet where they are a PNG.

    Pillow's own class would decode before anybody could ask for the size.
    """
    return IcoFile(file).frame(0)
