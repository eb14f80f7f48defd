"""Open one source with the one decoder of its container. The only module that feeds foreign bytes.

Each decoder is imported when it is first needed: `PIL.Image.open` would load five, or all forty.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from math import ceil

from PIL import Image, ImageFile

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds import check_work
from lib.imaging.pillow import take_first_frame
from lib.imaging.resize import Extent
from lib.presets import Limits

DECODERS: dict[str, tuple[str, str]] = {
    "jpeg": ("PIL.JpegImagePlugin", "jpeg_factory"),
    "png": ("PIL.PngImagePlugin", "PngImageFile"),
    "webp": ("lib.imaging.pillow", "open_webp"),
    "gif": ("PIL.GifImagePlugin", "GifImageFile"),
    "tiff": ("lib.imaging.decoders.tiff", "open_first_page"),
    "bmp": ("PIL.BmpImagePlugin", "BmpImageFile"),
    "jpeg2000": ("lib.imaging.decoders.jpeg2000", "open_codestream"),
    "psd": ("lib.imaging.decoders.psd", "open_flattened"),
    "ico": ("lib.imaging.decoders.ico", "open_largest"),
    "avif": ("PIL.AvifImagePlugin", "AvifImageFile"),
    "heif": ("pillow_heif.as_plugin", "HeifImageFile"),
}
"""Container → module and factory."""

SMALLEST = 4
"""JPEG could decode at 1/8 too; there the SSIM falls to 0.987."""

ROOM = 1.5
"""What a JPEG is decoded at is larger than what is wanted by this factor at least. The SSIM to one
Lanczos step from a full decode was 0.99 and more on photos, 0.983 on a field of stars; where the
decoded size was all but right, 0.98 and 0.95."""

NOT_READ = re.compile(
    r"(?i)unsupported|not supported|unknown (pixel mode|data organization)|cannot handle"
)
"""How decoders word what is right and not theirs, such as 12-bit JPEG."""

TOO_MUCH = "security limit exceeded"
"""How libheif words limits of its own: more items or references than it lets in."""

OUT_OF_MEMORY = "out of memory"
"""How Pillow words its codecs' memory errors, which it raises as OSError."""


Opener = Callable[[io.BytesIO], ImageFile.ImageFile]


def open_header(data: bytes, container: str, limits: Limits) -> ImageFile.ImageFile:
    """Read the header of a source, and refuse what is too much before its pixels are decoded.

    Raises PermanentError: UNSUPPORTED_MEDIA for a container without a decoder, LIMIT_EXCEEDED,
    CORRUPT_MEDIA.
    """
    if container not in DECODERS:
        raise PermanentError(
            ErrorCode.UNSUPPORTED_MEDIA, f"expected an image but received {container or 'nothing'}"
        )
    limits.refuse_format(container)
    if len(data) > limits.image_megabytes * 1_000_000:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{len(data) / 1e6:.1f} MB, the limit is {limits.image_megabytes} MB",
        )
    module, name = DECODERS[container]
    # Pillow refuses at twice this, even where it makes room before it tells the size.
    Image.MAX_IMAGE_PIXELS = limits.image_megapixels * 500_000
    with blaming_the_source(container):
        check_work(data, container, limits)
        factory: Opener = getattr(import_module(module), name)
        image = factory(io.BytesIO(data))
    if image.width * image.height > limits.image_megapixels * 1_000_000:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{image.width} × {image.height} px are {image.width * image.height / 1e6:.1f} MP, "
            f"the limit is {limits.image_megapixels} MP",
        )
    return image


def decode_smaller(
    image: ImageFile.ImageFile, data: bytes, container: str, size: tuple[int, int]
) -> Extent | None:
    """Have an opened source decoded at a part of its size where that is well above a size.

    JPEG at 1/2 or 1/4, JPEG 2000 at 1/2. Odd sizes are rounded up: returns the part of the decoded
    pixels that is the picture. Without that the SSIM falls to 0.90.
    """
    if container == "jpeg":
        width = max(ceil(size[0] * ROOM), image.width // SMALLEST)
        height = max(ceil(size[1] * ROOM), image.height // SMALLEST)
        drafted = image.draft(None, (width, height))
        return drafted[1][2:] if drafted else None
    if container == "jpeg2000":
        from lib.imaging.decoders.jpeg2000 import decode_half

        return decode_half(image, data, size)
    return None


def load(image: ImageFile.ImageFile, container: str) -> Image.Image:
    """Decode the pixels of an opened source, the first frame of an animation."""
    if container in ("webp", "avif"):
        return take_first_frame(image)
    image.load()
    return image


@contextmanager
def blaming_the_source(container: str) -> Iterator[None]:
    """Raise whatever a decoder raises as PermanentError, nearly always CORRUPT_MEDIA.

    Decoders raise nearly every exception there is on bytes that they did not expect. Memory is the
    exception to that: it is ours, and a retry may have more. Warnings are about metadata.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (MemoryError, PermanentError):
        raise
    except Image.DecompressionBombError as exc:
        raise PermanentError(ErrorCode.LIMIT_EXCEEDED, str(exc)) from exc
    except Exception as exc:
        if isinstance(exc, OSError) and str(exc).startswith(OUT_OF_MEMORY):
            raise MemoryError(str(exc)) from exc
        code = ErrorCode.CORRUPT_MEDIA
        if NOT_READ.search(str(exc)):
            code = ErrorCode.UNSUPPORTED_MEDIA
        elif TOO_MUCH in str(exc).lower():
            code = ErrorCode.LIMIT_EXCEEDED
        raise PermanentError(code, f"cannot be decoded as {container}: {exc}") from exc
