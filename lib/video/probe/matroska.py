"""Read from Matroska and WebM what MediaInfo does not tell (RFC 9559).

That is the rotation, whether a track is enabled, and the duration of what a browser recorded or a
pipe wrote: they cannot go back to write it into the header.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from math import isfinite
from typing import IO

from lib.video.probe.track_facts import Facts, TrackFacts

HEADER_BYTES = 256 * 1024
"""Read for the tracks, which muxers put before the first cluster."""

TAIL_BYTES = 4 * 1024 * 1024
"""Read for the last cluster: at most 5 s, or 5 MB, long in what browsers and muxers write."""

SEGMENT, INFO, TRACKS = 0x18538067, 0x1549A966, 0x1654AE6B
TIMESTAMP_SCALE = 0x2AD7B1
TRACK, TRACK_NUMBER, VIDEO, FLAG_ENABLED = 0xAE, 0xD7, 0xE0, 0xB9
CONTENT_ENCODINGS, CONTENT_ENCODING, ENCODING_TYPE = 0x6D80, 0x6240, 0x5033
ENCRYPTED = 1
ALPHA_MODE = 0x53C0
PROJECTION, PROJECTION_TYPE, POSE_ROLL = 0x7670, 0x7671, 0x7675
CLUSTER, TIMESTAMP, SIMPLE_BLOCK, BLOCK_GROUP, BLOCK = 0x1F43B675, 0xE7, 0xA3, 0xA0, 0xA1
DEFAULT_SCALE_NS = 1_000_000
NS_PER_MS = 1_000_000

Element = tuple[int, bytes]


def read_facts(file: IO[bytes] | io.RawIOBase) -> Facts:
    """Return the facts of each track by its number."""
    tracks = read_children(find_element(_header(file), TRACKS), TRACK)
    return {read_unsigned(find_element(each, TRACK_NUMBER)): _facts(each) for each in tracks}


def _facts(track: bytes) -> TrackFacts:
    video = find_element(track, VIDEO)
    projection = find_element(video, PROJECTION)
    is_flat = read_unsigned(find_element(projection, PROJECTION_TYPE)) == 0
    encodings = read_children(find_element(track, CONTENT_ENCODINGS), CONTENT_ENCODING)
    is_encrypted = any(
        read_unsigned(find_element(each, ENCODING_TYPE)) == ENCRYPTED for each in encodings
    )
    return TrackFacts(
        is_enabled=read_unsigned(find_element(track, FLAG_ENABLED) or b"\1") == 1,
        # The roll turns counter-clockwise.
        turned=-_float(find_element(projection, POSE_ROLL)) if is_flat else 0.0,
        has_alpha=bool(read_unsigned(find_element(video, ALPHA_MODE))),
        encryption="in Matroska's way" if is_encrypted else None,
    )


def read_duration_ms(
    file: IO[bytes] | io.RawIOBase, size: int, tail_bytes: int = TAIL_BYTES
) -> int | None:
    """Return when the last block of the last cluster begins, in ms; None where none is found.

    Only the last bytes of the file are searched for it.
    """
    tail = _read(file, max(0, size - tail_bytes), tail_bytes)
    at = tail.rfind(CLUSTER.to_bytes(4))
    times = _block_times(tail[at:]) if at >= 0 else []
    return _to_ms(_header(file), max(times, default=0)) or None


def read_start_ms(file: IO[bytes] | io.RawIOBase) -> int | None:
    """Return when the first block begins, in ms; None where the first cluster lies far behind."""
    head = _header(file)
    at = head.find(CLUSTER.to_bytes(4))
    times = _block_times(head[at:]) if at >= 0 else []
    return _to_ms(head, min(times)) if times else None


def _to_ms(head: bytes, ticks: int) -> int:
    scale = read_unsigned(find_element(find_element(head, INFO), TIMESTAMP_SCALE))
    return max(0, round(ticks * (scale or DEFAULT_SCALE_NS) / NS_PER_MS))


def _block_times(cluster: bytes) -> list[int]:
    """Return when each block of a cluster begins, in ticks."""
    start, times = 0, list[int]()
    for kind, content in read_elements(find_element(cluster, CLUSTER)):
        if kind == TIMESTAMP:
            start = read_unsigned(content)
        block = find_element(content, BLOCK) if kind == BLOCK_GROUP else content
        if kind in (SIMPLE_BLOCK, BLOCK_GROUP) and len(block) >= 4:
            # The number of a track, one byte up to 127, then the time since the cluster's.
            times.append(start + int.from_bytes(block[1:3], signed=True))
    return times


def _header(file: IO[bytes] | io.RawIOBase) -> bytes:
    """Return what the segment begins with."""
    return find_element(_read(file, 0, HEADER_BYTES), SEGMENT)


def _read(file: IO[bytes] | io.RawIOBase, start: int, length: int) -> bytes:
    file.seek(start)
    parts: list[bytes] = []
    while length > 0 and (part := file.read(length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def read_elements(data: bytes) -> Iterator[Element]:
    """Yield the id and the content of each element; a cut one, or of unknown size, to the end."""
    at = 0
    while at < len(data):
        id_length = _vint_length(data[at])
        if id_length > 4 or at + id_length >= len(data):
            return
        kind = int.from_bytes(data[at : at + id_length])
        at += id_length
        length = _vint_length(data[at])
        if length > 8:
            return
        bits = 7 * length
        size = int.from_bytes(data[at : at + length]) & ((1 << bits) - 1)
        at += length
        is_unknown = size == (1 << bits) - 1
        yield kind, data[at:] if is_unknown else data[at : at + size]
        if is_unknown:
            return
        at += size


def _vint_length(first: int) -> int:
    return 9 - first.bit_length()


def read_children(data: bytes, wanted: int) -> Iterator[bytes]:
    """Yield the content of each element of a kind."""
    return (content for kind, content in read_elements(data) if kind == wanted)


def find_element(data: bytes, wanted: int) -> bytes:
    """Return the content of the first element of a kind, nothing where there is none."""
    return next(read_children(data, wanted), b"")


def read_unsigned(content: bytes) -> int:
    """Return an unsigned integer."""
    return int.from_bytes(content[:8])


def _float(content: bytes) -> float:
    spelled = {4: ">f", 8: ">d"}.get(len(content))
    value = float(struct.unpack(spelled, content)[0]) if spelled else 0.0
    return value if isfinite(value) else 0.0
