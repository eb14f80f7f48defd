"""A source of which only the header was read, where no class of Pillow's reads the rest rightly."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageFile


def check_size(size: tuple[int, int]) -> None:
    """Raise Image.DecompressionBombError for more pixels than Pillow's limit, which we set."""
    width, height = size
    most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
    if most and width * height > most:
        raise Image.DecompressionBombError(
            f"{width} × {height} px are {width * height / 1e6:.1f} MP, "
            f"the limit is {most / 1e6:.0f} MP"
        )


class Undecoded(ImageFile.ImageFile):
    """Size, mode and `info` of a picture, and what will make its pixels."""

    def __init__(self, mode: str, size: tuple[int, int], decode: Callable[[], Image.Image]) -> None:
        """`mode` as near as the header tells, such as L or RGBA; `size` in px.

        Raises SyntaxError for a picture of no size, and Image.DecompressionBombError for one above
        Pillow's limit, before anything else is said of it.
        """
        check_size(size)
        self._found = mode, size
        self.decode = decode
        super().__init__(BytesIO())

    def _open(self) -> None:
        self._mode, self._size = self._found


def decode_opened(image: Image.Image) -> Image.Image:
    """Return the pixels of an opened source."""
    assert isinstance(image, Undecoded)
    return image.decode()
