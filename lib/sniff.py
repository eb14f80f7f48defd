"""Decide what a source is from its first bytes. Names, extensions and declared types are ignored.

The table of signatures first (`lib.domain.signatures`), then the formats that a prefix cannot tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from lib.domain.framing import (
    find_frames,
    find_frames_behind,
    find_packets,
    find_packets_behind,
    find_packs_behind,
    skip_tags,
)
from lib.domain.media import MediaType, Sniffed
from lib.domain.raster_heads import is_bitmap, is_cursor, is_tga
from lib.domain.signatures import (
    APE,
    BRANDS,
    CURSOR,
    EMPTY,
    FRAGMENT_BOXES,
    IFF,
    JPEG_2000,
    JPEG_2000_BOX,
    JPEG_2000_BRANDS,
    MARKUP,
    MATROSKA,
    MP3,
    MP4,
    PLAYLIST,
    PROGRAM_STREAM,
    QUICKTIME,
    QUICKTIME_BOXES,
    RAW,
    READ_WITH_TAGS,
    SIGNATURES,
    STRUCTURAL_BRANDS,
    TEXT,
    TGA,
    TIFF,
    TRANSPORT_STREAM,
    UNKNOWN,
    supported,
)

HEAD_BYTES = 64 * 1024
"""How much of a source `sniff` wants to see: players look as far for audio behind rubbish."""

EMPTY_TAG = b"ID3\4" + bytes(6)

CONTROL_CHARACTERS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b")
NEW_SUBFILE_TYPE, COMPRESSION, PHOTOMETRIC = 0x00FE, 0x0103, 0x0106
SUB_IFDS, DNG_VERSION = 0x014A, 0xC612
REDUCED_RESOLUTION = 1
SENSOR_COMPRESSIONS = frozenset((32_767, 32_769, 32_770, 34_713, 65_000, 65_535))
"""Sony, Epson, Samsung, Nikon, Kodak, Pentax."""

SENSOR_PHOTOMETRICS = frozenset((32_803, 34_892))
"""A colour filter array (TIFF/EP); linear RAW (DNG)."""


def sniff(head: bytes) -> Sniffed:
    """Tell what a source is from its first `HEAD_BYTES` bytes, never from its name.

    Whatever has no renditions comes back as `unsupported` with its reason in plain words.
    """
    if not head:
        return EMPTY
    for sniffed, signatures in SIGNATURES:
        if head.startswith(signatures):
            return sniffed
    looks = (_boxes, _iff, _tiff, _raster, _ebml, _ogg, _ape, _packets, _tagged, find_frames, _text)
    # Last: what nothing else is may be a stream that begins in the middle, or behind rubbish.
    for look in (*looks, _packets_behind, _packs_behind, find_frames_behind):
        if found := look(head):
            return found
    return UNKNOWN


def sniff_source(read: Callable[[int, int], bytes]) -> Sniffed:
    """Tell what a source is, however long the tags are that it has first.

    `read` gives at most so many bytes from a start on.
    """
    head = read(0, HEAD_BYTES)
    start = skip_tags(head)
    if start <= HEAD_BYTES // 2:
        return sniff(head)
    content = read(start, HEAD_BYTES)
    if not content:  # the tag says that it is longer than the source
        return find_frames_behind(head) or MP3
    # What is behind a long tag is what would be behind an empty one.
    found = sniff(EMPTY_TAG + content)
    return replace(found, start=found.start and found.start + start - len(EMPTY_TAG))


def _boxes(head: bytes) -> Sniffed | None:
    if head.startswith(JPEG_2000_BOX):
        return JPEG_2000_BRANDS.get(head[20:24], JPEG_2000)
    kind = head[4:8]
    if kind in QUICKTIME_BOXES:
        # Prose such as "Get free …" has letters where a box has its size.
        return None if all(32 <= byte < 127 for byte in head[:4]) else QUICKTIME
    if kind in FRAGMENT_BOXES and not head[0]:
        return MP4
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
    return MP4


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


def _raster(head: bytes) -> Sniffed | None:
    if is_bitmap(head):
        return supported("image/bmp")
    return CURSOR if is_cursor(head) else TGA if is_tga(head) else None


def _ebml(head: bytes) -> Sniffed | None:
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return None
    doctype = re.search(rb"\x42\x82[\x81-\x88]([a-z]+)", head[:64])
    return MATROSKA.get(doctype[1]) if doctype else None


def _ogg(head: bytes) -> Sniffed | None:
    if head[:4] != b"OggS":
        return None
    return supported("video/ogg", "ogg") if b"\x80theora" in head else supported("audio/ogg", "ogg")


def _ape(head: bytes) -> Sniffed | None:
    # The version, of four digits, tells it from prose about a MAC address.
    is_ape = head[:4] == b"MAC " and 3_900 <= int.from_bytes(head[4:6], "little") < 4_100
    return APE if is_ape else None


def _packets(head: bytes) -> Sniffed | None:
    return TRANSPORT_STREAM if find_packets(head) else None


def _packets_behind(head: bytes) -> Sniffed | None:
    found = find_packets_behind(head)
    return replace(TRANSPORT_STREAM, start=found[0]) if found else None


def _packs_behind(head: bytes) -> Sniffed | None:
    start = find_packs_behind(head)
    return None if start is None else replace(PROGRAM_STREAM, start=start)


def _tagged(head: bytes) -> Sniffed | None:
    """Tell what is behind the tags that audio has first; where they are all there is, it is MP3."""
    start = skip_tags(head)
    if not start:
        return None
    content = head[start:]
    known = (found for found, signatures in SIGNATURES if content.startswith(signatures))
    found = next(known, None) or _iff(content) or _ape(content) or find_frames(content)
    if found and found.media_type is MediaType.AUDIO:
        return found if found.container in READ_WITH_TAGS else replace(found, start=start)
    if found := find_frames_behind(content):
        return replace(found, start=start + found.start)
    return MP3


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
