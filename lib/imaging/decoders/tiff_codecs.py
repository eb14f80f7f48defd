"""Unpack a TIFF's strips by what packs them, which may know of colours, and undo prediction."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

from PIL import Image
from PIL.WebPImagePlugin import WebPImageFile

from lib.imaging.bounds.ifd import WIDTHS
from lib.imaging.decoders.libtiff import (
    BITS,
    FAX,
    FLOATING,
    HORIZONTAL,
    NONE,
    PHOTOMETRIC,
    SAMPLES,
    SHORT,
    Entry,
    Packing,
    RowCount,
    decode,
    numbers,
    swap,
    undo_differences,
    undo_floating,
    unpack_rows,
)
from lib.imaging.decoders.samples import Rows
from lib.imaging.decoders.tiff_layout import (
    BLACK_IS_ZERO,
    CMYK,
    RGB,
    SCANNED,
    SUBSAMPLING,
    YCBCR,
    Layout,
    unsupported,
)

JPEG, WEBP = 7, 50_001
COMPRESSIONS = (NONE, *FAX, 5, JPEG, 8, 32_773, 32_946, 34_925, 50_000, WEBP, *SCANNED)
"""Of TIFF 6.0; PackBits, deflate, LZMA and Zstandard among them."""

JPEG_TABLES = 347
NEEDED = (292, 293, JPEG_TABLES, 529, SUBSAMPLING, 531, 532)
"""Options of fax, tables of JPEG, how YCbCr lies."""

NEEDED_BYTES = 16_384
"""Of one of these, at most: they go along with each strip. All tables of a JPEG have 3,000."""

NEWEST_TYPE = 12
"""Of classic TIFF; BigTIFF has more."""

PIXEL_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
"""Samples of 8 bits → mode that has them all; RGBA is four samples as CMYK is."""


def check_codec(layout: Layout) -> None:
    """Raise PermanentError(UNSUPPORTED_MEDIA) for what nothing here unpacks."""
    if layout.compression not in COMPRESSIONS:
        raise unsupported(f"compression {layout.compression}")
    bits = set(layout.samples.bits)
    if (has_pixels(layout) or is_subsampled(layout)) and bits != {8}:
        raise unsupported(f"samples of {max(bits)} bits in what packs 8")
    if layout.compression in FAX and layout.samples.bits != (1,):
        raise unsupported("fax of other than single bits")


def has_pixels(layout: Layout) -> bool:
    """Tell whether pixels are packed, rather than rows of samples."""
    return layout.compression in (JPEG, WEBP, *SCANNED)


def is_subsampled(layout: Layout) -> bool:
    """Tell whether rows are not those of pixels: libtiff gives RGB then."""
    if layout.photometric != YCBCR or has_pixels(layout):
        return False
    parts = layout.page.numbers(SUBSAMPLING) or (2, 2)
    if parts[:2] == (1, 1):
        return False
    if layout.is_planar or layout.predictor != 1:
        raise unsupported("subsampled colours in planes or with a predictor")
    return True


def gives_rgb(layout: Layout) -> bool:
    """Tell whether RGB of 8 bits is unpacked, whatever the samples are."""
    is_converted = layout.compression == JPEG and not layout.is_planar
    return is_subsampled(layout) or (is_converted and layout.photometric == YCBCR)


def unpack(layout: Layout, strips: list[bytes], plane: int, rows: RowCount) -> Image.Image:
    """Return the rows of strips, one below the other: bytes (mode L), or pixels as `gives_rgb`.

    Raises ValueError or OSError where they cannot be unpacked.
    """
    row_bits = layout.cells.width * sum(layout.planes[plane].bits)
    if not has_pixels(layout) and not is_subsampled(layout):
        packing = Packing(layout.compression, layout.order, _needed(layout))
        return unpack_rows(packing, strips, row_bits, rows)
    if layout.compression == WEBP:
        pixels = _decode_webp(layout, strips, rows)
    else:
        pixels = _decode_pixels(layout, strips, plane, rows)
    if gives_rgb(layout):
        return pixels
    return Image.frombytes("L", (row_bits // 8, rows.all), pixels.tobytes())


def _needed(layout: Layout) -> dict[int, Entry]:
    page = layout.page
    entries = {tag: page.entries[tag] for tag in NEEDED if tag in page.entries}
    return {
        tag: (each.type, each.count, page.raw(tag))
        for tag, each in entries.items()
        if each.type <= NEWEST_TYPE and each.count * WIDTHS[each.type] <= NEEDED_BYTES
    }


def _pixel_mode(layout: Layout, plane: int) -> str:
    count = len(layout.planes[plane].bits)
    if count not in PIXEL_MODES:
        raise unsupported(f"JPEG or WebP of {count} samples a pixel")
    return PIXEL_MODES[count]


def _decode_pixels(layout: Layout, strips: list[bytes], plane: int, rows: RowCount) -> Image.Image:
    """Have libtiff decode what it, or libjpeg, must know the samples of."""
    order, mode = layout.order, _pixel_mode(layout, plane)
    count = len(layout.planes[plane].bits)
    kind = YCBCR if gives_rgb(layout) else {1: BLACK_IS_ZERO, 3: RGB, 4: CMYK}[count]
    bits = SCANNED.get(layout.compression, 8)
    entries = _needed(layout) | {
        BITS: numbers(order, SHORT, *[bits] * count),
        SAMPLES: numbers(order, SHORT, count),
        PHOTOMETRIC: numbers(order, SHORT, kind),
    }
    packing = Packing(layout.compression, order, entries)
    raw_mode = "RGBX" if is_subsampled(layout) else mode
    if bits < 8:
        raw_mode = f"L;{bits}"
    return decode(packing, strips, layout.cells.width, rows, (mode, raw_mode))


def _decode_webp(layout: Layout, strips: list[bytes], rows: RowCount) -> Image.Image:
    width, mode = layout.cells.width, _pixel_mode(layout, 0).replace("CMYK", "RGBA")
    image = Image.new(mode, (width, rows.all))
    for number, strip in enumerate(strips):
        # The size comes first: nothing is decoded that is larger than its cell.
        part = WebPImageFile(BytesIO(strip))
        if part.size[0] > width or part.size[1] > rows.a_strip:
            raise ValueError(f"WebP of {part.size} px in a cell")
        image.paste(part.convert(mode), (0, number * rows.a_strip))
    return image


def rows_of(layout: Layout, packed: Image.Image, plane: int, rows: range) -> Rows:
    """Return some of the unpacked rows as samples, their prediction undone."""
    samples, width = layout.planes[plane], layout.cells.width
    whole = rows.start == 0 and rows.stop == packed.height
    band = packed if whole else packed.crop((0, rows.start, packed.width, rows.stop))
    data = band.tobytes()
    if layout.predictor not in (HORIZONTAL, FLOATING):
        return Rows(data, width, samples)
    bits, count = samples.bits[0], len(samples.bits)
    if bits % 8 or len(set(samples.bits)) > 1:
        raise unsupported(f"a predictor for {bits} bits")
    size = bits // 8
    if layout.predictor == FLOATING:
        data, order = undo_floating(data, packed.width, count, size), ">"
    else:
        data = swap(data, size) if samples.order == ">" and size > 1 else data
        data, order = undo_differences(data, packed.width, count, size), "<"
    return Rows(data, width, replace(samples, order=order))
