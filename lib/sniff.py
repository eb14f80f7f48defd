"""Decide what a source is from its first bytes. Names, extensions and declared types are ignored.

The table of signatures first (`lib.domain.signatures`), then the formats that a prefix cannot tell.
"""

from __future__ import annotations

import re
from typing import Literal

from lib.domain.media import Sniffed
from lib.domain.signatures import (
    BRANDS,
    EMPTY,
    IFF,
    JPEG_2000,
    JPEG_2000_BOX,
    JPEG_2000_BRANDS,
    MARKUP,
    MATROSKA,
    MP3,
    PLAYLIST,
    QUICKTIME,
    QUICKTIME_BOXES,
    RAW,
    SIGNATURES,
    STRUCTURAL_BRANDS,
    TEXT,
    TIFF,
    UNKNOWN,
    supported,
)

HEAD_BYTES = 4096
"""How much of a source `sniff` wants to see."""

TS_PACKET = 188
BMP_HEADER_SIZES = frozenset((12, 16, 40, 52, 56, 64, 108, 124))
CONTROL_CHARACTERS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b")
NEW_SUBFILE_TYPE, COMPRESSION, PHOTOMETRIC = 0x00FE, 0x0103, 0x0106
SUB_IFDS, DNG_VERSION = 0x014A, 0xC612
REDUCED_RESOLUTION = 1
SENSOR_COMPRESSIONS = frozenset((32_767, 32_769, 32_770, 34_713, 65_000, 65_535))
"""Sony, Epson, Samsung, Nikon, Kodak, Pentax."""

SENSOR_PHOTOMETRICS = frozenset((32_803, 34_892))
"""A colour filter array (TIFF/EP); linear RAW (DNG)."""

KBPS = (
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
)
"""Of MPEG audio: MPEG-2 and 2.5; layers III and II of MPEG-1, whose field says 1 and 2."""


def sniff(head: bytes) -> Sniffed:
    """Tell what a source is from its first `HEAD_BYTES` bytes, never from its name.

    Whatever has no renditions comes back as `unsupported` with its reason in plain words.
    """
    if not head:
        return EMPTY
    for sniffed, signatures in SIGNATURES:
        if head.startswith(signatures):
            return sniffed
    for look in (_boxes, _iff, _tiff, _bmp, _ebml, _ogg, _transport_stream, _mpeg_audio):
        if found := look(head):
            return found
    return _text(head) or UNKNOWN


def _boxes(head: bytes) -> Sniffed | None:
    if head.startswith(JPEG_2000_BOX):
        return JPEG_2000_BRANDS.get(head[20:24], JPEG_2000)
    kind = head[4:8]
    if kind in QUICKTIME_BOXES:
        # Prose such as "Get free …" has letters where a box has its size.
        return None if all(32 <= byte < 127 for byte in head[:4]) else QUICKTIME
    if kind != b"ftyp":
        return None
    end = int.from_bytes(head[:4], "big")
    major, compatible = head[8:12], re.findall(b"(?s).{4}", head[16:end])
    if major in BRANDS:
        return BRANDS[major]
    if major[:3] in (b"3gp", b"3g2"):
        return supported("video/3gpp", "mov")
    if major in STRUCTURAL_BRANDS:
        still = (BRANDS[brand] for brand in compatible if brand in BRANDS)
        return next(still, supported("image/heif"))
    return supported("video/mp4", "mov")


def _iff(head: bytes) -> Sniffed | None:
    return IFF.get(head[:4], {}).get(head[8:12])


def _tiff(head: bytes) -> Sniffed | None:
    if head[:2] not in (b"II", b"MM"):
        return None
    order: Literal["little", "big"] = "little" if head[:2] == b"II" else "big"

    def number(start: int, length: int) -> int:
        return int.from_bytes(head[start : start + length], order)

    if number(2, 2) == 43:  # BigTIFF
        return TIFF
    if number(2, 2) != 42:
        return None
    if head[8:10] == b"CR":  # Canon's CR2
        return RAW
    first = number(4, 4)
    entries = range(first + 2, min(first + 2 + 12 * number(first, 2), len(head) - 11), 12)
    # A short value (type 3) lies in the first two of four bytes.
    tags = {
        number(entry, 2): number(entry + 8, 2 if number(entry + 2, 2) == 3 else 4)
        for entry in entries
    }
    # Nikon, Sony and Adobe put a preview first and the sensor's data into a sub-directory.
    is_preview = SUB_IFDS in tags and tags.get(NEW_SUBFILE_TYPE) == REDUCED_RESOLUTION
    is_sensor = (
        tags.get(COMPRESSION) in SENSOR_COMPRESSIONS or tags.get(PHOTOMETRIC) in SENSOR_PHOTOMETRICS
    )
    return RAW if DNG_VERSION in tags or is_preview or is_sensor else TIFF


def _bmp(head: bytes) -> Sniffed | None:
    is_bmp = head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in BMP_HEADER_SIZES
    return supported("image/bmp") if is_bmp else None


def _ebml(head: bytes) -> Sniffed | None:
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return None
    doctype = re.search(rb"\x42\x82[\x81-\x88]([a-z]+)", head[:64])
    return MATROSKA.get(doctype[1]) if doctype else None


def _ogg(head: bytes) -> Sniffed | None:
    if head[:4] != b"OggS":
        return None
    return supported("video/ogg", "ogg") if b"\x80theora" in head else supported("audio/ogg", "ogg")


def _transport_stream(head: bytes) -> Sniffed | None:
    # Cameras (M2TS) put a four-byte time stamp before each packet.
    for stamp in (0, 4):
        packets = head[stamp :: TS_PACKET + stamp]
        if len(packets) >= 3 and set(packets) == {0x47}:
            return supported("video/mp2t", "mpegts")
    return None


def _mpeg_audio(head: bytes) -> Sniffed | None:
    start = 0
    if head[:3] == b"ID3" and len(head) >= 10:
        # The tag's length: four bytes of seven bits each.
        start = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
        if start + 4 > len(head):
            return MP3
    for length, found in ((_mpeg_frame_length, MP3), (_adts_frame_length, supported("audio/aac"))):
        first = length(head[start:])
        # Eleven bits are soon found by chance: believe them where the next frame begins in time.
        if first and length(head[start + first :]):
            return found
    return MP3 if start else None


def _mpeg_frame_length(frame: bytes) -> int:
    """Return the bytes of an MPEG audio frame of layer II or III (ISO/IEC 11172-3), 0 for none."""
    if len(frame) < 4 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:
        return 0
    version, layer = frame[1] >> 3 & 3, frame[1] >> 1 & 3
    rate_index, hertz_index, padding = frame[2] >> 4, frame[2] >> 2 & 3, frame[2] >> 1 & 1
    if version == 1 or layer not in (1, 2) or rate_index in (0, 15) or hertz_index == 3:
        return 0
    hertz = (44100, 48000, 32000)[hertz_index] // {3: 1, 2: 2, 0: 4}[version]
    kbps = KBPS[layer if version == 3 else 0][rate_index - 1]
    samples = 1152 if version == 3 or layer == 2 else 576
    return samples // 8 * kbps * 1000 // hertz + padding


def _adts_frame_length(frame: bytes) -> int:
    """Return the bytes of an AAC frame with its ADTS header (ISO/IEC 13818-7), 0 for none."""
    if len(frame) < 7 or frame[0] != 0xFF or frame[1] & 0xF6 != 0xF0 or frame[2] >> 2 & 15 > 12:
        return 0
    length = (frame[3] & 3) << 11 | frame[4] << 3 | frame[5] >> 5
    return length if length > 7 else 0


def _text(head: bytes) -> Sniffed | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return TEXT
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as exc:
        if exc.reason != "unexpected end of data":  # the head may end within a character
            return None
    if CONTROL_CHARACTERS.intersection(head):
        return None
    lower = head.lower().removeprefix(b"\xef\xbb\xbf").lstrip()
    if lower.startswith(b"#extm3u"):
        return PLAYLIST
    if not lower.startswith(b"<"):
        return TEXT
    return next(found for tag, found in MARKUP if tag in lower)
