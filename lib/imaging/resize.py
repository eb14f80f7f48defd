"""Change sizes in one way everywhere, so that any two parts agree to the pixel."""

from __future__ import annotations

from PIL import Image

Extent = tuple[float, float]
"""Width and height in px, where pixels may be cut."""

REDUCING_GAP = 3.0
"""Average whole blocks first, then Lanczos over the last factor of 3: Pillow's documentation calls
this indistinguishable from Lanczos alone."""


def height_at(width: int, height: int, new_width: int) -> int:
    """Return the height in px that keeps the aspect ratio at a new width; at least 1."""
    return max(1, (height * new_width * 2 + width) // (width * 2))


def resize(image: Image.Image, size: tuple[int, int], extent: Extent | None = None) -> Image.Image:
    """Scale to a size in px with Lanczos; alpha is premultiplied meanwhile.

    `extent` is the part of the image, from its top left corner, that becomes the whole.
    """
    extent = extent or image.size
    if image.size == size == extent:
        return image
    return image.resize(
        size, Image.Resampling.LANCZOS, box=(0, 0, *extent), reducing_gap=REDUCING_GAP
    )
