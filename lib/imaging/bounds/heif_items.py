"""Read what a `meta` box says of the items of a file (ISO/IEC 14496-12, 23008-12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lib.imaging.bounds.boxes import FULL_BOX, Box, by_kind, only, read_boxes
from lib.imaging.bounds.parts import check_count

HIDDEN = 1
"""The flag of an item that is not to be shown by itself."""

NUMBER = 0x7FFF
"""Of a property, below the bit that says whether it is essential."""

IN_FILE, IN_IDAT = 0, 1
"""Where an item's extents lie; a third way, in another item, is read by nobody."""


Extent = tuple[int, int]
"""Where bytes begin in a file, and where they end."""


@dataclass(slots=True)
class Meta:
    """The items of a file, by their numbers."""

    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    extents: dict[int, list[Extent]] = field(default_factory=dict)
    is_cut: bool = False
    """Whether an extent reaches beyond the end."""
    properties: list[Box] = field(default_factory=list)
    associations: dict[int, list[int]] = field(default_factory=dict)
    """Of each item the properties, counted from 1, in their order."""
    references: dict[tuple[bytes, int], list[int]] = field(default_factory=dict)
    """From a type of reference and an item to the items that it refers to."""

    def properties_of(self, item: int) -> list[Box]:
        """Return the properties of an item, in the order in which they apply."""
        indices = self.associations.get(item, [])
        return [self.properties[n - 1] for n in indices if 0 < n <= len(self.properties)]


def read_meta(data: bytes, meta: Box) -> Meta:
    """Read the items of a `meta` box."""
    found = Meta()
    inside = by_kind(data, meta.start + FULL_BOX, meta.end)
    if box := only(inside, b"pitm"):
        found.primary = _number(data, box.start + FULL_BOX, 2 if not data[box.start] else 4)
    if box := only(inside, b"iinf"):
        _read_kinds(data, box, found)
    if box := only(inside, b"iloc"):
        _read_extents(data, box, only(inside, b"idat"), found)
    if box := only(inside, b"iprp"):
        properties = by_kind(data, box.start, box.end)
        if container := only(properties, b"ipco"):
            found.properties.extend(read_boxes(data, container.start, container.end))
        for item, numbers in read_item_associations(data, properties.get(b"ipma", [])):
            indices = found.associations.setdefault(item, [])
            indices.extend(number & NUMBER for number in numbers)
    if box := only(inside, b"iref"):
        _read_references(data, box, found)
    return found


def _number(data: bytes, at: int, width: int) -> int:
    if at + width > len(data):
        raise ValueError("a number behind the end")
    return int.from_bytes(data[at : at + width])


def _read_kinds(data: bytes, box: Box, found: Meta) -> None:
    count_width = 2 if not data[box.start] else 4
    for entry in read_boxes(data, box.start + FULL_BOX + count_width, box.end):
        version = data[entry.start]
        if entry.kind != b"infe" or version < 2:  # earlier ones have no item types
            continue
        width = 2 if version == 2 else 4
        item = _number(data, entry.start + FULL_BOX, width)
        after = entry.start + FULL_BOX + width + 2  # protection index
        if item in found.kinds:
            raise ValueError(f"item {item} is there twice")
        found.kinds[item] = data[after : after + 4]
        if data[entry.start + 3] & HIDDEN:
            found.hidden.add(item)


def _read_extents(data: bytes, box: Box, idat: Box | None, found: Meta) -> None:
    version = data[box.start]
    at = box.start + FULL_BOX
    offset_width, length_width = data[at] >> 4, data[at] & 15
    base_width, index_width = data[at + 1] >> 4, data[at + 1] & 15 if version else 0
    item_width = 2 if version < 2 else 4
    items = _number(data, at + 2, item_width)
    at += 2 + item_width
    check_count(items, len(data), "items")
    extents_seen = 0
    for _ in range(items):
        item = _number(data, at, item_width)
        at += item_width
        method = IN_FILE
        if version:
            method = _number(data, at, 2) & 15
            at += 2
        at += 2  # data reference
        base = _number(data, at, base_width)
        count = _number(data, at + base_width, 2)
        at += base_width + 2
        extents_seen += count
        check_count(extents_seen, len(data), "extents")
        if method == IN_IDAT:
            if not idat:
                raise ValueError("no idat box")
            begin, end = idat.start, idat.end
        elif method == IN_FILE:
            begin, end = 0, len(data)
        else:
            raise ValueError(f"extents by method {method}")
        if item in found.extents:
            raise ValueError(f"item {item} lies in two places")
        extents = found.extents[item] = []
        for _ in range(count):
            offset = begin + base + _number(data, at + index_width, offset_width)
            at += index_width + offset_width
            length = _number(data, at, length_width)
            at += length_width
            found.is_cut = found.is_cut or offset + length > end
            extents.append((min(offset, end), min(offset + length, end) if length else end))


def read_item_associations(data: bytes, boxes: Sequence[Box]) -> Iterator[tuple[int, list[int]]]:
    """Yield an item, and its properties: their numbers, with 1 << 15 for each essential one.

    Raises PermanentError(LIMIT_EXCEEDED) for too many in all boxes together.
    """
    seen = 0
    for box in boxes:
        version, wide = data[box.start], data[box.start + 3] & 1
        item_width = 2 if version < 1 else 4
        at = box.start + FULL_BOX
        entries = _number(data, at, 4)
        at += 4
        seen += entries
        check_count(seen, len(data), "items with properties")
        for _ in range(entries):
            item, count = _number(data, at, item_width), data[at + item_width]
            at += item_width + 1
            numbers = [_number(data, at + n * (1 + wide), 1 + wide) for n in range(count)]
            at += count * (1 + wide)
            yield item, numbers if wide else [(n & 0x80) << 8 | n & 0x7F for n in numbers]


def _read_references(data: bytes, box: Box, found: Meta) -> None:
    width = 2 if not data[box.start] else 4
    seen = 0
    for entry in read_boxes(data, box.start + FULL_BOX, box.end):
        source = _number(data, entry.start, width)
        count = _number(data, entry.start + width, 2)
        seen += count
        check_count(seen, len(data), "references")
        at = entry.start + width + 2
        targets = found.references.setdefault((entry.kind, source), [])
        targets.extend(_number(data, at + width * each, width) for each in range(count))
