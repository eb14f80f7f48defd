"""Open a JPEG that may be cut short, and tell how much of it is there (ITU-T T.81).

What is missing of it comes out grey, as in libvips and ImageMagick: browsers leave it out.
"""

from __future__ import annotations

import random
import struct
import zlib
from io import BytesIO
from math import ceil

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from lib.domain.media import WarningCode
from lib.imaging.bounds.jpeg import SCAN
from lib.imaging.bounds.jpeg_scans import RESTART, RESTARTS, START, Scans, find_scans
from lib.imaging.completeness import report_lines, warn
from lib.imaging.decoders.gain_map import has_gain_map
from lib.imaging.pillow import is_out_of_memory

END, FILL = b"\xff\xd9", 0xFF

COUNTED_MEGAPIXELS = 12
"""Two pictures are decoded for a look at which lines differ, at a part of their size."""

SCALES = (1, 2, 4, 8)

TRIES = 3
"""Noise after a scan of a progressive one may happen to mean nothing."""

NOISE_BYTES = 512
NEUTRAL = frozenset((127, 128))
"""What each channel is where nothing was decoded."""


RESTARTS_FOLLOW = b"\xff\xdd\0\4"
"""A restart interval."""

COARSER = "cut short in scan {number}: all lines are there, but coarser than they were"

LEAST = {(0xE0, b"JFIF"): 14, (0xE2, b"ICC_PROFILE\0"): 14, (0xEE, b"Adobe"): 12}
"""Application segments that a decoder reads numbers from, and how long each is at least."""

PHOTOSHOP, RESOURCE, RESOURCE_HEAD = (0xED, b"Photoshop 3.0\0"), b"8BIM", 6
"""Its resources are read one after the other; the head of one is followed by its name."""


class CutFile(BytesIO):
    """A JPEG that had no end, with one."""


def open_jpeg(file: BytesIO) -> JpegImageFile:
    """Return the picture, its pixels not decoded yet; of several in one file the first."""
    data = file.getvalue()
    scans = find_scans(data)
    if scans.scans and not scans.is_ended:
        file = CutFile(data[: scans.end] + END)
    image = _open(file)
    image.info["gain_map"] = has_gain_map(data)
    return image


def _open(file: BytesIO) -> JpegImageFile:
    """Open a picture; where that fails, without its damaged application segments."""
    try:
        return JpegImageFile(file)
    except (SyntaxError, LookupError, ValueError, struct.error):
        data = file.getvalue()
        bare = without_damaged(data)
        if len(bare) == len(data):
            raise
    image = JpegImageFile(type(file)(bare))
    warn(image, WarningCode.DAMAGED, "passed over: a damaged application segment")
    return image


def without_damaged(data: bytes) -> bytes:
    """Return a picture without the application segments that are too short for what they are.

    No picture needs them, and a decoder that is given one refuses it. All others stay.
    """
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (SCAN, START):
        if data[at + 1] == FILL:
            at += 1
            continue
        kind, length = struct.unpack_from(">xBH", data, at)
        kept.append(_undamaged(kind, data[at : at + 2 + length]))
        at += 2 + length
    return b"".join((*kept, data[at:]))


def _undamaged(kind: int, segment: bytes) -> bytes:
    """Return a segment, without a resource of Photoshop's that ends in its head; or nothing."""
    content = segment[4:]
    if any(
        kind == its_kind and content.startswith(name) and len(content) < least
        for (its_kind, name), least in LEAST.items()
    ):
        return b""
    is_photoshop = kind == PHOTOSHOP[0] and content.startswith(PHOTOSHOP[1])
    if is_photoshop and content[-RESOURCE_HEAD:].startswith(RESOURCE):
        return (
            struct.pack(">BBH", FILL, kind, len(segment) - 2 - RESOURCE_HEAD)
            + (content[:-RESOURCE_HEAD])
        )
    return segment


def decode_jpeg(image: Image.Image) -> Image.Image:
    """Decode an opened picture as far as it goes. Raises PermanentError(CORRUPT_MEDIA)."""
    assert isinstance(image, JpegImageFile)
    assert isinstance(image.fp, BytesIO)
    is_cut, data = isinstance(image.fp, CutFile), image.fp.getvalue()
    try:
        if is_cut:
            _report(image, data)
        image.load()
    except OSError as exc:
        if is_out_of_memory(exc):
            raise
        return _decode_earlier(image, data)
    # Tools put an end marker behind what they have; the last block then was never decoded.
    if not is_cut and _is_neutral(image.getpixel((image.width - 1, image.height - 1))):
        _report(image, data)
    elif not is_cut and RESTARTS_FOLLOW in data:
        _report_intervals(image, data)
    return image


def _report_intervals(image: JpegImageFile, data: bytes) -> None:
    """Note that parts between restart markers are gone, which libjpeg leaves grey or moves."""
    there, intervals = find_scans(data).count_intervals(data)
    if there < intervals:
        message = f"damaged: {intervals - there:,} of {intervals:,} restart intervals are missing"
        warn(image, WarningCode.INCOMPLETE, message)


def _decode_earlier(broken: JpegImageFile, data: bytes) -> JpegImageFile:
    """Decode fewer scans than there are, of which one cannot be decoded; raises where all can't."""
    ends = find_scans(data).ends(data)[:-1]
    for number in sorted({len(ends), len(ends) // 2, 1} & {*range(1, len(ends) + 1)}, reverse=True):
        image = JpegImageFile(BytesIO(data[: ends[number - 1]] + END))
        image.draft(None, broken.size)
        try:
            image.load()
        except OSError:
            continue
        warn(image, WarningCode.INCOMPLETE, COARSER.format(number=number + 1))
        return image
    raise ValueError("no scan of it can be decoded")


def _is_neutral(pixel: object) -> bool:
    return NEUTRAL.issuperset(pixel if isinstance(pixel, tuple) else (pixel,))


def _report(image: JpegImageFile, data: bytes) -> None:
    scans = find_scans(data)
    if stray := scans.find_stray_restart(data):
        scans.end = stray
        data = data[:stray] + END
    lines, number = _count_lines(data, scans), len(scans.scans)
    if number == 1 and lines < scans.height:
        report_lines(image, lines, scans.height)
    elif lines < scans.height or not scans.has_all():
        warn(image, WarningCode.INCOMPLETE, COARSER.format(number=number))


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
    if not scans.restart_interval:
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
