"""Know a stream of frames by its frames: where one ends, the next begins.

One sync word is soon found by chance. MPEG audio: ISO/IEC 11172-3 and 13818-3; ADTS: ISO/IEC
13818-7; AC-3 and E-AC-3: ETSI TS 102 366; transport packets: ISO/IEC 13818-1, with the time stamp
before each that cameras and Blu-ray add, or the parity behind each that broadcasters do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from lib.domain.media import Sniffed
from lib.domain.signatures import AAC, AC3, DTS, EAC3, MP3

Header = tuple[int, tuple[int, ...]]
"""Bytes of a frame, and what is the same in each frame of a stream."""

LEAST_FRAMES = 2
"""One after the other where a source begins with them."""
LEAST_FRAMES_BEHIND = 4
"""Where something else comes first."""
LEAST_PACKETS = 3
LEAST_PACKETS_BEHIND = 6

TS_STRIDES = TS_PACKET, STAMPED_PACKET, PROTECTED_PACKET = 188, 192, 204
"""Bytes from one transport packet to the next: bare, with a time stamp before, parity behind."""
TIME_STAMP = 4
TS_SYNC = 0x47
HAS_CONTENT = 0x30
"""Of the fourth byte of a packet: adaptation field, payload, or both. None is reserved."""

PACK = re.compile(rb"\x00\x00\x01\xba[\x21-\x2f\x44-\x7f]")
"""A pack header of MPEG-1 (ISO/IEC 11172-1), or of MPEG-2."""
LEAST_PACKS = 4

KBPS = (
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
)
"""Of MPEG audio: MPEG-2 and 2.5; layers III and II of MPEG-1, whose field says 1 and 2."""

AC3_KBPS = (
    *(32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576),
    640,
)
AC3_HERTZ = (48_000, 44_100, 32_000)
AC3_SAMPLES = 1536


def find_frames(head: bytes) -> Sniffed | None:
    """Return what a source is that begins with frames of audio."""
    for sniffed, _, read in FRAMES:
        if _count(head, 0, read, LEAST_FRAMES) == LEAST_FRAMES:
            return sniffed
    return None


def find_frames_behind(head: bytes) -> Sniffed | None:
    """Return what a source is that holds frames of audio behind something else, and where."""
    for sniffed, begins, read in FRAMES:
        for found in begins.finditer(head):
            if _count(head, found.start(), read, LEAST_FRAMES_BEHIND) == LEAST_FRAMES_BEHIND:
                return replace(sniffed, start=found.start())
    return None


def find_packets(head: bytes) -> int | None:
    """Return the bytes from one transport packet to the next of what begins with one."""
    strides = (each for each in TS_STRIDES if _are_packets(head, _lead(each), each, LEAST_PACKETS))
    return next(strides, None)


def find_packets_behind(head: bytes) -> tuple[int, int] | None:
    """Return where the first whole packet is of what begins within one, and the bytes as above."""
    at = head.find(TS_SYNC)
    while 0 <= at <= len(head) - TS_PACKET * LEAST_PACKETS_BEHIND:
        for stride in TS_STRIDES:
            start = at - _lead(stride)
            if start >= 0 and _are_packets(head, at, stride, LEAST_PACKETS_BEHIND):
                return start, stride
        at = head.find(TS_SYNC, at + 1)
    return None


def find_packs_behind(head: bytes) -> int | None:
    """Return where the first whole pack is of a program stream that begins within one."""
    packs = [each.start() for each in islice(PACK.finditer(head), LEAST_PACKS)]
    return packs[0] if len(packs) == LEAST_PACKS else None


def _lead(stride: int) -> int:
    return TIME_STAMP if stride == STAMPED_PACKET else 0


def _are_packets(head: bytes, at: int, stride: int, count: int) -> bool:
    starts = range(at, at + stride * count, stride)
    return starts[-1] + 3 < len(head) and all(
        head[each] == TS_SYNC and head[each + 3] & HAS_CONTENT for each in starts
    )


def _count(head: bytes, at: int, read: Callable[[bytes], Header | None], most: int) -> int:
    """Return how many frames of one stream follow one another, up to `most`."""
    first = header = read(head[at : at + HEADER_BYTES])
    count = 0
    while header and first and header[1] == first[1] and count < most:
        count += 1
        at += header[0]
        header = read(head[at : at + HEADER_BYTES])
    return count


def _read_mpeg(frame: bytes) -> Header | None:
    """Read the header of a frame of layer II or III."""
    if len(frame) < 4 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:
        return None
    version, layer = frame[1] >> 3 & 3, frame[1] >> 1 & 3
    rate_index, hertz_index, padding = frame[2] >> 4, frame[2] >> 2 & 3, frame[2] >> 1 & 1
    if version == 1 or layer not in (1, 2) or rate_index in (0, 15) or hertz_index == 3:
        return None
    hertz = (44100, 48000, 32000)[hertz_index] // {3: 1, 2: 2, 0: 4}[version]
    kbps = KBPS[layer if version == 3 else 0][rate_index - 1]
    samples = 1152 if version == 3 or layer == 2 else 576
    return samples // 8 * kbps * 1000 // hertz + padding, (version, layer, hertz)


def _read_adts(frame: bytes) -> Header | None:
    """Read the header of an AAC frame."""
    if len(frame) < 7 or frame[0] != 0xFF or frame[1] & 0xF6 != 0xF0 or frame[2] >> 2 & 15 > 12:
        return None
    length = (frame[3] & 3) << 11 | frame[4] << 3 | frame[5] >> 5
    return (length, (frame[1], frame[2] >> 2)) if length > 7 else None


def _read_ac3(frame: bytes) -> Header | None:
    """Read the header of an AC-3 frame."""
    if len(frame) < 6 or frame[:2] != b"\x0b\x77" or frame[5] >> 3 > 10:
        return None
    hertz_index, size_index = frame[4] >> 6, frame[4] & 63
    if hertz_index == 3 or size_index >= 2 * len(AC3_KBPS):
        return None
    hertz, kbps = AC3_HERTZ[hertz_index], AC3_KBPS[size_index >> 1]
    words = AC3_SAMPLES * kbps * 1000 // hertz // 16
    odd = size_index & 1 if hertz == 44_100 else 0
    return 2 * (words + odd), (hertz,)


def _read_eac3(frame: bytes) -> Header | None:
    """Read the header of an E-AC-3 frame."""
    if len(frame) < 6 or frame[:2] != b"\x0b\x77" or not 10 < frame[5] >> 3 <= 16:
        return None
    length = 2 * (((frame[2] & 7) << 8 | frame[3]) + 1)
    return (length, (frame[4] >> 6,)) if length > 6 else None


def _read_dts(frame: bytes) -> Header | None:
    """Read the header of a frame of DTS in 16-bit words (ETSI TS 102 114)."""
    if len(frame) < 8 or frame[:4] != b"\x7f\xfe\x80\x01":
        return None
    length = ((frame[5] & 3) << 12 | frame[6] << 4 | frame[7] >> 4) + 1
    return (length, ()) if length >= LEAST_DTS else None


LEAST_DTS = 96
"""Bytes of a frame."""
HEADER_BYTES = 8
FRAMES: tuple[tuple[Sniffed, re.Pattern[bytes], Callable[[bytes], Header | None]], ...] = (
    (MP3, re.compile(rb"(?=\xff[\xe2-\xff][\x10-\xef])"), _read_mpeg),
    (AAC, re.compile(rb"(?=\xff[\xf0\xf1\xf8\xf9])"), _read_adts),
    (AC3, re.compile(rb"\x0b\x77"), _read_ac3),
    (EAC3, re.compile(rb"\x0b\x77"), _read_eac3),
    (DTS, re.compile(rb"\x7f\xfe\x80\x01"), _read_dts),
)
"""What a source is, what its frames begin with, and what reads their headers."""


def skip_tags(head: bytes) -> int:
    """Return where the content of a source begins that has ID3v2 tags first, 0 without any."""
    return next(reversed([0, *_tag_ends(head)]))


def _tag_ends(head: bytes) -> Iterator[int]:
    at = 0
    while head[at : at + 3] == b"ID3" and len(head) >= at + 10:
        # The tag's length: four bytes of seven bits each; then, if a flag says so, a footer.
        size = head[at + 6] << 21 | head[at + 7] << 14 | head[at + 8] << 7 | head[at + 9]
        at += 10 + size + (10 if head[at + 5] & 0x10 else 0)
        yield at
