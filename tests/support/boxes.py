"""Read and rewrite the boxes of an MP4 or QuickTime file (ISO/IEC 14496-12, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator

PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf"})
FULL_BOX = 4
ENTRY_COUNT = 4


def read_boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and the content of each box, in order."""
    at = 0
    while at < len(data):
        size, kind, start = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16]), 16
        yield kind, data[at + start : at + size]
        at += size


def refer_to(url: str, data: bytes) -> bytes:
    """Return the file with every track's samples said to lie in another file, at `url`."""

    def rewrite(kind: bytes, content: bytes) -> bytes:
        if kind in PARENTS:
            return b"".join(box(k, rewrite(k, c)) for k, c in read_boxes(content))
        if kind == b"dref":
            elsewhere = box(b"url ", bytes(FULL_BOX) + url.encode() + b"\0")
            return content[: FULL_BOX + ENTRY_COUNT] + elsewhere
        return content

    return b"".join(box(kind, rewrite(kind, content)) for kind, content in read_boxes(data))


def blank(data: bytes) -> bytes:
    """Return the file with zeros for samples."""
    return b"".join(
        box(kind, bytes(len(content)) if kind == b"mdat" else content)
        for kind, content in read_boxes(data)
    )


def box(kind: bytes, content: bytes) -> bytes:
    """Spell one box."""
    return (8 + len(content)).to_bytes(4) + kind + content
