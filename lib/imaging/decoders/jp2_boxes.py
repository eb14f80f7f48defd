"""Read what the boxes of a JP2 or JPX file say of its codestream (ISO/IEC 15444-1 annex I, -2 M).

A codestream may have no boxes at all. Of what comes twice, the first counts.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from lib.imaging.bounds.boxes import Box, read_boxes
from lib.imaging.bounds.codestream import CODESTREAM, CONTAINED, SUPERBOX
from lib.imaging.bounds.ifd import EXIF_PREFIX

ENUMERATED, RESTRICTED, ANY_PROFILE = 1, 2, 3
"""METH of a colour specification."""

COLOR_HEAD_BYTES = 3
MOST_COLUMNS, MOST_ENTRIES = 4, 256

COLORANTS = (b"rXYZ", b"gXYZ", b"bXYZ")
PROFILE_TAGS, MOST_TAGS = 132, 100
"""Where the table of a profile's tags begins, and how many are looked at."""

EXIF_UUIDS = (b"JpgTiffExif->JP2", bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"))
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
IPTC_UUIDS = (
    bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"),
    bytes.fromhex("09a14e97c0b442e0bebf36df6f0ce36f"),
)
"""As Adobe, ExifTool and Kakadu write them: 16 bytes, then the metadata as a TIFF has it."""


@dataclass(frozen=True, slots=True)
class Palette:
    """A table: the values of each column as parts of 255, the last one wherever there is none."""

    columns: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Jp2:
    """What the boxes say. `codestream` is where it begins and where it should end, None unknown.

    `size` in px, None without an image header; `space` an enumerated colour space and `details` its
    parameters; `mapping` a component and a column of the palette (None: none) for each channel;
    `definitions` for each channel a kind and what it belongs to.
    """

    codestream: tuple[int, int | None]
    size: tuple[int, int] | None = None
    space: int | None = None
    details: bytes = b""
    profile: bytes | None = None
    palette: Palette | None = None
    mapping: tuple[tuple[int, int | None], ...] = ()
    definitions: tuple[tuple[int, int, int], ...] = ()
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None


def read_jp2(data: bytes, understood: frozenset[int]) -> Jp2:
    """Read the boxes of a file; of colour spaces take the first that is understood, or the first.

    Raises ValueError and struct.error for boxes that cannot be, and where there is no codestream.
    """
    if data.startswith(CODESTREAM):
        return Jp2((0, None))
    found = Jp2((-1, None))
    for box in read_boxes(data, 0, len(data)):
        if box.kind == SUPERBOX and found.size is None:
            found = _read_header(data, box, found, understood)
        elif box.kind == CONTAINED and found.codestream[0] < 0:
            if not data.startswith(CODESTREAM, box.start):
                break
            found = replace(found, codestream=(box.start, _promised_end(data, box)))
        elif box.kind == b"uuid":
            found = _read_uuid(data[box.start : box.end], found)
        elif box.kind == b"xml " and not found.xmp and b"xmpmeta" in data[box.start : box.end]:
            found = replace(found, xmp=data[box.start : box.end])
    if found.codestream[0] < 0:
        raise ValueError("no codestream")
    return replace(found, mapping=_mapping(found)) if found.palette else found


def _mapping(found: Jp2) -> tuple[tuple[int, int | None], ...]:
    """Return the mapping to a palette: of one component to all columns where some are left out.

    Some writers leave out the box, or what is in it; OpenJPEG takes it so.
    """
    columns = range(len(found.palette.columns)) if found.palette else range(0)
    is_one = all(component == 0 for component, _ in found.mapping)
    if is_one and {column for _, column in found.mapping} != set(columns):
        return tuple((0, column) for column in columns)
    return found.mapping


def _promised_end(data: bytes, box: Box) -> int | None:
    """Return where a box says that it ends, beyond what is there too; None where it does not."""
    if box.start >= 16:
        first, kind, long = struct.unpack_from(">I4sQ", data, box.start - 16)
        if (first, kind) == (1, CONTAINED):
            return int(box.start - 16 + long)
    (length,) = struct.unpack_from(">I", data, box.start - 8)
    return int(box.start - 8 + length) if length else None


def _read_uuid(content: bytes, found: Jp2) -> Jp2:
    kind, rest = content[:16], content[16:]
    if kind in EXIF_UUIDS and found.exif is None:
        return replace(found, exif=EXIF_PREFIX + rest.removeprefix(EXIF_PREFIX))
    if kind == XMP_UUID and found.xmp is None:
        return replace(found, xmp=rest)
    if kind in IPTC_UUIDS and found.iptc is None:
        return replace(found, iptc=rest)
    return found


def _read_header(data: bytes, header: Box, found: Jp2, understood: frozenset[int]) -> Jp2:
    for box in read_boxes(data, header.start, header.end):
        content = data[box.start : box.end]
        if box.kind == b"ihdr" and found.size is None:
            height, width = struct.unpack_from(">II", content)
            found = replace(found, size=(width, height))
        elif box.kind == b"colr":
            found = _read_color(content, found, understood)
        elif box.kind == b"pclr" and found.palette is None:
            found = replace(found, palette=_read_palette(content))
        elif box.kind == b"cmap" and not found.mapping:
            entries = struct.iter_unpack(">HBB", content[: len(content) // 4 * 4])
            mapping = tuple((part, column if kind == 1 else None) for part, kind, column in entries)
            found = replace(found, mapping=mapping)
        elif box.kind == b"cdef" and not found.definitions:
            (count,) = struct.unpack_from(">H", content)
            entries = struct.iter_unpack(">3H", content[2 : 2 + 6 * count])
            found = replace(found, definitions=tuple(entries))
    return found


def _read_color(content: bytes, found: Jp2, understood: frozenset[int]) -> Jp2:
    if found.profile or found.space in understood:
        return found
    method, rest = content[0], content[COLOR_HEAD_BYTES:]
    if method == ENUMERATED:
        (space,) = struct.unpack_from(">I", rest)
        if space in understood or found.space is None:
            return replace(found, space=space, details=rest[4:])
    if method in (RESTRICTED, ANY_PROFILE) and rest and not _is_dark(rest):
        return replace(found, profile=rest, space=None)
    return found


def _is_dark(profile: bytes) -> bool:
    """Tell whether a profile gives a primary no light at all: it was never filled in."""
    for kind in COLORANTS:
        at = profile.find(kind, PROFILE_TAGS, PROFILE_TAGS + 12 * MOST_TAGS)
        if at >= 0 and at + 8 <= len(profile):
            (start,) = struct.unpack_from(">I", profile, at + 4)
            if not any(profile[start + 8 : start + 20]):
                return True
    return False


def _read_palette(content: bytes) -> Palette:
    """Read a table of up to 256 entries; its values lie in as many bytes as they need."""
    entries, count = struct.unpack_from(">HB", content)
    depths = content[3 : 3 + count]
    widths = [((depth & 127) + 8) // 8 for depth in depths]
    row = sum(widths)
    is_there = len(depths) == count and len(content) >= 3 + count + row
    if not is_there or not 1 <= count <= MOST_COLUMNS or not 1 <= entries <= 1024:
        raise ValueError(f"a palette of {entries} × {count}")
    table = content[3 + count : 3 + count + entries * row]
    columns, at = [], 0
    for depth, width in zip(depths, widths, strict=True):
        most = (2 << (depth & 127)) - 1
        shift = 1 << (depth & 127) if depth & 128 else 0
        values = (
            int.from_bytes(table[start : start + width]) + shift & most
            for start in range(at, len(table) - row + at + 1, row)
        )
        column = bytes((value * 255 + most // 2) // most for value in values)
        columns.append(column[:MOST_ENTRIES].ljust(MOST_ENTRIES, column[-1:]))
        at += width
    return Palette(tuple(columns))
