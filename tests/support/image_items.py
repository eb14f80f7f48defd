"""Write HEIC and AVIF whose items have the properties that a test wants (ISO/IEC 23008-12)."""

from __future__ import annotations

import struct
from dataclasses import replace

from PIL import Image

from lib.imaging.bounds.boxes import only, read_top
from lib.imaging.bounds.heif_items import read_meta
from tests.media.hostile_images import Item, ispe, item_file
from tests.support.boxes import box
from tests.support.images import save

ALPHA = box(b"auxC", bytes(4) + b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
BRANDS = {"avif": b"avif", "heif": b"heic"}
KINDS = {"avif": b"av01", "heif": b"hvc1"}


def coded_item(image: Image.Image, container: str, **options: object) -> Item:
    """Encode an image; of its properties the item has the decoder's and the size."""
    data = save(image, container, **{"quality": 95, **options})
    meta = only(read_top(data), b"meta")
    assert meta
    found = read_meta(data, meta)
    configuration = next(
        box(each.kind, data[each.start : each.end])
        for each in found.properties
        if each.kind in (b"av1C", b"hvcC")
    )
    content = b"".join(data[start:end] for start, end in found.extents[found.primary])
    return Item(KINDS[container], content, [ispe(*image.size), configuration])


def with_properties(item: Item, *properties: bytes) -> Item:
    """Return an item with further properties behind its own."""
    return replace(item, properties=[*item.properties, *properties])


def write(container: str, *items: Item, split: bool = False, halved: bool = False) -> bytes:
    """Write a file of items, of which the first is the picture."""
    return item_file(items, BRANDS[container], split=split, halved=halved)


def clap(
    width: tuple[int, int],
    height: tuple[int, int],
    x: tuple[int, int] = (0, 1),
    y: tuple[int, int] = (0, 1),
) -> bytes:
    """Spell a clean aperture: fractions of width, height, and how far its centre lies off."""
    return box(b"clap", struct.pack(">IIIIiIiI", *width, *height, *x, *y))


def irot(quarters: int) -> bytes:
    """Spell a rotation, in quarters of a turn anticlockwise."""
    return box(b"irot", bytes((quarters,)))


def imir(mode: int) -> bytes:
    """Spell a mirror: 0 exchanges top and bottom, 1 left and right."""
    return box(b"imir", bytes((mode,)))


def nclx(primaries: int, transfer: int, matrix: int, full_range: bool = True) -> bytes:
    """Spell colours by their code points (ITU-T H.273)."""
    return box(
        b"colr", b"nclx" + struct.pack(">HHHB", primaries, transfer, matrix, full_range << 7)
    )


def icc(profile: bytes) -> bytes:
    """Spell colours by a profile."""
    return box(b"colr", b"prof" + profile)
