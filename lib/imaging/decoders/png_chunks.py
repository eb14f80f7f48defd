"""Take from a PNG the chunks that a picture is made of, and leave the others (third edition).

A decoder that is given all of them refuses the picture for the sake of any of them: a wrong
checksum in a text, a history of some megabytes. Browsers leave such chunks out.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.png import SIGNATURE
from lib.imaging.bounds.ifd import EXIF_PREFIX

HEAD = struct.Struct(">I4s")
CRC_BYTES = 4

CRITICAL = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND"))

LEAST_BYTES = {b"tRNS": 1, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32, b"cICP": 4, b"iCCP": 4, b"eXIf": 8}
LEAST_BYTES |= {b"cLLI": 8, b"mDCV": 24}
"""Ancillary chunks that say something of the picture, and how long each is at least."""

ANYWHERE = frozenset((b"eXIf",))
"""What may follow the pixels; the others count before them only."""

TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
XMP = b"XML:com.adobe.xmp"
RAW_EXIF = (b"Raw profile type exif", b"Raw profile type APP1")
"""ImageMagick's, from before there was a chunk for it: three lines, then hexadecimal digits."""
KEYWORDS = frozenset((XMP, *RAW_EXIF))
"""Of texts that somebody reads."""


TEXT_BYTES = 1 << 20
"""Of one text: what is read of it."""

MOST_BROKEN_TEXTS = 8
"""Each may inflate to nearly as much before it breaks; no further one is inflated."""

PROFILE_BYTES = 4 << 20
"""Profiles with tables have up to 2 MB."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk as it lies in a file; `is_right` tells whether its checksum is."""

    kind: bytes
    content: memoryview
    is_right: bool


@dataclass(slots=True)
class Parts:
    """What a picture is made of. `damaged` are the chunks that would have counted."""

    header: bytes = b""
    palette: bytes | None = None
    facts: dict[bytes, bytes] = field(default_factory=dict)
    texts: dict[bytes, bytes] = field(default_factory=dict)
    broken_texts: int = 0
    pixels: list[Chunk] = field(default_factory=list)
    """All IDAT; of an animation the picture that others show."""
    damaged: set[bytes] = field(default_factory=set)

    @property
    def profile(self) -> bytes | None:
        """Return the colour profile, None where there is none, or one of too many bytes."""
        chunk = self.facts.get(b"iCCP")
        if chunk is None:
            return None
        _name, _, rest = chunk.partition(b"\0")
        return inflate(rest[1:], PROFILE_BYTES, whole=True) if rest[:1] == b"\0" else None

    @property
    def code_points(self) -> tuple[int, int] | None:
        """Return primaries and transfer (ITU-T H.273), or None.

        Browsers ignore those of a picture in the range of video.
        """
        found = self.facts.get(b"cICP")
        return (found[0], found[1]) if found and found[3] else None

    @property
    def peak_nits(self) -> float | None:
        """Return the brightest light of the content, else of its display, in cd/m²; or None."""
        content, display = self.facts.get(b"cLLI", b""), self.facts.get(b"mDCV", b"")
        brightest = int.from_bytes(content[:4]) or int.from_bytes(display[16:20])
        return brightest / 10_000 or None

    @property
    def exif(self) -> bytes:
        """Return EXIF with the prefix that it has in other formats; no bytes for none."""
        found = self.facts.get(b"eXIf")
        if found is not None:
            return EXIF_PREFIX + found.removeprefix(EXIF_PREFIX)
        for keyword in RAW_EXIF:
            lines = self.texts.get(keyword, b"").split(b"\n", 3)
            try:
                raw = bytes.fromhex(lines[-1].decode("ascii"))
            except ValueError:
                continue
            if raw.startswith(EXIF_PREFIX):
                return raw
        return b""


def read_chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks of a file until its end; the last may be cut. What has no name is left."""
    view, at = memoryview(data), len(SIGNATURE)
    while at + HEAD.size <= len(data):
        length, kind = HEAD.unpack_from(data, at)
        start = at + HEAD.size
        if not kind.isalpha():
            if start + length + CRC_BYTES > len(data):
                return
            at = start + length + CRC_BYTES
            continue
        content = view[start : start + length]
        # Of pixels it is not asked for: browsers show them whatever it says.
        is_right = kind in (b"IDAT", b"fdAT") or view[
            start + length : start + length + CRC_BYTES
        ] == zlib.crc32(content, zlib.crc32(kind)).to_bytes(4, "big")
        yield Chunk(kind, content, is_right)
        if kind == b"IEND":
            return
        at = start + length + CRC_BYTES


def read_parts(data: bytes) -> Parts:
    """Read what a picture is made of.

    Raises ValueError for a header or palette that cannot be believed, and
    PermanentError(UNSUPPORTED_MEDIA) for a critical chunk that is not in the standard.
    """
    parts = Parts()
    for chunk in read_chunks(data):
        kind = chunk.kind
        if kind in CRITICAL:
            _add_critical(parts, chunk)
        elif kind in TEXTS:
            _add_text(parts, chunk)
        elif kind in LEAST_BYTES:
            if parts.pixels and kind not in ANYWHERE:
                continue
            if not chunk.is_right or len(chunk.content) < LEAST_BYTES[kind]:
                parts.damaged.add(kind)
            else:
                parts.facts.setdefault(kind, bytes(chunk.content))
        elif kind[:1].isupper() and not parts.pixels:
            name = kind.decode("ascii")
            raise PermanentError(
                ErrorCode.UNSUPPORTED_MEDIA, f"a PNG with the chunk {name}, which is no PNG's"
            )
    return parts


def _add_critical(parts: Parts, chunk: Chunk) -> None:
    if not chunk.is_right and chunk.kind != b"IEND":
        raise ValueError(f"a wrong checksum in {chunk.kind.decode()}")
    if chunk.kind == b"IHDR" and not parts.header:
        parts.header = bytes(chunk.content)
    elif chunk.kind == b"PLTE" and parts.palette is None:
        parts.palette = bytes(chunk.content[: 3 * min(256, len(chunk.content) // 3)])
    elif chunk.kind == b"IDAT":
        parts.pixels.append(chunk)


def _add_text(parts: Parts, chunk: Chunk) -> None:
    """Keep a text that somebody reads, as it is without compression."""
    keyword, _, rest = bytes(chunk.content).partition(b"\0")
    if keyword not in KEYWORDS or keyword in parts.texts or not chunk.is_right:
        return
    is_compressed = chunk.kind == b"zTXt"
    if chunk.kind == b"zTXt":
        rest = rest[1:]
    elif chunk.kind == b"iTXt":
        is_compressed = rest[:1] != b"\0"
        rest = rest[2:].split(b"\0", 2)[-1]
    if is_compressed and parts.broken_texts == MOST_BROKEN_TEXTS:
        return
    text = inflate(rest, TEXT_BYTES) if is_compressed else rest[:TEXT_BYTES]
    if text is None:
        parts.broken_texts += 1
    elif text:
        parts.texts[keyword] = text


def inflate(data: bytes, most: int, *, whole: bool = False) -> bytes | None:
    """Return at most so many bytes of what was compressed; None for nonsense.

    `whole`: None also for what has more.
    """
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(data, most)
    except zlib.error:
        return None
    return None if whole and not inflater.eof and inflater.unconsumed_tail else found


def write_chunk(kind: bytes, content: bytes | memoryview) -> bytes:
    """Return a chunk with its length and checksum."""
    crc = zlib.crc32(content, zlib.crc32(kind))
    return b"".join((HEAD.pack(len(content), kind), content, crc.to_bytes(4, "big")))


def write_png(parts: Parts) -> bytes:
    """Return a PNG of the parts, all that says something of the pixels before them.

    Profile and EXIF are not among them: decoders set limits to one, and look for the other.
    """
    chunks = [SIGNATURE, write_chunk(b"IHDR", parts.header)]
    if parts.palette is not None:
        chunks.append(write_chunk(b"PLTE", parts.palette))
    chunks += [
        write_chunk(kind, content)
        for kind, content in parts.facts.items()
        if kind not in (b"iCCP", b"eXIf")
    ]
    if XMP in parts.texts:
        chunks.append(write_chunk(b"iTXt", XMP + bytes(5) + parts.texts[XMP]))
    chunks += [write_chunk(chunk.kind, chunk.content) for chunk in parts.pixels]
    chunks.append(write_chunk(b"IEND", b""))
    return b"".join(chunks)
