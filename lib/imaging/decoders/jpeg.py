"""Open a JPEG that may be cut short, and tell how much of it is there (ITU-T T.81).

What is missing of it comes out grey, as in libvips and ImageMagick: browsers leave it out.
"""

from __future__ import annotations

import random
import zlib
from io import BytesIO
from math import ceil

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from lib.domain.media import WarningCode
from lib.imaging.bounds.jpeg_scans import RESTART, RESTARTS, Scans, find_scans
from lib.imaging.completeness import report_lines, warn
from lib.imaging.metadata.gain_map import has_gain_map

END = b"\xff\xd9"

COUNTED_MEGAPIXELS = 12
"""Two pictures are decoded for a look at which lines differ, at a part of their size."""

SCALES = (1, 2, 4, 8)

TRIES = 3
"""Noise after a scan of a progressive one may happen to mean nothing."""

NOISE_BYTES = 512
NEUTRAL = frozenset((127, 128))
"""What each channel is where nothing was decoded."""


class CutFile(BytesIO):
    """A JPEG that had no end, with one."""


def open_jpeg(file: BytesIO) -> JpegImageFile:
    """Return the picture, its pixels not decoded yet; of several in one file the first."""
    data = file.getvalue()
    scans = find_scans(data)
    if scans.scans and not scans.is_ended:
        file = CutFile(data[: scans.end] + END)
    image = JpegImageFile(file)
    image.info["gain_map"] = has_gain_map(data)
    return image


def decode_jpeg(image: Image.Image) -> Image.Image:
    """Decode an opened picture as far as it goes. Raises PermanentError(CORRUPT_MEDIA)."""
    assert isinstance(image, JpegImageFile)
    assert isinstance(image.fp, BytesIO)
    is_cut, data = isinstance(image.fp, CutFile), image.fp.getvalue()
    if is_cut:
        _report(image, data)
    image.load()
    # Tools put an end marker behind what they have; the last block then was never decoded.
    if not is_cut and _is_neutral(image.getpixel((image.width - 1, image.height - 1))):
        _report(image, data)
    return image


def _is_neutral(pixel: object) -> bool:
    return NEUTRAL.issuperset(pixel if isinstance(pixel, tuple) else (pixel,))


def _report(image: JpegImageFile, data: bytes) -> None:
    scans = find_scans(data)
    lines, number = _count_lines(data, scans), len(scans.scans)
    if number == 1 and lines < scans.height:
        report_lines(image, lines, scans.height)
    elif lines < scans.height or not scans.has_all():
        message = f"cut short in scan {number}: all lines are there, but coarser than they were"
        warn(image, WarningCode.INCOMPLETE, message)


def _count_lines(data: bytes, scans: Scans) -> int:
    """Return how many lines do not change with what follows the last scan."""
    shown = _checksums(data, scans)
    for seed in range(TRIES if scans.is_progressive else 1):
        other = data[: scans.end] + _noise(scans, data, seed) + END
        for number, (one, another) in enumerate(zip(shown, _checksums(other, scans), strict=True)):
            if one != another:
                return min(number * scans.rows, scans.height)
    return scans.height


def _noise(scans: Scans, data: bytes, seed: int) -> bytes:
    """Return what may follow in a scan: other bits than the zeros that a decoder adds by itself."""
    numbers = random.Random(seed)  # noqa: S311
    pieces = [
        bytes(numbers.randrange(255) for _ in range(NOISE_BYTES)) for _ in range(RESTARTS + 1)
    ]
    pieces[0] = (b"\xfe", b"\x00", b"\xa5")[seed % TRIES] + pieces[0]
    if not scans.has_restarts:
        return b"".join(pieces)
    first = scans.next_restart(data)
    return pieces[0] + b"".join(
        bytes((0xFF, RESTART + (first + number) % RESTARTS)) + piece
        for number, piece in enumerate(pieces[1:])
    )


def _checksums(data: bytes, scans: Scans) -> list[int]:
    """Return a checksum of each row of blocks, decoded at a part of its size where that is large.

    The last line of a row is left out: chroma of the next is mixed into it.
    """
    image = JpegImageFile(BytesIO(data))
    megapixels = image.width * image.height / 1e6
    scale = next(
        (each for each in SCALES if megapixels <= COUNTED_MEGAPIXELS * each**2), SCALES[-1]
    )
    height = image.height
    image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))
    image.load()
    rows = max(1, scans.rows * ceil(image.height * 8 / height) // 8)
    found = []
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        strip = image.crop((0, top, image.width, max(top + 1, bottom - 1)))
        found.append(zlib.crc32(strip.tobytes()))
    return found
