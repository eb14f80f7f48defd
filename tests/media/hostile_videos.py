"""Make files of a few KB that ask for hours, from honest ones of a second. Pure."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.support.boxes import box, read_boxes

CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"})
Rewrite = Callable[[bytes, bytes], bytes]
"""Gets the kind and the content of a box, and returns its new content."""

DURATIONS = {b"mvhd": 16, b"tkhd": 20, b"mdhd": 16}
"""Offset of the duration in the content of a header of version 0."""


def reuse_chunks(data: bytes, times: int) -> bytes:
    """Return an MP4 of one track, in one chunk, whose samples are all listed so many times."""

    def rewrite(kind: bytes, content: bytes) -> bytes:
        if kind in (b"stts", b"ctts"):
            return _repeat(content, 8, times)
        if kind == b"stsz":
            sizes = content[12:] * times
            return content[:8] + struct.pack(">I", len(sizes) // 4) + sizes
        if kind == b"stsc":
            (samples,) = struct.unpack_from(">I", content, 12)
            return struct.pack(">5I", 0, 1, 1, samples, 1)
        if kind == b"stco":
            return content[:4] + struct.pack(">I", times) + content[8:12] * times
        return _lengthen(kind, content, times)

    return _rewrite(data, rewrite)


def repeat_edits(data: bytes, times: int, *, told: bool = True) -> bytes:
    """Return an MP4 whose one edit is listed so many times; `told`: its headers say so."""

    def rewrite(kind: bytes, content: bytes) -> bytes:
        if kind == b"elst":
            return _repeat(content, 12, times)
        return _lengthen(kind, content, times) if told and kind != b"mdhd" else content

    return _rewrite(data, rewrite)


def reuse_fragment(data: bytes, times: int) -> bytes:
    """Return a fragmented MP4 whose first fragment is there once, and described so many times."""
    boxes = [(kind, box(kind, content)) for kind, content in read_boxes(data)]
    made = b"".join(whole for kind, whole in boxes if kind in (b"ftyp", b"moov"))
    first = len(made)
    moof = next(whole for kind, whole in boxes if kind == b"moof")
    made += moof + next(whole for kind, whole in boxes if kind == b"mdat")
    time, run = moof.index(b"tfdt"), moof.index(b"trun")
    (offset,) = struct.unpack_from(">i", moof, run + 12)
    ticks = 15_360
    for number in range(1, times):
        again = bytearray(moof)
        struct.pack_into(*((">Q" if moof[time + 4] else ">I"), again, time + 8, number * ticks))
        struct.pack_into(">i", again, run + 12, first + offset - len(made))
        made += bytes(again)
    return made


def describe_as(data: bytes, width: int, height: int) -> bytes:
    """Return an MP4 whose headers say another size than its frames have."""

    def rewrite(kind: bytes, content: bytes) -> bytes:
        if kind == b"tkhd":
            return content[:-8] + struct.pack(">II", width << 16, height << 16)
        if kind == b"stsd":
            # Its header, the entry's, then 24 bytes before the size.
            return content[:40] + struct.pack(">HH", width, height) + content[44:]
        return content

    return _rewrite(data, rewrite)


def wave(rate: int, data: bytes, *, channels: int = 1, second: int | None = None) -> bytes:
    """Return a WAV of 8 bits; `second` is how many bytes it says that a second has."""
    told = rate * channels if second is None else second
    head = struct.pack("<HHIIHH", 1, channels, rate, told, channels, 8)
    body = b"WAVEfmt " + struct.pack("<I", len(head)) + head
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _rewrite(data: bytes, rewrite: Rewrite) -> bytes:
    """Rewrite boxes, then correct where the samples lie, behind an index that has grown."""

    def walk(kind: bytes, content: bytes, each: Rewrite) -> bytes:
        if kind in CONTAINERS:
            return b"".join(box(k, walk(k, c, each)) for k, c in read_boxes(content))
        return each(kind, content)

    def whole(source: bytes, each: Rewrite) -> bytes:
        return b"".join(
            box(kind, walk(kind, content, each)) for kind, content in read_boxes(source)
        )

    made = whole(data, rewrite)
    grown = made.index(b"mdat") - data.index(b"mdat")

    def move(kind: bytes, content: bytes) -> bytes:
        if kind != b"stco":
            return content
        (count,) = struct.unpack_from(">I", content, 4)
        starts = (start + grown for start in struct.unpack_from(f">{count}I", content, 8))
        return content[:8] + struct.pack(f">{count}I", *starts)

    return whole(made, move)


def _repeat(table: bytes, width: int, times: int) -> bytes:
    """Return a table whose entries, of `width` bytes, are there so many times."""
    (count,) = struct.unpack_from(">I", table, 4)
    return table[:4] + struct.pack(">I", count * times) + table[8 : 8 + count * width] * times


def _lengthen(kind: bytes, content: bytes, times: int) -> bytes:
    if kind not in DURATIONS:
        return content
    at = DURATIONS[kind]
    (lasts,) = struct.unpack_from(">I", content, at)
    return content[:at] + struct.pack(">I", lasts * times) + content[at + 4 :]
