"""Open one source with the one decoder of its container.

The only module that gives an upload to a decoder; `stills` decodes what ffmpeg has made of one.

A source is never offered to another decoder, as `PIL.Image.open` would do.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil

from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.chunks import check_gif, check_png, check_psd, check_webp
from lib.imaging.bounds.heif import check_avif, check_heif
from lib.imaging.bounds.jpeg import check_jpeg
from lib.imaging.bounds.jpeg2000 import check_jpeg2000
from lib.imaging.bounds.tiff import check_tiff
from lib.imaging.decoders.bmp import open_bitmap
from lib.imaging.decoders.gif import decode_first, open_gif
from lib.imaging.decoders.heif import decode_heif, open_avif, open_heif
from lib.imaging.decoders.ico import decode_icon, open_largest
from lib.imaging.decoders.jpeg import decode_jpeg, open_jpeg
from lib.imaging.decoders.jpeg2000 import decode_half, open_codestream
from lib.imaging.decoders.png import decode_png, open_png
from lib.imaging.decoders.psd import open_flattened
from lib.imaging.decoders.tiff import open_first_page
from lib.imaging.decoders.undecoded import decode_opened
from lib.imaging.decoders.webp import decode_webp, open_webp
from lib.imaging.pillow import is_out_of_memory, take_first_frame
from lib.imaging.resize import Extent
from lib.imaging.variants import Size
from lib.presets import Limits

SMALLEST = 4
"""JPEG could decode at 1/8 too; there the SSIM falls to 0.987."""

ROOM = 1.5
"""What a JPEG is decoded at is larger than what is wanted by this factor at least. The SSIM to one
Lanczos step from a full decode was 0.99 and more on photos, 0.983 on a field of stars; where the
decoded size was all but right, 0.98 and 0.95."""

WHOLE_PIXELS = 100_000_000
"""What has more is decoded as small as it may be: its pixels hardly are as sharp as they are many,
and would take more memory than there is."""

NOT_READ = re.compile(
    r"(?i)unsupported|not supported|unknown (pixel mode|data organization)|cannot handle"
)
"""Decoders' messages for what is right and not theirs, such as 12-bit JPEG."""

OF_VALUES = (TypeError, AttributeError, LookupError, ArithmeticError, AssertionError)
"""What values of another type or range do to a decoder's code; their messages tell of the code."""

TOO_MUCH = "security limit exceeded"
"""libheif's message for limits of its own: more items or references than it lets in."""


def decode_whole(image: Image.Image) -> Image.Image:
    """Decode as Pillow does."""
    image.load()
    return image


def _draft(image: Image.Image, _data: bytes, size: Size) -> Extent | None:
    """Have a JPEG decoded at 1/2 or 1/4.

    Odd sizes are rounded up: without the part that is the picture the SSIM falls to 0.90.
    """
    room = ROOM if image.width * image.height <= WHOLE_PIXELS else 1
    width = max(ceil(size[0] * room), image.width // SMALLEST)
    height = max(ceil(size[1] * room), image.height // SMALLEST)
    drafted = image.draft(None, (width, height))
    return drafted[1][2:] if drafted else None


@dataclass(frozen=True, slots=True)
class Decoder:
    """How sources of one format are read."""

    open: Callable[[io.BytesIO], Image.Image]
    """Reads the header and decodes no pixels."""

    check: Callable[[bytes, Limits], None] | None
    """Refuses what asks for more work than its bytes are worth, before `open` sees them; None where
    there is nothing to check."""

    reduce: Callable[[Image.Image, bytes, Size], Extent | None] | None = None
    """Has an opened source decoded at a part of its size where that is well above a size; returns
    the part of the decoded pixels that is the picture, None for all."""

    decode: Callable[[Image.Image], Image.Image] = decode_whole
    """Decodes the pixels of an opened source, the first frame of an animation."""

    is_reducible: bool = False
    """Whether every source can be decoded at a part of its size, so that it may be larger than what
    is decoded at once."""

    is_upright: bool = False
    """Whether the pixels are upright as they are decoded, whatever the orientation says."""


DECODERS: dict[str, Decoder] = {
    "jpeg": Decoder(open_jpeg, check_jpeg, reduce=_draft, decode=decode_jpeg, is_reducible=True),
    "png": Decoder(open_png, check_png, decode=decode_png),
    "webp": Decoder(open_webp, check_webp, decode=decode_webp),
    "gif": Decoder(open_gif, check_gif, decode=decode_first),
    "tiff": Decoder(open_first_page, check_tiff, decode=decode_opened),
    # BMP's decoder goes over each byte once, a directory of icons has 65,535 entries at most, and
    # a PNG in an icon is checked by `open_largest`, once it is found.
    "bmp": Decoder(open_bitmap, None, decode=decode_opened),
    "jpeg2000": Decoder(open_codestream, check_jpeg2000, reduce=decode_half, decode=decode_opened),
    "psd": Decoder(open_flattened, check_psd, decode=decode_opened),
    "ico": Decoder(open_largest, None, decode=decode_icon),
    "avif": Decoder(open_avif, check_avif, decode=take_first_frame),
    "heif": Decoder(open_heif, check_heif, decode=decode_heif, is_upright=True),
}
"""One for each format of `lib.domain.formats`."""


def open_header(data: bytes, container: str, limits: Limits) -> Image.Image:
    """Read the header of a source, and refuse what is too much before its pixels are decoded.

    Raises PermanentError: UNSUPPORTED_MEDIA for a container without a decoder, LIMIT_EXCEEDED,
    CORRUPT_MEDIA.
    """
    if container not in DECODERS:
        raise PermanentError(
            ErrorCode.UNSUPPORTED_MEDIA, f"expected an image but received {container or 'nothing'}"
        )
    limits.refuse_format(container)
    limits = limits_of(container, limits)
    if len(data) > limits.image_megabytes * 1_000_000:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{len(data) / 1e6:.1f} MB, the limit is {limits.image_megabytes} MB",
        )
    # Pillow refuses at twice this, even where it makes room before it tells the size.
    Image.MAX_IMAGE_PIXELS = limits.image_megapixels * 500_000
    with blaming_the_source(container):
        check_work(data, container, limits)
        image = DECODERS[container].open(io.BytesIO(data))
    refuse_larger(image.size, limits.image_megapixels, "the limit")
    return image


def limits_of(container: str, limits: Limits) -> Limits:
    """Return the limits that hold for the sources of one format."""
    if DECODERS[container].is_reducible:
        return limits
    most = min(limits.image_megapixels, limits.decoded_megapixels)
    return replace(limits, image_megapixels=most)


def refuse_larger(size: Size, megapixels: int, limit: str) -> None:
    """Raise PermanentError(LIMIT_EXCEEDED) for a size (px) above a limit of that name."""
    width, height = size
    if width * height > megapixels * 1_000_000:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{width} × {height} px are {width * height / 1e6:.1f} MP, {limit} is {megapixels} MP",
        )


def check_work(data: bytes, container: str, limits: Limits) -> None:
    """Refuse a source that asks for more work than its bytes are worth. Raises as `bounds` says."""
    if check := DECODERS[container].check:
        check(data, limits_of(container, limits))


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
        if is_out_of_memory(exc):
            raise MemoryError(str(exc)) from exc
        code, reason = ErrorCode.CORRUPT_MEDIA, str(exc)
        if isinstance(exc, OF_VALUES) or isinstance(exc.__cause__, TypeError | AttributeError):
            reason = "a value in its header makes no sense"
        elif NOT_READ.search(reason):
            code = ErrorCode.UNSUPPORTED_MEDIA
        elif TOO_MUCH in reason.lower():
            code = ErrorCode.LIMIT_EXCEEDED
        raise PermanentError(code, f"cannot be decoded as {container}: {reason}") from exc
