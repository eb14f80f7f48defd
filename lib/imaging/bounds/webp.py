"""WebP: chunks (RFC 9649)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lib.imaging.bounds.parts import bounded
from lib.presets import Limits

FIRST = 12
HEAD = struct.Struct("<4sI")


def check(data: bytes, _limits: Limits) -> None:
    """Refuse too many chunks: the demuxer keeps a record of each, and of each frame."""
    for _ in bounded(_chunks(data), len(data), "chunks"):
        pass


def _chunks(data: bytes) -> Iterator[bytes]:
    at = FIRST
    while at + HEAD.size <= len(data):
        kind, length = HEAD.unpack_from(data, at)
        yield kind
        at += HEAD.size + length + length % 2
