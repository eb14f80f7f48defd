"""What the properties of a file's primary item say of its picture: ISO/IEC 23008-12, 6.5.

Of its own and, for colours, of the first part that it is made of; never of its transparency, its
thumbnail or its gain map.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction

from lib.imaging.bounds import av1
from lib.imaging.bounds.avif_sequence import read_entry
from lib.imaging.bounds.boxes import FULL_BOX, Box, only, read_top
from lib.imaging.bounds.heif_items import Meta, read_meta
from lib.imaging.variants import Size

CLAP = struct.Struct(">iiiiiiii")
"""Numerators and denominators of width, height, and how far the centre lies off."""

MADE_OF, AUXILIARY = b"dimg", b"auxl"
TONE_MAPPED = b"tmap"
"""An item that is the picture with its gain map applied."""

APPLES = b"urn:com:apple:photo:2020:aux:hdrgainmap"
COLOURS = (b"colr", b"clli", b"av1C")
"""What a picture has from its first part where it has none of its own."""

NCLX = b"nclx"
SEQUENCES = b"avis"

CODED_BYTES = 1 << 16
"""Of a picture, looked through for its codec's own header: metadata may come before."""

Rectangle = tuple[int, int, int, int]
"""Left, top, right, bottom, in px."""


@dataclass(frozen=True, slots=True)
class Properties:
    """Those of one picture: boxes in `data`, its own and then those of its first part."""

    data: bytes
    boxes: tuple[Box, ...]
    size: Size = (0, 0)
    """Before it is cropped or turned, in px."""

    has_gain_map: bool = False
    coded: bytes = b""
    """Where its codec's own header is: the first bytes of it, or of its first part."""

    def code_points(self) -> tuple[int, int] | None:
        """Return primaries and transfer (ITU-T H.273), or None.

        A codec has its own word for them, which counts where no property has one.
        """
        if box := self.nclx():
            primaries, transfer = struct.unpack_from(">HH", self.data, box.start + len(NCLX))
            return primaries, transfer
        coded = av1.Coded()
        for box in self._of(b"av1C"):
            coded.read(self.data[box.start + av1.CONFIGURATION_BYTES : box.end])
            coded.read(self.coded)
        return coded.sequence.code_points if coded.sequence else None

    def nclx(self) -> Box | None:
        """Return the box that has the code points."""
        found = (box for box in self._of(b"colr") if self._starts_with(box, NCLX))
        return next(found, None)

    def is_deep(self) -> bool:
        """Tell whether AV1 codes more than 8 bits a sample."""
        return any(self.data[box.start + 2] & av1.HIGH_BIT_DEPTH for box in self._of(b"av1C"))

    def _starts_with(self, box: Box, name: bytes) -> bool:
        return self.data[box.start : box.start + len(name)] == name

    def peak_nits(self) -> float | None:
        """Return the brightest light of the content in cd/m², or None.

        That of the display it was mastered on (`mdcv`) is not asked for, as in browsers.
        """
        for box in self._of(b"clli"):
            if brightest := struct.unpack_from(">H", self.data, box.start)[0]:
                return float(brightest)
        return None

    def claps(self) -> list[Box]:
        """Return the clean apertures, in the order in which they apply."""
        return self._of(b"clap")

    def _of(self, kind: bytes) -> list[Box]:
        return [box for box in self.boxes if box.kind == kind]


def read_properties(data: bytes) -> Properties:
    """Read the properties of the picture that a decoder shows, of a sequence its first track's."""
    boxes = read_top(data)
    meta, movie = only(boxes, b"meta"), only(boxes, b"moov")
    if movie and (data[8:12] == SEQUENCES or not meta):
        return Properties(data, tuple(read_entry(data, movie)))
    if not meta:
        return Properties(data, ())
    found = read_meta(data, meta)
    own = found.properties_of(found.primary)
    size = next(
        (struct.unpack_from(">II", data, b.start + FULL_BOX) for b in own if b.kind == b"ispe"),
        (0, 0),
    )
    part = next(iter(found.references.get((MADE_OF, found.primary), [])), found.primary)
    others = found.properties_of(part) if part != found.primary else []
    start, end = next(iter(found.extents.get(part, [])), (0, 0))
    return Properties(
        data,
        (*own, *(box for box in others if box.kind in COLOURS)),
        (size[0], size[1]),
        _has_gain_map(data, found),
        data[start : min(end, start + CODED_BYTES)],
    )


def _has_gain_map(data: bytes, found: Meta) -> bool:
    """Tell whether there is one beside the picture: by ISO 21496-1, or Apple's."""
    for (kind, source), targets in found.references.items():
        if found.primary not in targets:
            continue
        if kind == MADE_OF and found.kinds.get(source) == TONE_MAPPED:
            return True
        if kind == AUXILIARY and any(
            box.kind == b"auxC" and data[box.start + FULL_BOX : box.end].startswith(APPLES)
            for box in found.properties_of(source)
        ):
            return True
    return False


def read_clap(data: bytes, box: Box, size: Size) -> Rectangle | None:
    """Return the part of a picture of `size` px that is to be seen, None for no such numbers.

    It may lie outside. Whole px, as libheif rounds them: from the left and the top down.
    """
    if box.end - box.start < CLAP.size:
        return None
    numbers = CLAP.unpack_from(data, box.start)
    if min(numbers[1::2]) < 1:
        return None
    width, height, x, y = (Fraction(*numbers[n : n + 2]) for n in (0, 2, 4, 6))
    wide, high = int(width + Fraction(1, 2)), int(height + Fraction(1, 2))
    if width <= 0 or height <= 0 or not wide or not high:
        return None
    left = (x + Fraction(size[0] - 1, 2) - (width - 1) / 2).__floor__()
    top = (y + Fraction(size[1] - 1, 2) - (height - 1) / 2).__floor__()
    return left, top, left + wide, top + high
