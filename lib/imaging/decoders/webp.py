"""Open a WebP, and tell what its frames say; of one that is cut short, those that are whole.

RFC 9649, sections 2.7 and 3.4.

libwebp reads an animation to the last byte that it promises, or not at all.
"""

from __future__ import annotations

import struct
from io import BytesIO

from PIL import Image

from lib.domain.media import WarningCode
from lib.imaging.completeness import report_lines, warn
from lib.imaging.decoders.frames import Disposal, Placed
from lib.imaging.decoders.webp_cut import CutStill, clear_below, find_cut
from lib.imaging.pillow import open_webp as open_whole
from lib.imaging.pillow import take_first_frame
from lib.imaging.riff import RIFF_HEAD, is_cut, keep_until, read_chunks

FLAGS, ANIMATED = 20, 0x02
ANIM, FRAME_BYTES = struct.Struct("<IH"), 16
DISPOSED, NOT_BLENDED = 0x01, 0x02
VP8L_ALPHA = 8 + 4, 0x10
"""Which byte of a lossless picture's chunk says that it has transparency, and by which bit."""

FACTS = (b"EXIF", b"XMP ")
"""Chunks behind the frames."""

CUT = "media-pipeline: cut"
"""In `Image.info`, until the pixels are decoded."""


def open_webp(file: BytesIO) -> Image.Image:
    """Return a WebP, its pixels not decoded yet."""
    data = file.getvalue()
    cut = find_cut(data) if not _is_animated(data) else None
    if isinstance(cut, CutStill):
        image = open_whole(BytesIO(cut.filled(0)))
        image.info[CUT] = cut
        return image
    whole, missing = keep_whole_frames(cut or data)
    image = open_whole(BytesIO(whole))
    if missing:
        warn(image, WarningCode.INCOMPLETE, missing)
    return image


def decode_webp(image: Image.Image) -> Image.Image:
    """Decode an opened WebP, of an animation the first frame; of one that is cut the lines there.

    The opened source is used up.
    """
    cut = image.info.pop(CUT, None)
    lines = cut.count_lines() if isinstance(cut, CutStill) else image.height
    found = take_first_frame(image)
    report_lines(found, lines, found.height)
    if lines < found.height:
        clear_below(found, lines)
    return found


def _is_animated(data: bytes) -> bool:
    return data[RIFF_HEAD.size : RIFF_HEAD.size + 4] == b"VP8X" and bool(data[FLAGS] & ANIMATED)


def keep_whole_frames(data: bytes) -> tuple[bytes, str | None]:
    """Return an animation that is cut short as one of its whole frames, and what is missing of it.

    Other files come back as they are, as does one without a whole frame.
    """
    if not _is_animated(data) or not is_cut(data):
        return data, None
    frames, end, last = 0, RIFF_HEAD.size, b""
    for last, _, after in read_chunks(data):
        if after > len(data):
            break
        frames, end = frames + (last == b"ANMF"), after
        last = b""
    if not frames:
        return data, None
    whole = keep_until(data, end)
    if last in FACTS:
        return whole, None
    if last == b"ANMF":
        return whole, f"cut short in frame {frames + 1:,}, which is left out"
    return whole, f"cut short after frame {frames:,}"


def read_frames(data: bytes, most: int) -> tuple[list[Placed], int]:
    """Return the whole frames of an animation, and how often they are shown, 0 for ever.

    Of more than `most`, so many and one.
    """
    frames: list[Placed] = []
    plays = 0
    if not _is_animated(data):
        return frames, plays
    for kind, start, after in read_chunks(data):
        if after > len(data) or len(frames) > most:
            break
        if kind == b"ANIM" and after - start >= ANIM.size:
            _, plays = ANIM.unpack_from(data, start)
        elif kind == b"ANMF" and after - start >= FRAME_BYTES:
            frames.append(_placed(data, start))
    return frames, plays


def _placed(data: bytes, start: int) -> Placed:
    numbers = [
        int.from_bytes(data[start + at : start + at + 3], "little") for at in range(0, 15, 3)
    ]
    left, top, width, height, delay = numbers
    flags = data[start + FRAME_BYTES - 1]
    return Placed(
        box=(2 * left, 2 * top, 2 * left + width + 1, 2 * top + height + 1),
        delay_ms=delay,
        disposal=Disposal.CLEAR if flags & DISPOSED else Disposal.KEEP,
        may_be_clear=may_be_clear(data, start + FRAME_BYTES),
        over=not flags & NOT_BLENDED,
    )


def may_be_clear(data: bytes, at: int) -> bool:
    """Tell whether the picture that begins somewhere has transparency: ALPH, or a bit of VP8L."""
    kind, fourth = data[at : at + 4], data[at + VP8L_ALPHA[0] : at + VP8L_ALPHA[0] + 1]
    return kind == b"ALPH" or (kind == b"VP8L" and bool(int.from_bytes(fourth) & VP8L_ALPHA[1]))
