"""Photoshop documents: image resources (Adobe Photoshop File Formats, 2019)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lib.imaging.bounds.parts import bounded
from lib.presets import Limits

HEAD_BYTES = 26
SIGNATURE_AND_NUMBER = 6


def check(data: bytes, _limits: Limits) -> None:
    """Refuse too many resources: each is kept. Layers are not read, the flattened picture is."""
    for _ in bounded(_resources(data), len(data), "image resources"):
        pass


def _resources(data: bytes) -> Iterator[int]:
    """Yield where each begins: signature, number, name (padded), length, content (padded)."""
    (colors,) = struct.unpack_from(">I", data, HEAD_BYTES)
    at = HEAD_BYTES + 4 + colors
    (length,) = struct.unpack_from(">I", data, at)
    at, end = at + 4, min(at + 4 + length, len(data))
    while at + SIGNATURE_AND_NUMBER < end:
        yield at
        at += SIGNATURE_AND_NUMBER
        at += (data[at] + 2) & ~1
        at += 4 + (int.from_bytes(data[at : at + 4]) + 1 & ~1)
