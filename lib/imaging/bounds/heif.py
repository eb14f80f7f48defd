"""HEIC and AVIF: what decoding the primary item takes, with all that it is made of.

ISO/IEC 23008-12 and AV1 Image File Format 1.1.
"""

from __future__ import annotations

import struct

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds import av1, hevc
from lib.imaging.bounds.avif_sequence import check_tracks
from lib.imaging.bounds.boxes import FULL_BOX, Box, only, read_top
from lib.imaging.bounds.heif_items import Meta, read_meta
from lib.imaging.bounds.ifd import check_exif
from lib.imaging.bounds.parts import BLOCKS, check_most, larger, refuse_pixels
from lib.imaging.variants import Size
from lib.presets import Limits

HEVC, AV1, GRID, OVERLAY, SAME = b"hvc1", b"av01", b"grid", b"iovl", b"iden"
COMPOSED = (GRID, OVERLAY, SAME)
CONFIGURATIONS = {HEVC: b"hvcC", AV1: b"av1C"}
EXIF = b"Exif"
MADE_OF, AUXILIARY, DESCRIBES, THUMBNAIL = b"dimg", b"auxl", b"cdsc", b"thmb"
"""References: to an item's parts; from transparency or depth, from metadata, from a thumbnail."""

TRANSFORMS = (b"irot", b"imir", b"clap")
MOST_TRANSFORMS = 4
"""Of an item: one of each (MIAF), and one to spare. Each goes over all pixels."""

MOST_PROPERTIES = 64
"""Of an item; phones write about ten."""

MOST_PICTURES = 4
"""Coded in one item, of which one is shown: layers of AV1 (`lsel`)."""

MOST_ITEMS = 4_096
"""Decoded for one picture; a decoder is set up for each. 100 megapixels in tiles of 256 px have
1,600, phones make them of 512 px."""

DEEPEST = 4
"""Items that are made of items: a grid, turned, in an overlay."""

PICTURES = 3
"""All that is decoded or composed, in pictures of the largest size: the picture or its tiles, what
those are composed to, and its transparency."""

READ_AGAIN, FREE_BYTES = 4, 1_000_000
"""How often the bytes of a file may be an item's, all items together. Flat tiles share theirs."""


def check_heif(data: bytes, limits: Limits) -> None:
    """Refuse too many pixels, coded or composed, too many properties, and items in circles."""
    _check_items(data, read_top(data), limits)


def check_avif(data: bytes, limits: Limits) -> None:
    """Refuse as for HEIC; and too many or too large frames of a sequence."""
    boxes = read_top(data)
    _check_items(data, boxes, limits)
    if movie := only(boxes, b"moov"):
        check_tracks(data, movie, limits)


def _check_items(data: bytes, boxes: dict[bytes, list[Box]], limits: Limits) -> None:
    if meta := only(boxes, b"meta"):
        _Work(data, read_meta(data, meta), limits).check()


class _Work:
    """What the primary item of a file takes."""

    def __init__(self, data: bytes, meta: Meta, limits: Limits) -> None:
        self._data, self._meta, self._limits = data, meta, limits
        self._coded: dict[int, tuple[Size, int]] = {}
        self._pixels = self._items = self._bytes = 0
        self._auxiliary: dict[int, list[int]] = {}
        for (kind, source), targets in meta.references.items():
            if kind == AUXILIARY:
                for target in targets:
                    self._auxiliary.setdefault(target, []).append(source)

    def check(self) -> None:
        """Raise PermanentError(LIMIT_EXCEEDED) or ValueError for what is too much or nonsense."""
        for item, indices in self._meta.associations.items():
            check_most(len(indices), MOST_PROPERTIES, "properties of one item")
            transforms = sum(box.kind in TRANSFORMS for box in self._meta.properties_of(item))
            check_most(transforms, MOST_TRANSFORMS, "rotations, mirrors and crops of one item")
        for (kind, source), targets in self._meta.references.items():
            if kind == DESCRIBES:  # handed out with each image that it is about
                self._read(source, len(targets))
        for item, name in self._meta.kinds.items():
            if name == EXIF:
                self._read(item, 1)
                content = self._content(item)
                check_exif(content[4 + int.from_bytes(content[:4]) :])
        primary = self._meta.primary
        # A decoder would show another item in its place, which nothing has looked at.
        if primary in self._meta.hidden or {(THUMBNAIL, primary), (AUXILIARY, primary)} & {
            *self._meta.references
        }:
            raise ValueError("the primary item is hidden, or a part of another")
        self._add(primary, 0)

    def _add(self, item: int, depth: int) -> None:
        """Add an item, what it is composed of, and what is decoded beside it."""
        kind = self._meta.kinds.get(item)
        self._items += 1
        check_most(self._items, MOST_ITEMS, "tiles and other items of one picture")
        check_most(depth, DEEPEST, "items made of items")
        if kind in COMPOSED:
            self._add_pixels(self._composed_size(item, kind), 1)
            for part in self._meta.references.get((MADE_OF, item), []):
                self._add(part, depth + 1)
        elif kind in CONFIGURATIONS:
            self._read(item, 1)
            if item not in self._coded:
                self._coded[item] = self._measure(item, kind)
            size, pictures = self._coded[item]
            check_most(pictures, MOST_PICTURES, "pictures coded in one item")
            self._add_pixels(size, max(pictures, 1))
        elif kind is not None:  # a decoder says itself that there is none
            raise PermanentError(
                ErrorCode.UNSUPPORTED_MEDIA,
                f"an image item of type {kind.decode('latin-1')!r}: not supported",
            )
        if depth <= DEEPEST:
            for other in self._auxiliary.get(item, []):
                self._add(other, depth + 1)

    def _add_pixels(self, size: Size, times: int) -> None:
        limit = self._limits.image_megapixels
        refuse_pixels(size, limit, "a coded picture")
        self._pixels += size[0] * size[1] * times
        if self._pixels > PICTURES * limit * BLOCKS * 1_000_000:
            raise PermanentError(
                ErrorCode.LIMIT_EXCEEDED,
                f"more than {PICTURES * limit} MP in all items of one picture, which is the limit",
            )

    def _read(self, item: int, times: int) -> None:
        length = sum(end - start for start, end in self._meta.extents.get(item, []))
        self._bytes += length * times
        most = FREE_BYTES + READ_AGAIN * len(self._data)
        check_most(self._bytes, most, "bytes of all items together")

    def _content(self, item: int) -> bytes:
        extents = self._meta.extents.get(item, [])
        return b"".join(self._data[start:end] for start, end in extents)

    def _composed_size(self, item: int, kind: bytes) -> Size:
        """Return the canvas in px, which nothing but the properties has of an `iden` (6.6.2)."""
        if kind == SAME:
            return self._ispe_size(item)
        content = self._content(item)
        numbers = ">II" if content[1] & 1 else ">HH"
        width, height = struct.unpack_from(numbers, content, 4 if kind == GRID else 10)
        return larger((width, height), self._ispe_size(item))

    def _ispe_size(self, item: int) -> Size:
        """Return the size of the `ispe` property, in px."""
        sizes = [
            struct.unpack_from(">II", self._data, box.start + FULL_BOX)
            for box in self._meta.properties_of(item)
            if box.kind == b"ispe"
        ]
        return larger((0, 0), *sizes)

    def _measure(self, item: int, kind: bytes) -> tuple[Size, int]:
        """Return the largest size (px) that anything says of an item, and its coded pictures."""
        wanted, content = CONFIGURATIONS[kind], self._content(item)
        stated = self._ispe_size(item)
        configurations = [
            self._data[box.start : box.end]
            for box in self._meta.properties_of(item)
            if box.kind == wanted
        ]
        if len(configurations) > 1:
            raise ValueError(f"{len(configurations)} decoder configurations of one item")
        if kind == AV1:
            coded = av1.Coded()
            for configuration in configurations:
                coded.read(configuration[av1.CONFIGURATION_BYTES :])
            coded.read(content)
            return larger(stated, coded.size), coded.frames
        sizes, length_bytes = [], 4
        for configuration in configurations:
            more, length_bytes = hevc.read_configuration(configuration)
            sizes += more
        more, pictures = hevc.read_pictures(content, length_bytes)
        return larger(stated, *sizes, *more), pictures
