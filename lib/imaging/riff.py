"""Read and write the chunks that a WebP is made of (RFC 9649, section 2.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

RIFF_HEAD, CHUNK_HEAD = struct.Struct("<4sI4s"), struct.Struct("<4sI")


def read_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the type of each chunk, where its content begins, and where it ends."""
    at = RIFF_HEAD.size
    while at + CHUNK_HEAD.size <= len(data):
        kind, length = CHUNK_HEAD.unpack_from(data, at)
        start = at + CHUNK_HEAD.size
        yield kind, start, start + length
        at = start + length + length % 2


def is_cut(data: bytes) -> bool:
    """Tell whether a file is shorter than it says."""
    _, promised, _ = RIFF_HEAD.unpack_from(data)
    return bool(CHUNK_HEAD.size + promised > len(data))


def write_webp(chunks: bytes) -> bytes:
    """Return the file that some chunks make."""
    return RIFF_HEAD.pack(b"RIFF", len(chunks) + 4, b"WEBP") + chunks


def keep_until(data: bytes, end: int) -> bytes:
    """Return a file of the chunks of another that end at a place, or before it."""
    return write_webp(data[RIFF_HEAD.size : end].ljust(end + end % 2 - RIFF_HEAD.size, b"\0"))
