"""Read how long uncompressed sound in CAF and AU lasts, which MediaInfo tells wrongly.

CAF: "Apple Core Audio Format Specification 1.0". AU: the header of Sun's audio files,
https://pubs.opengroup.org/external/auformat.html
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from math import isfinite
from typing import IO

File = IO[bytes] | io.RawIOBase

MOST_CHUNKS = 1000
CAF_HEADER, CHUNK_HEADER = 8, 12
EDIT_COUNT = 4
"""Bytes of a `data` chunk before the sound."""

AU_UNKNOWN = 0xFFFFFFFF
AU_BYTES = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}
"""Of one sample of a channel, by the encoding: mu-law, PCM of 8 to 32 bits, floats, A-law."""


def read_caf_ms(file: File, size: int) -> int | None:
    """Return how long a CAF of constant packets lasts, in ms; None where it does not say."""
    at, rate, packet_bytes, packet_frames = CAF_HEADER, 0.0, 0, 0
    for _ in range(MOST_CHUNKS):
        head = _read(file, at, CHUNK_HEADER + 32)
        if len(head) < CHUNK_HEADER:
            return None
        kind, length = struct.unpack_from(">4sq", head)
        if kind == b"desc" and len(head) == CHUNK_HEADER + 32:
            rate, packet_bytes, packet_frames = struct.unpack_from(">d8xII", head, CHUNK_HEADER)
        at += CHUNK_HEADER
        if kind == b"data":
            there = size - at if length < 0 else min(length, size - at)
            if not packet_bytes or there <= EDIT_COUNT:
                return None
            return _to_ms((there - EDIT_COUNT) // packet_bytes * packet_frames, rate)
        if length < 0:
            return None
        at += length
    return None


def read_au_ms(file: File, size: int) -> int | None:
    """Return how long an AU lasts, in ms; None for a compressed one."""
    head = _read(file, 0, 24)
    if len(head) < 24:
        return None
    start, length, encoding, rate, channels = struct.unpack_from(">5I", head, 4)
    there = size - start if length == AU_UNKNOWN else min(length, size - start)
    frame_bytes = AU_BYTES.get(encoding, 0) * channels
    return _to_ms(there // frame_bytes, rate) if frame_bytes and there > 0 else None


DURATIONS: Mapping[str, Callable[[File, int], int | None]] = {
    "caf": read_caf_ms,
    "au": read_au_ms,
}
"""What reads a container's duration, where MediaInfo does not."""


def _to_ms(frames: int, rate: float) -> int | None:
    return round(frames * 1000 / rate) or None if isfinite(rate) and rate >= 1 else None


def _read(file: File, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length) or b""
