"""Open HEIC and AVIF, with what their decoders leave to whoever reads.

libavif crops nothing, and reads one box of which items have which properties; libheif refuses the
whole of a picture whose clean aperture is none.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from pillow_heif import HeifImageFile
from pillow_heif import open_heif as open_frames

from lib.imaging.bounds.boxes import FULL_BOX, Box, by_kind, only, read_boxes, read_top
from lib.imaging.bounds.heif_items import Meta, read_item_associations, read_meta
from lib.imaging.decoders.item_properties import CLAP, Properties, read_clap, read_properties

READ_HEIF: Callable[[BytesIO], Image.Image] = HeifImageFile
PROPERTIES, ASSOCIATIONS = b"iprp", b"ipma"
MOST_ASSOCIATIONS = 255

EXIF, NOTHING = b"Exif", b"none"
"""Types of items; nobody reads the other."""

DEEP_MEGAPIXELS = 24
"""Decoded with 16 bits a channel at most: 6 bytes a px beside the others. What is larger is shown
smaller, and averaged."""

STRIP = 64
"""Rows that are rounded at once, of which 4 bytes a sample are held."""

CODE_POINTS = struct.Struct(">HHH")
LIKE = {1: (None, 7), 2: (None, 4), 5: (None, 4), 6: (None, 4), 9: (8, 12)}
"""Matrix → one like it, and the primaries that it needs: of BT.709 SMPTE 240M, of BT.601, and where
nothing is said, FCC 73.682, of BT.2020 what is derived from film."""

HDR = (16, 18)
"""PQ and HLG. All of these are code points (ITU-T H.273)."""


def open_avif(file: BytesIO) -> Image.Image:
    """Return an AVIF, its pixels not decoded yet; what is to be seen of them is `info["crop"]`."""
    data = file.getvalue()
    known = read_properties(data)
    image = _read_avif(_join_associations(_have_rounded(data, known)))
    _note_signals(image, known)
    for clap in known.claps()[:1]:
        crop = read_clap(data, clap, image.size)
        # One that reaches over the edge is none to libavif, and so to browsers.
        if crop and min(crop[:2]) >= 0 and crop[2] <= image.width and crop[3] <= image.height:
            image.info["crop"] = crop
    return image


def _read_avif(data: bytes) -> AvifImageFile:
    """Open a file; where its Exif is none, which libavif refuses and browsers don't read, without.

    Raises what Pillow does.
    """
    try:
        return AvifImageFile(BytesIO(data))
    except (ValueError, SyntaxError) as exc:
        if "exif" not in str(exc).lower():
            raise
    return AvifImageFile(BytesIO(_without_exif(data)))


def _without_exif(data: bytes) -> bytes:
    """Return a file whose items are no Exif any more (ISO/IEC 14496-12, 8.11.6)."""
    whole = bytearray(data)
    meta = only(read_top(data), b"meta")
    table = only(by_kind(data, meta.start + FULL_BOX, meta.end), b"iinf") if meta else None
    if table:
        count_bytes = 4 if data[table.start] else 2
        for entry in read_boxes(data, table.start + FULL_BOX + count_bytes, table.end):
            at = entry.start + FULL_BOX + (4 if data[entry.start] > 2 else 2) + 2
            if data[at : at + 4] == EXIF:
                whole[at : at + 4] = NOTHING
    return bytes(whole)


def open_heif(file: BytesIO) -> Image.Image:
    """Return a HEIC, which will be cropped and upright once its pixels are decoded."""
    data = file.getvalue()
    known = read_properties(data)
    data = _join_associations(_put_claps_right(data, known))
    image = READ_HEIF(BytesIO(data))
    _note_signals(image, known)
    is_hdr = (image.info["code_points"] or (0, 0))[1] in HDR
    is_small = image.width * image.height <= DEEP_MEGAPIXELS * 1_000_000
    if is_hdr and is_small and image.info["bit_depth"] > 8:
        image.info["deep"] = data
    return image


def decode_heif(image: Image.Image) -> Image.Image:
    """Decode the pixels; of an HDR picture all bits of them, which are then rounded to eight.

    libheif drops the lower ones of luma and chroma else, as libyuv does.
    """
    data = image.info.pop("deep", None)
    if not data:
        image.load()
        return image
    frames = open_frames(BytesIO(data), convert_hdr_to_8bit=False)
    frame = frames[frames.primary_index]
    samples, stride, depth = frame.data, frame.stride, image.info["bit_depth"]
    white = ((1 << depth) - 1) << (16 - depth)
    width, height = frame.size
    image = Image.new(image.mode, frame.size)
    bands = len(image.getbands())
    for top in range(0, height, STRIP):
        rows = min(STRIP, height - top)
        part = samples[top * stride : (top + rows) * stride]
        deep = Image.frombuffer("I;16", (width * bands, rows), part, "raw", "I;16", stride, 1)
        flat = deep.convert("I").point(lambda value: value * (255 / white) + 0.5).convert("L")
        strip = Image.frombuffer(image.mode, (width, rows), flat.tobytes(), "raw", image.mode, 0, 1)
        image.paste(strip, (0, top))
    return image


def _note_signals(image: Image.Image, known: Properties) -> None:
    image.info["code_points"] = known.code_points()
    image.info["peak_nits"] = known.peak_nits()
    image.info["gain_map"] = known.has_gain_map


def _have_rounded(data: bytes, known: Properties) -> bytes:
    """Return an HDR file whose matrix libavif calculates with, instead of libyuv.

    libyuv drops the lower bits of luma and chroma before it makes RGB of them: bright greys become
    greenish by as much as eyes see once they are mapped (3.9 ΔE2000 on a sky, 1.3 so). It has no
    constants for other matrices that differ from the usual ones by a hundredth or two.
    """
    box = known.nclx()
    if not box or not known.is_deep():
        return data
    primaries, transfer, matrix = CODE_POINTS.unpack_from(data, box.start + 4)
    if transfer not in HDR or matrix not in LIKE:
        return data
    other, matrix = LIKE[matrix]
    put = CODE_POINTS.pack(other or primaries, transfer, matrix)
    return data[: box.start + 4] + put + data[box.start + 4 + CODE_POINTS.size :]


def _join_associations(data: bytes) -> bytes:
    """Return a file with one box of which items have which properties.

    Some encoders write one an item. What has been there becomes free space, and a whole new `meta`
    goes behind the end, so that nothing in the file moves.
    """
    meta = only(read_top(data), b"meta")
    if not meta:
        return data
    inside = list(read_boxes(data, meta.start + FULL_BOX, meta.end))
    properties = next((box for box in inside if box.kind == PROPERTIES), None)
    found = by_kind(data, properties.start, properties.end) if properties else {}
    boxes = found.get(ASSOCIATIONS, [])
    if len(boxes) < 2:
        return data
    items = read_meta(data, meta)
    if items.is_cut:  # what is missing would be taken from what is put behind the end
        return data
    joined = b"".join(
        data[box.start - 8 : box.end]
        if box.kind != PROPERTIES
        else _box(PROPERTIES, _copy(data, found[b"ipco"]) + _join(data, boxes, items))
        for box in inside
    )
    head = meta.start - 4 if data[meta.start - 4 : meta.start] == b"meta" else meta.start - 12
    old = _close_last(data[:head] + b"free" + data[head + 4 :])
    return old + _box(b"meta", data[meta.start : meta.start + FULL_BOX] + joined)


def _close_last(data: bytes) -> bytes:
    """Return a file whose last box says that it ends where the file does, for one to follow.

    It may have said 0, which is the same but for what follows, or have something behind it.
    """
    *_, last = read_boxes(data, 0, len(data))
    head = last.start - 8
    if data[last.start - 4 : last.start] == last.kind:
        return data[:head] + struct.pack(">I", len(data) - head) + data[head + 4 :]
    return data[:head] + struct.pack(">Q", len(data) - head + 8) + data[head + 8 :]


def _join(data: bytes, boxes: list[Box], known: Meta) -> bytes:
    """Spell one `ipma` box, of the widest numbers, for several.

    Of items that there are: libavif makes one of each number, and looks through all that it has.
    """
    items: dict[int, list[int]] = {}
    for item, properties in read_item_associations(data, boxes):
        if item in known.kinds:
            items.setdefault(item, []).extend(properties)
    entries = [struct.pack(">BxxBI", 1, 1, len(items))]
    for item, properties in sorted(items.items()):
        kept = properties[:MOST_ASSOCIATIONS]
        entries.append(struct.pack(f">IB{len(kept)}H", item, len(kept), *kept))
    return _box(ASSOCIATIONS, b"".join(entries))


def _copy(data: bytes, boxes: list[Box]) -> bytes:
    return b"".join(_box(box.kind, data[box.start : box.end]) for box in boxes)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _put_claps_right(data: bytes, known: Properties) -> bytes:
    """Return a file whose clean apertures lie within the picture, in whole px.

    libheif crops to what lies within, and tells the size of what does not.
    """
    width, height = known.size
    for box in known.boxes if width and height else ():
        if box.kind == b"irot" and data[box.start] & 1:
            width, height = height, width
        if box.kind != b"clap" or box.end - box.start < CLAP.size:
            continue
        left, top, right, bottom = read_clap(data, box, (width, height)) or (0, 0, width, height)
        left, top = max(left, 0), max(top, 0)
        right, bottom = min(right, width), min(bottom, height)
        if left >= right or top >= bottom:
            left, top, right, bottom = 0, 0, width, height
        wide, high = right - left, bottom - top
        put = CLAP.pack(
            *(wide, 1, high, 1), *(2 * left + wide - width, 2, 2 * top + high - height, 2)
        )
        data = data[: box.start] + put + data[box.start + CLAP.size :]
        width, height = wide, high
    return data
