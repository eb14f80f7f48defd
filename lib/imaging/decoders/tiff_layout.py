"""Read how a TIFF's first page lies in its file (TIFF 6.0, BigTIFF, Adobe's technical notes)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property

from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds.ifd import Directory
from lib.imaging.bounds.tiff import (
    COMPRESSION,
    LENGTH,
    MOST_SAMPLES,
    PLANAR,
    ROWS_PER_STRIP,
    SAMPLES,
    SEPARATE,
    TILE_LENGTH,
    TILE_WIDTH,
    WIDTH,
    is_in_tiles,
    place_tags,
)
from lib.imaging.color.linear import with_square
from lib.imaging.decoders.libtiff import NONE
from lib.imaging.decoders.samples import Samples

BITS, PHOTOMETRIC, FILL_ORDER, PREDICTOR, EXTRA, ICC = 258, 262, 266, 317, 338, 34_675
SAMPLE_FORMAT, SUBSAMPLING = 339, 530

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
CHANNELS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3}
CHANNELS |= {CIELAB: 3, ICCLAB: 3}
"""Photometric interpretation → samples of a colour."""

LIGHT = (BLACK_IS_ZERO, RGB)
"""Those whose samples may be light."""

ASSOCIATED, UNASSOCIATED = 1, 2
"""Alpha that colours were multiplied by, or not. Other extra samples are anything."""

PREDICTED = (5, 8, 32_946, 34_925, 50_000)
"""LZW, deflate, LZMA and Zstandard; beside others the tag means nothing, and some write it."""

UNSIGNED, SIGNED, FLOAT, VOID = 1, 2, 3, 4
SCANNED = {32_809: 4, 32_766: 2}
"""Compressions of ThunderScan and NeXT → their bits of grey, which libtiff makes 8."""

MOST_BITS = 32
FLOAT_BITS = (16, 24, 32, 64)
REVERSED = 2
REVERSE = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def unsupported(what: str) -> PermanentError:
    """Return the error for a TIFF that is right, and of a kind that is not read."""
    return PermanentError(ErrorCode.UNSUPPORTED_MEDIA, f"TIFF with {what}: not supported")


@dataclass(frozen=True, slots=True)
class Cells:
    """Strips or tiles: their size in px, how many lie beside each other, and their places.

    `extents` are first byte and length of each, all those of one plane after the other.
    """

    width: int
    height: int
    across: int
    down: int
    extents: tuple[tuple[int, int], ...]
    is_tiled: bool


class Layout:
    """The pixels of one page as its directory describes them."""

    def __init__(self, page: Directory) -> None:
        """Raises PermanentError(UNSUPPORTED_MEDIA) for what is not read, ValueError else."""
        self.page, self.order = page, page.order
        self.width, self.height = page.number(WIDTH), page.number(LENGTH)
        self.compression = page.number(COMPRESSION, 1)
        self.is_planar = page.number(PLANAR, 1) == SEPARATE
        self.predictor = page.number(PREDICTOR, 1) if self.compression in PREDICTED else 1
        self.is_reversed = page.number(FILL_ORDER, 1) == REVERSED
        bits = self._all(BITS, 1)
        count = page.number(SAMPLES, 1)
        if not 1 <= count <= MOST_SAMPLES:
            raise unsupported(f"{count} samples a pixel")
        bits = bits * count if len(bits) == 1 else bits[:count]
        if len(bits) != count:
            raise unsupported("samples of unknown bits")
        self.photometric = page.number(PHOTOMETRIC, RGB if count >= CHANNELS[RGB] else 0)
        if self.photometric not in CHANNELS:
            raise unsupported(f"colours of kind {self.photometric}")
        self.channels = CHANNELS[self.photometric]
        if count < self.channels:
            raise unsupported(f"{count} samples where colours have {self.channels}")
        if self.compression in SCANNED and bits == (SCANNED[self.compression],):
            bits = (8,)
        self.samples = Samples(bits, self.order, self._is_float(bits))
        self.profile = page.raw(ICC) or None
        self._follow_linear_light()

    def _all(self, tag: int, default: int) -> tuple[int, ...]:
        """Return the values of a tag, which are no noise where they are not there: ValueError."""
        return self.page.numbers(tag) or (self.page.number(tag, default),)

    def _follow_linear_light(self) -> None:
        """Have deep colours of linear light read by their square root, which the profile undoes."""
        of = self.samples
        if max(of.bits) > 8 and self.photometric in LIGHT and not self.is_associated:
            changed = with_square(self.profile, "L" if self.channels == 1 else "RGB")
            if changed:
                self.profile = changed
                self.samples = replace(of, linear=self.channels)

    def _is_float(self, bits: tuple[int, ...]) -> bool:
        # Readers take signed bytes as they are, and differ on all other signed numbers.
        formats = set(self._all(SAMPLE_FORMAT, UNSIGNED))
        if formats == {FLOAT}:
            if set(bits) - set(FLOAT_BITS) or len(set(bits)) > 1:
                raise unsupported(f"numbers of {bits[0]} bits with a point")
            return True
        is_raw = formats <= {UNSIGNED, VOID} or (formats == {SIGNED} and set(bits) == {8})
        if not is_raw and not self._is_lab():
            raise unsupported("signed or complex numbers as samples")
        if not 1 <= min(bits) <= max(bits) <= MOST_BITS:
            raise unsupported(f"samples of {max(bits)} bits")
        return False

    def _is_lab(self) -> bool:
        """Some writers say that all of Lab is signed, of which two samples are."""
        return self.photometric in (CIELAB, ICCLAB)

    @cached_property
    def alpha(self) -> int | None:
        """Which sample is the alpha, None for none."""
        declared = self.page.numbers(EXTRA)
        extras = len(self.samples.bits) - self.channels
        if not declared and EXTRA not in self.page.entries and extras == 1:
            return self.channels if self.photometric != CMYK else None
        kinds = enumerate(declared[:extras], self.channels)
        return next((at for at, kind in kinds if kind in (ASSOCIATED, UNASSOCIATED)), None)

    @cached_property
    def is_associated(self) -> bool:
        """Whether the colours were multiplied by the alpha."""
        declared = self.page.numbers(EXTRA)
        return self.alpha is not None and declared[self.alpha - self.channels :][:1] == (1,)

    @cached_property
    def wanted(self) -> tuple[int, ...]:
        """Which planes of the file the colours and their alpha are in."""
        if not self.is_planar:
            return (0,)
        return (*range(self.channels), *(() if self.alpha is None else (self.alpha,)))

    @cached_property
    def planes(self) -> tuple[Samples, ...]:
        """The samples of each plane that is wanted; one has all where they are not apart."""
        if not self.is_planar:
            return (self.samples,)
        of = self.samples
        return tuple(
            replace(of, bits=(of.bits[index],), linear=int(index < of.linear))
            for index in self.wanted
        )

    @cached_property
    def cells(self) -> Cells:
        """Strips, else tiles."""
        page = self.page
        is_tiled = is_in_tiles(page)
        tags = place_tags(page)
        page.number(tags[0])  # which raises ValueError where they are cut off
        places, lengths = map(page.numbers, tags)
        if not places:
            raise ValueError("unknown data organization")
        if is_tiled:
            wide, high = page.number(TILE_WIDTH), page.number(TILE_LENGTH)
            if Image.MAX_IMAGE_PIXELS and wide * high > 2 * Image.MAX_IMAGE_PIXELS:
                raise Image.DecompressionBombError(f"tiles of {wide * high / 1e6:.1f} MP")
        else:
            wide, high = self.width, self._rows_per_strip(len(places))
        if not wide or not high:
            raise ValueError("tiles of no size")
        across, down = -(-self.width // wide), -(-self.height // high)
        return Cells(wide, high, across, down, self._extents(places, lengths), is_tiled)

    def _rows_per_strip(self, count: int) -> int:
        """Return how many rows a strip has; by the count of strips where the tag says too many."""
        high = min(self.page.number(ROWS_PER_STRIP, self.height), self.height) or self.height
        of_a_plane = count // (len(self.samples.bits) if self.is_planar else 1)
        return high if high < self.height or not of_a_plane else -(-self.height // of_a_plane)

    def _extents(
        self, offsets: tuple[int, ...], lengths: tuple[int, ...]
    ) -> tuple[tuple[int, int], ...]:
        """Return where each begins and how long it is; up to the next one if it does not say.

        So it is too where nothing packs them, and a writer says less than there is.
        """
        ends = [*sorted(offsets), len(self.page.data)]
        lengths += (0,) * (len(offsets) - len(lengths))
        rooms = (max(0, ends[bisect_right(ends, at, hi=len(offsets))] - at) for at in offsets)
        is_raw = self.compression == NONE
        return tuple(
            (offset, max(length, room) if is_raw else length or room)
            for offset, length, room in zip(offsets, lengths, rooms, strict=False)
        )
