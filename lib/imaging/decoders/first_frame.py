"""Decode a still WebP or AVIF with two copies of its pixels in memory, where Pillow holds four."""

from __future__ import annotations

from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.WebPImagePlugin import WebPImageFile


def load_first(image: ImageFile.ImageFile) -> Image.Image:
    """Return the first frame of an opened WebP or AVIF, whose decoder and planes then are gone.

    Modes as their bytes lie: RGBX, RGBA, RGB, L or LA. The opened source is used up.
    """
    assert isinstance(image, WebPImageFile | AvifImageFile)
    if isinstance(image, WebPImageFile):
        mode, pixels = image.rawmode, image._decoder.get_next()[0]
    else:
        mode, pixels = image.mode, image._decoder.get_frame(0)[0]
    del image._decoder
    return Image.frombuffer(mode, image.size, pixels, "raw", mode, 0, 1)
