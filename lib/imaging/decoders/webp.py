"""Open a WebP; of an animation that is cut short, the frames that are whole (RFC 9649).

libwebp reads an animation to the last byte that it promises, or not at all.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

from lib.domain.media import WarningCode
from lib.imaging.completeness import warn
from lib.imaging.pillow import open_webp as open_whole

RIFF_HEAD, CHUNK_HEAD = struct.Struct("<4sI4s"), struct.Struct("<4sI")
FLAGS, ANIMATED = 20, 0x02
FACTS = (b"EXIF", b"XMP ")
"""Chunks behind the frames."""


def open_webp(file: BytesIO) -> Image.Image:
    """Return a WebP, its pixels not decoded yet."""
    data = file.getvalue()
    whole, missing = keep_whole_frames(data)
    image = open_whole(BytesIO(whole))
    if missing:
        warn(image, WarningCode.INCOMPLETE, missing)
    return image


def keep_whole_frames(data: bytes) -> tuple[bytes, str | None]:
    """Return an animation that is cut short as one of its whole frames, and what is missing of it.

    Other files come back as they are, as does one without a whole frame.
    """
    if data[RIFF_HEAD.size : RIFF_HEAD.size + 4] != b"VP8X" or not data[FLAGS] & ANIMATED:
        return data, None
    _, promised, _ = RIFF_HEAD.unpack_from(data)
    if CHUNK_HEAD.size + promised <= len(data):
        return data, None
    frames, end, last = 0, RIFF_HEAD.size, b""
    for last, after in _chunks(data):
        if after > len(data):
            break
        frames, end = frames + (last == b"ANMF"), after
        last = b""
    if not frames:
        return data, None
    chunks = data[RIFF_HEAD.size : end].ljust(end + end % 2 - RIFF_HEAD.size, b"\0")
    whole = RIFF_HEAD.pack(b"RIFF", len(chunks) + 4, b"WEBP") + chunks
    if last in FACTS:
        return whole, None
    if last == b"ANMF":
        return whole, f"cut short in frame {frames + 1:,}, which is left out"
    return whole, f"cut short after frame {frames:,}"


def _chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the type of each chunk, and where its content ends."""
    at = RIFF_HEAD.size
    while at + CHUNK_HEAD.size <= len(data):
        kind, length = CHUNK_HEAD.unpack_from(data, at)
        end = at + CHUNK_HEAD.size + length
        yield kind, end
        at = end + length % 2
