"""Open the first page of a TIFF, and decode it strip by strip.

The tags are read here, so that each kind of samples is read by one table (`channels`); libtiff only
undoes what packs them (`libtiff`). Pillow's own reader knows some combinations and takes others for
something else.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from functools import partial
from io import BytesIO
from itertools import accumulate
from typing import Any

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.ifd import EXIF_POINTERS, EXIF_PREFIX, Directory, read_directory, read_first
from lib.imaging.bounds.tiff import COMPRESSION, LENGTH, OLD_JPEG, WIDTH
from lib.imaging.completeness import report_lines
from lib.imaging.decoders.apart import join
from lib.imaging.decoders.channels import compose, mode_of, read_planes
from lib.imaging.decoders.libtiff import LONG, Entry, numbers, write_directory, write_head
from lib.imaging.decoders.psd_document import IPTC_RESOURCE
from lib.imaging.decoders.tiff_cells import ENOUGH, CellReader, groups
from lib.imaging.decoders.tiff_codecs import gives_rgb, rows_of
from lib.imaging.decoders.tiff_layout import Layout, unsupported
from lib.imaging.decoders.undecoded import Undecoded

DNG_VERSION = 50_706
XMP, IPTC, ICC, ORIENTATION, JPEG_PLACE = 700, 33_723, 34_675, 274, 513

FACT_BYTES = 4096
"""Of one tag, at most: what is longer is no fact of a photo."""

FACTS_BYTES = 65_536
"""Of all tags of a directory: they may tell of the same bytes, again and again."""

CLASSIC_TYPE = 12


def _describe(page: Directory) -> dict[str, Any]:
    """Return what lies beside the pixels, by the names that Pillow gives it."""
    found: dict[str, Any] = {"exif": _facts(page)}
    if profile := page.raw(ICC):
        found["icc_profile"] = profile
    if packet := page.raw(XMP):
        found["xmp"] = packet
    if notices := page.raw(IPTC):
        found["photoshop"] = {IPTC_RESOURCE: notices}
    return found


def _facts(page: Directory) -> bytes:
    """Write the small tags of a page, and those of its photo, as EXIF: a classic TIFF."""
    tags = _small(page)
    content = b""
    for pointer in EXIF_POINTERS:
        if pointer in page.entries:
            tags.pop(pointer, None)
            try:
                details = read_directory(page.data, page.number(pointer), page.is_big)
            except (ValueError, OverflowError, struct.error):  # no fact is worth the picture
                continue
            at = 8 + len(content)
            content += write_directory(page.order, _small(details), at)
            tags[pointer] = numbers(page.order, LONG, at)
    at = 8 + len(content)
    directory = write_directory(page.order, tags, at)
    return EXIF_PREFIX + write_head(page.order, at) + content + directory


def _small(directory: Directory) -> dict[int, Entry]:
    """Return the tags that are small, the smallest first, until all have `FACTS_BYTES`."""
    found = [
        (tag, (each.type, each.count, raw))
        for tag, each in directory.entries.items()
        if each.type <= CLASSIC_TYPE and 0 < len(raw := directory.raw(tag)) <= FACT_BYTES
    ]
    found.sort(key=lambda item: len(item[1][2]))
    sizes = list(accumulate(len(raw) for _, (_, _, raw) in found))
    return dict(found[: bisect_right(sizes, FACTS_BYTES)])


def open_first_page(file: BytesIO) -> Undecoded:
    """Return the first page: L, LA, RGB, RGBA, CMYK or LAB, its pixels as they lie in the file.

    Lines that are missing will be black. Raises PermanentError(UNSUPPORTED_MEDIA) for a RAW photo
    whose first bytes are any TIFF's, and for samples or a compression that are not read.
    """
    page = read_first(file.getvalue())
    if DNG_VERSION in page.entries:  # its first page is a preview
        raise PermanentError(ErrorCode.UNSUPPORTED_MEDIA, "RAW photo: not supported")
    size = page.number(WIDTH), page.number(LENGTH)
    beside = _describe(page)
    if page.number(COMPRESSION, 1) == OLD_JPEG:
        image = Undecoded("RGB", size, partial(_decode_old_jpeg, page, size))
    else:
        layout = Layout(page)
        beside["icc_profile"] = layout.profile
        decode = partial(_decode, layout, CellReader(layout), layout.profile)
        image = Undecoded(mode_of(layout), size, decode)
    image.info.update(beside)
    return image


def _decode(layout: Layout, reader: CellReader, profile: bytes | None) -> Image.Image:
    reader.refuse_short()
    canvas = _Canvas(layout)
    for group in groups(layout):
        packed, there = [], []
        for plane in range(len(layout.planes)):
            rows, found = reader.read(group, plane)
            packed.append(rows)
            there.append(found)
        canvas.note(group.first, [min(each) for each in zip(*there, strict=True)])
        if not any(map(any, there)):
            continue
        height = packed[0].height
        step = max(1, ENOUGH // sum(each.width for each in packed))
        for top in range(0, height, step):
            band = range(top, min(top + step, height))
            if gives_rgb(layout):
                planes = list(packed[0].crop((0, band.start, packed[0].width, band.stop)).split())
            else:
                rows_there = [
                    rows_of(layout, each, plane, band) for plane, each in enumerate(packed)
                ]
                planes = read_planes(layout, rows_there)
            canvas.put(planes, group.first, band)
    return canvas.finish(profile)


class _Canvas:
    """The picture while it is put together."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        size = (layout.width, layout.height)
        self._image = Image.new(mode_of(layout), size)
        self._alpha: Image.Image | None = None
        self._there = [layout.cells.height] * layout.cells.down

    def note(self, first: int, there: list[int]) -> None:
        """Note how many rows of each cell are there, from the first of a group on."""
        for cell, rows in enumerate(there, first):
            line = cell // self._layout.cells.across
            self._there[line] = min(self._there[line], rows)

    def put(self, planes: list[Image.Image], first: int, band: range) -> None:
        """Put some rows of a group of cells where they belong."""
        colors, alpha = compose(self._layout, planes)
        cells = self._layout.cells
        at = band.start
        while at < band.stop:
            cell, row = divmod(at, cells.height)
            end = min(band.stop, (cell + 1) * cells.height) if cells.is_tiled else band.stop
            box = (0, at - band.start, cells.width, end - band.start)
            y, x = divmod(first + (cell if cells.is_tiled else 0), cells.across)
            place = (x * cells.width, y * cells.height + (row if cells.is_tiled else at))
            self._image.paste(colors if end - at == len(band) else colors.crop(box), place)
            if alpha:
                self._alpha = self._alpha or Image.new("L", self._image.size)
                self._alpha.paste(alpha.crop(box), place)
            at = end

    def finish(self, profile: bytes | None) -> Image.Image:
        """Return the picture; colours that have no alpha become sRGB where there is some.

        Raises PermanentError(CORRUPT_MEDIA) for too few lines.
        """
        image, height = self._image, self._image.height
        if self._alpha:
            image = join(image, self._alpha, profile)
        high = self._layout.cells.height
        lines = sum(min(rows, height - line * high) for line, rows in enumerate(self._there))
        report_lines(image, lines, height)
        return image


def _decode_old_jpeg(page: Directory, size: tuple[int, int]) -> Image.Image:
    """Decode JPEG of TIFF 6.0, whose parts lie about the file: by libtiff, which knows its habits.

    What libtiff does not read may be a whole JPEG nonetheless.
    """
    data = bytearray(page.data)
    if entry := page.entries.get(ORIENTATION):
        data[entry.at : entry.at + 2] = b"\1\0" if page.order == "<" else b"\0\1"  # upright
    image: Image.Image
    try:
        image = TiffImageFile(BytesIO(bytes(data)))
        if image.size == size:
            image.load()
            return image
    except (OSError, SyntaxError, ValueError, TypeError, LookupError):
        pass
    image = JpegImageFile(BytesIO(page.data[page.number(JPEG_PLACE) :]))
    if image.size != size:
        raise unsupported("JPEG of another size")
    image.load()
    return image
