"""What is used of Pillow's inside: names that any release may change, each in here alone.

`tests/unit/test_imaging_pillow.py` has a test for each of them.
"""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageFile, _imaging, _webp
from PIL.AvifImagePlugin import AvifImageFile
from PIL.WebPImagePlugin import WebPImageFile

from lib.imaging.transparency import has_alpha

WEBP_KIND, WEBP_FLAGS, WEBP_ALPHA = slice(12, 16), 20, 0x10
"""Where the VP8X chunk has its flags, and that of transparency (RFC 9649, 2.7)."""


CODECS: str = _imaging.__file__
"""What Pillow's codecs, as of libraries of their own, are loaded for; see `decoders.openjpeg`."""


def share_pixels(image: Image.Image) -> Image.Image:
    """Return another object of the same pixels, with a copy of what is known beside them."""
    return image._new(image.im)


def open_webp(file: BytesIO) -> WebPImageFile:
    """Return a WebP with the transparency that it has, its pixels not decoded yet.

    Pillow believes the flag that denies transparency. Frames of an animation that do not cover
    their canvas leave some all the same.
    """
    image = WebPImageFile(file)
    if image.is_animated:
        image._mode = image.rawmode = "RGBA"
    return image


def take_first_frame(image: Image.Image) -> Image.Image:
    """Return the first frame of an opened WebP or AVIF, whose decoder and planes then are gone.

    Holds two copies of the pixels in memory, where Pillow holds four. Modes as their bytes lie:
    RGBX, RGBA, RGB, L or LA. The opened source is used up.
    """
    assert isinstance(image, WebPImageFile | AvifImageFile)
    if isinstance(image, WebPImageFile):
        mode, pixels = image.rawmode, image._decoder.get_next()[0]
    else:
        mode, pixels = image.mode, image._decoder.get_frame(0)[0]
    del image._decoder
    return Image.frombuffer(mode, image.size, pixels, "raw", mode, 0, 1)


def keep_what_was_decoded(image: ImageFile.ImageFile) -> None:
    """Have an image be what its decoder had made of it when it raised; the rest is 0.

    `ImageFile.LOAD_TRUNCATED_IMAGES` would do that for all images of the process.
    """
    image.tile = []


def is_out_of_memory(exc: Exception) -> bool:
    """Tell whether an exception is how Pillow words the memory errors of its codecs."""
    return isinstance(exc, OSError) and str(exc).startswith("out of memory")


def declare_mode(image: ImageFile.ImageFile, mode: str) -> None:
    """Say in which mode an opened image is to be decoded, or what it really is until then.

    Pillow decodes grey and alpha of 16 bits as RGBA ("not yet available"), and says so before.
    """
    image._mode = mode


def set_raw_mode(image: ImageFile.ImageFile, raw_mode: str) -> None:
    """Have an opened image read in another of Pillow's raw modes. Without pixels it has no tile."""
    image.tile = [tile._replace(args=raw_mode) for tile in image.tile]


class WebPAnimation:
    """An animated WebP, encoded frame by frame: libwebp's WebPAnimEncoder, which Pillow wraps."""

    def __init__(self, size: tuple[int, int], loops: int, keyframes: tuple[int, int]) -> None:
        """`size` in px; `loops` counts plays, 0 for ever.

        `keyframes`: least and most frames from one frame, from which a player can begin, to the
        next.
        """
        transparent, minimize_size, mixed, verbose = 0, False, False, False
        self._encoder = _webp.WebPAnimEncoder(
            size, transparent, loops, minimize_size, *keyframes, mixed, verbose
        )
        self._has_alpha = False

    def add(
        self, image: Image.Image, at_ms: int, *, quality: int, lossless: bool, method: int
    ) -> None:
        """Encode a frame, which is shown from `at_ms` on; its transparency always is lossless."""
        mode = "RGBA" if has_alpha(image) else "RGB"
        self._has_alpha = self._has_alpha or has_alpha(image)
        alpha_quality = 100
        self._encoder.add(
            image.convert(mode).getim(), at_ms, lossless, quality, alpha_quality, method
        )

    def assemble(self, end_ms: int, exif: bytes) -> bytes:
        """Return the file, whose last frame is shown until `end_ms`; `exif` without a prefix.

        Raises OSError where the encoder gives none.
        """
        self._encoder.add(None, end_ms, False, 0, 0, 0)
        content: bytes | None = self._encoder.assemble("", exif, "")
        if content is None:
            raise OSError("cannot write an animated WebP")
        if not self._has_alpha or content[WEBP_KIND] != b"VP8X":
            return content
        # libwebp looks for it in the frames as coded: one that only clears, has none.
        flags = bytes([content[WEBP_FLAGS] | WEBP_ALPHA])
        return content[:WEBP_FLAGS] + flags + content[WEBP_FLAGS + 1 :]
