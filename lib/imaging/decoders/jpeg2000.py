"""Open a JPEG 2000, and have it decoded at half its size (ISO/IEC 15444-1, annex A)."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.imaging.bounds.codestream import Grid, measure_tiles, read_codings, read_grid
from lib.imaging.completeness import report_lines, warn
from lib.imaging.decoders.bits import widen
from lib.imaging.decoders.jp2_boxes import Jp2, read_jp2
from lib.imaging.decoders.jp2_color import UNDERSTOOD, compose, plan_layout
from lib.imaging.decoders.openjpeg import Component, decode_components
from lib.imaging.decoders.psd_document import IPTC_RESOURCE
from lib.imaging.decoders.undecoded import Undecoded
from lib.imaging.resize import Extent

MOST_MEGAPIXELS = 60
"""At full size: the decoder holds 16 bytes for each pixel, and what it decodes them from."""


class Jpeg2000(Undecoded):
    """An opened JPEG 2000: its boxes, the grid of its codestream, and how often to halve it."""

    def __init__(self, data: bytes, jp2: Jp2, grid: Grid) -> None:
        self.data, self.jp2, self.grid, self.halvings = data, jp2, grid, 0
        self.unit = tuple(min(steps) for steps in zip(*grid.sampling, strict=True))
        self.channels = jp2.mapping if jp2.palette else ()
        self.channels = self.channels or tuple((each, None) for each in range(len(grid.sampling)))
        chroma = [self._step(channel) for channel in range(min(3, len(self.channels)))]
        is_coarser = len(chroma) == 3 and chroma[0] == self.unit != chroma[1] == chroma[2]
        self.layout = plan_layout(jp2, len(self.channels), is_chroma_coarser=is_coarser)
        width, height = (
            -(-end // step) - -(-begin // step)
            for end, begin, step in zip(grid.end, grid.begin, self.unit, strict=True)
        )
        super().__init__(self.layout.mode, (width, height), self._decode)

    def _step(self, channel: int) -> tuple[int, int]:
        """Return how far the samples of a channel lie apart. Raises IndexError for no component."""
        return self.grid.sampling[self.channels[channel][0]]

    def _decode(self) -> Image.Image:
        begin, end = self.jp2.codestream
        codestream = memoryview(self.data)[begin:end]
        components = decode_components(codestream, self.halvings)
        width, height = (-(-side >> self.halvings) for side in self.size)
        channels, depths = {}, {}
        for channel in self.layout.used:
            number, column = self.channels[channel]
            samples = _samples(components[number], self.jp2, column)
            channels[channel] = self._spread(samples, components[number].step, (width, height))
            depths[channel] = components[number].depth
        return compose(self.layout, channels, self.jp2, depths)

    def _spread(
        self, samples: Image.Image, step: tuple[int, int], size: tuple[int, int]
    ) -> Image.Image:
        """Repeat samples until there is one for each pixel, from where they lie on the grid."""
        if step == self.unit and samples.size == size:
            return samples
        places = zip(self.grid.begin, step, strict=True)
        offsets = [begin / each - -(-begin // each) for begin, each in places]
        if any(offset < 0 for offset in offsets):
            # Pixels before the first sample are like it.
            padded = Image.new("L", (samples.width + 1, samples.height + 1))
            for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
                padded.paste(samples, (x, y))
            samples, offsets = padded, [offset + 1 for offset in offsets]
        x, y = (unit / each for unit, each in zip(self.unit, step, strict=True))
        return samples.transform(
            size,
            Image.Transform.AFFINE,
            (x, 0, offsets[0], 0, y, offsets[1]),
            Image.Resampling.NEAREST,
        )


def _samples(component: Component, jp2: Jp2, column: int | None) -> Image.Image:
    """Return a channel as parts of 255: a component, or what it points to in the palette."""
    if column is None or jp2.palette is None:
        return widen(component.samples, component.bits)
    if component.depth > 8:
        raise PermanentError(
            ErrorCode.UNSUPPORTED_MEDIA, "JPEG 2000 with a palette of more than 256 colours"
        )
    return component.samples.point(list(jp2.palette.columns[column]))


def open_codestream(file: BytesIO) -> Jpeg2000:
    """Return the image, its pixels not decoded yet.

    Raises ValueError where the boxes tell another size than the codestream, for which the decoder
    makes room, and PermanentError as `plan_layout` and `report_lines` do.
    """
    data = file.getvalue()
    jp2 = read_jp2(data, UNDERSTOOD)
    begin = jp2.codestream[0]
    grid = read_grid(data, begin + 4)
    image = Jpeg2000(data, jp2, grid)
    whole = tuple(end - first for end, first in zip(grid.end, grid.begin, strict=True))
    if jp2.size and jp2.size not in (whole, image.size):
        raise ValueError(f"{whole[0]} × {whole[1]} px, unlike {jp2.size}")
    _report_missing(image, data, jp2, grid)
    if jp2.profile and not image.layout.is_converted:
        image.info["icc_profile"] = jp2.profile
    if jp2.exif:
        image.info["exif"] = jp2.exif
    if jp2.xmp:
        image.info["xmp"] = jp2.xmp
    if jp2.iptc:
        image.info["photoshop"] = {IPTC_RESOURCE: jp2.iptc}
    return image


def _report_missing(image: Image.Image, data: bytes, jp2: Jp2, grid: Grid) -> None:
    """Note how many bytes of the codestream are there: its lines may come in many passes."""
    begin, promised = jp2.codestream
    there, wanted = measure_tiles(data, begin, grid)
    if wanted is None and promised is None:
        warn(image, WarningCode.INCOMPLETE, "cut short: its end is missing")
    elif promised and promised > len(data) and there != wanted:
        report_lines(image, len(data) - begin, promised - begin, "bytes")
    elif wanted is not None:
        report_lines(image, there, wanted, "bytes")


def decode_half(image: Image.Image, _data: bytes, size: tuple[int, int]) -> Extent | None:
    """Have an opened image decoded at 1/2, for a quarter of the memory, where that is enough.

    Enough is twice the size: what is left are the samples at even positions, which lie a quarter of
    a pixel from where averages would. Returns the part of the decoded pixels that is the picture.
    Raises PermanentError(LIMIT_EXCEEDED) where it takes more memory than there is.
    """
    assert isinstance(image, Jpeg2000)
    width, height = image.width / 2, image.height / 2
    if width >= 2 * size[0] and height >= 2 * size[1] and _can_be_halved(image):
        image.halvings = 1
        return width, height
    if image.width * image.height > MOST_MEGAPIXELS * 1_000_000:
        raise PermanentError(
            ErrorCode.LIMIT_EXCEEDED,
            f"{image.width} × {image.height} px, the limit is {MOST_MEGAPIXELS} MP "
            "for a JPEG 2000 that is not scaled to half its size",
        )
    return None


def _can_be_halved(image: Jpeg2000) -> bool:
    """Tell whether all of it has a half that begins where the picture does."""
    if any(image.grid.begin):
        return False
    begin = image.jp2.codestream[0]
    main, tiles = read_codings(image.data, begin, len(image.grid.sampling))
    return all(coding.levels > 0 for tile in (main, *tiles.values()) for coding in tile.components)
