"""Write animated WebPs by hand: every field as asked, right or wrong (RFC 9649)."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

KEEP, CLEAR = 0, 1
OVER, SOURCE = 0, 2
"""ANMF: its disposal and blending bits."""

ALPHA, ANIMATION = 0x10, 0x02
"""Flags of VP8X."""

HEAD_BYTES = 12


@dataclass(frozen=True, slots=True)
class WebPFrame:
    """One frame; `at` in px, even numbers; `delay` in ms."""

    image: Image.Image
    at: tuple[int, int] = (0, 0)
    dispose: int = KEEP
    blend: int = OVER
    delay: int = 100
    lossless: bool = True


def webp_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk with its padding."""
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def write_webp(
    size: tuple[int, int],
    frames: Sequence[WebPFrame],
    *,
    plays: int = 0,
    flags: int = ANIMATION | ALPHA,
    background: bytes = b"\xff\xff\xff\xff",
) -> bytes:
    """Return an animated WebP."""
    sides = b"".join(_bits24(side - 1) for side in size)
    chunks = [
        webp_chunk(b"VP8X", bytes((flags, 0, 0, 0)) + sides),
        webp_chunk(b"ANIM", background + struct.pack("<H", plays)),
        *(webp_chunk(b"ANMF", _frame(frame)) for frame in frames),
    ]
    return riff(b"".join(chunks))


def riff(chunks: bytes) -> bytes:
    """Return a WebP of chunks."""
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _frame(frame: WebPFrame) -> bytes:
    numbers = *(side // 2 for side in frame.at), *(side - 1 for side in frame.image.size)
    head = b"".join(map(_bits24, (*numbers, frame.delay))) + bytes([frame.dispose | frame.blend])
    return head + coded(frame.image, lossless=frame.lossless)


def coded(image: Image.Image, *, lossless: bool = True) -> bytes:
    """Return the chunks of a picture: ALPH, VP8 or VP8L."""
    file = io.BytesIO()
    image.save(file, "webp", lossless=lossless, exact=True)
    data = file.getvalue()[HEAD_BYTES:]
    return data[data.index(b"VP8X") + 18 :] if data.startswith(b"VP8X") else data


def _bits24(number: int) -> bytes:
    return number.to_bytes(3, "little")
