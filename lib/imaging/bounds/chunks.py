"""Count what a PNG, a GIF, a WebP and a Photoshop document are made of.

PNG and APNG, third edition, section 5; GIF89a; RFC 9649; Adobe Photoshop File Formats, 2019.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.parts import limit_parts, refuse_pixels
from lib.imaging.riff import read_chunks
from lib.presets import Limits

PNG_SIGNATURE_BYTES, AROUND_PNG_CHUNK = 8, 12
PNG_HEAD = struct.Struct(">I4s")

MOST_PROFILES = 8
"""There may be one. Each is inflated, to a megabyte at most."""

GIF_EXTENSION, GIF_IMAGE, GIF_END = 0x21, 0x2C, 0x3B
GIF_SIGNATURE = b"GIF8"
GIF_HEAD_BYTES, GIF_FLAGS = 13, 10
GIF_HAS_PALETTE = 0x80

PSD_SIGNATURE = b"8BPS"
PSD_HEAD_BYTES, PSD_SIZE_AT = 26, 14
RESOURCE_BYTES = 12
"""Of the smallest: it has an empty name, and is empty."""


def check_png(data: bytes, _limits: Limits) -> None:
    """Refuse too many chunks, however little is in them."""
    check_png_chunks(data, PNG_SIGNATURE_BYTES)


def check_png_chunks(data: bytes, at: int) -> None:
    """Refuse too many chunks in a PNG whose first one begins at `at`."""
    kinds = Counter(limit_parts(_png_chunks(data, at), len(data), "chunks"))
    if kinds[b"iCCP"] > MOST_PROFILES:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{kinds[b'iCCP']} colour profiles, the limit is {MOST_PROFILES}",
        )


def _png_chunks(data: bytes, at: int) -> Iterator[bytes]:
    while at + PNG_HEAD.size <= len(data):
        length, kind = PNG_HEAD.unpack_from(data, at)
        yield kind
        if kind == b"IEND":
            return
        at += AROUND_PNG_CHUNK + length


def check_gif(data: bytes, _limits: Limits) -> None:
    """Refuse too many blocks: a decoder keeps those of a comment, and visits each of the others."""
    if not data.startswith(GIF_SIGNATURE):
        raise ValueError("not a GIF")
    for _ in limit_parts(_gif_blocks(data), len(data), "blocks"):
        pass


def _gif_blocks(data: bytes) -> Iterator[int]:
    """Yield where each block and each sub-block begins, and each stray byte between them."""
    at, end = GIF_HEAD_BYTES + gif_palette_bytes(data[GIF_FLAGS]), len(data)
    while at < end and data[at] != GIF_END:
        yield at
        if data[at] == GIF_EXTENSION:
            at += 2
        elif data[at] == GIF_IMAGE and at + 9 < end:
            at += 11 + gif_palette_bytes(data[at + 9])
        else:
            at += 1
            continue
        while at < end and data[at]:
            yield at
            at += 1 + data[at]
        at += 1


def gif_palette_bytes(flags: int) -> int:
    """Return the bytes of the palette that follows a descriptor of these flags."""
    return 3 << (flags & 7) + 1 if flags & GIF_HAS_PALETTE else 0


def check_webp(data: bytes, _limits: Limits) -> None:
    """Refuse too many chunks: the demuxer keeps a record of each, and of each frame."""
    for _ in limit_parts(read_chunks(data), len(data), "chunks"):
        pass


def check_psd(data: bytes, limits: Limits) -> None:
    """Refuse too many pixels, and too many resources: each is kept.

    Layers are not read, the flattened picture is.
    """
    if data.startswith(PSD_SIGNATURE):
        height, width = struct.unpack_from(">II", data, PSD_SIZE_AT)
        refuse_pixels((width, height), limits.image_megapixels, "a document")
    for _ in limit_parts(_resources(data), len(data), "image resources"):
        pass


def _resources(data: bytes) -> Iterator[tuple[int, int, int]]:
    (colors,) = struct.unpack_from(">I", data, PSD_HEAD_BYTES)
    at = PSD_HEAD_BYTES + 4 + colors
    (length,) = struct.unpack_from(">I", data, at)
    return read_resources(data, at + 4, min(at + 4 + length, len(data)))


def read_resources(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield the number of each image resource, where its content begins, and where it ends.

    Signature, number, name (padded), length, content (padded).
    """
    while at + RESOURCE_BYTES <= end:
        number = int.from_bytes(data[at + 4 : at + 6])
        at += 6 + (data[at + 6] + 2 & ~1)
        start, length = at + 4, int.from_bytes(data[at : at + 4])
        yield number, start, start + length
        at = start + (length + 1 & ~1)
