"""Make a picture of the channels of a JPEG 2000 (ISO/IEC 15444-1, I.5.3; -2, M.11.7.3)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.color.convert import to_srgb
from lib.imaging.decoders.jp2_boxes import Jp2

GREYS, RGBS, YCCS, CMYKS, LABS = (0, 15, 17), (16,), (3, 18, 24), (12,), (14,)
"""Two of one bit, and grey; sRGB; YCbCr as in JPEG, sYCC and e-sYCC; CMYK; CIELab."""

SPACES = {
    **dict.fromkeys(GREYS, "L"),
    **dict.fromkeys(RGBS, "RGB"),
    **dict.fromkeys(YCCS, "YCbCr"),
    **dict.fromkeys(CMYKS, "CMYK"),
    **dict.fromkeys(LABS, "LAB"),
}
"""Enumerated colour space → mode of Pillow."""

UNDERSTOOD = frozenset(SPACES)

DESCRIBED = {b"GRAY": "L", b"RGB ": "RGB", b"CMYK": "CMYK", b"Lab ": "LAB"}
"""Colour space of a profile, in its header."""

COLORS = {"L": 1, "RGB": 3, "YCbCr": 3, "CMYK": 4, "LAB": 3}

COLOR, OPACITY, PREMULTIPLIED = range(3)
"""Kinds of a channel; others mean nothing."""

WHOLE_PICTURE = 0

LAB_PARAMETERS = struct.Struct(">6I")
LAB_RANGES = (100, 170, 200)
"""Of L*, a* and b*, where the file does not say."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which channels are the colours of `space`, in order, and which is the opacity."""

    space: str
    colors: tuple[int, ...]
    alpha: int | None
    is_premultiplied: bool

    @property
    def mode(self) -> str:
        """Return the mode of the picture."""
        if self.alpha is not None:
            return "LA" if self.space == "L" else "RGBA"
        return "RGB" if self.space == "YCbCr" else self.space

    @property
    def used(self) -> tuple[int, ...]:
        """Return the channels that are shown: a file may name any number of them."""
        return self.colors if self.alpha is None else (*self.colors, self.alpha)

    @property
    def is_converted(self) -> bool:
        """Tell whether its colours become sRGB at once: no mode has them and opacity."""
        return self.alpha is not None and self.space in ("CMYK", "LAB")


def plan_layout(jp2: Jp2, channels: int, *, is_chroma_coarser: bool) -> Layout:
    """Tell what so many channels are.

    Colours with fewer samples in the second and third are luma and chroma whatever is said of them,
    as OpenJPEG's own programs have it. Raises PermanentError(UNSUPPORTED_MEDIA) for colour spaces
    that are not read.
    """
    space = DESCRIBED.get(jp2.profile[16:20]) if jp2.profile else None
    if not space and jp2.space is not None:
        if jp2.space not in SPACES:
            raise PermanentError(
                ErrorCode.UNSUPPORTED_MEDIA,
                f"JPEG 2000 in colour space {jp2.space}: not supported",
            )
        space = SPACES[jp2.space]
    by_count = "L" if channels < 3 else "RGB"
    if not space or COLORS[space] > channels or (space == "L" and by_count != "L"):
        space = by_count if not _is_grey(jp2, space) else "L"
    if space == "RGB" and is_chroma_coarser:
        space = "YCbCr"
    return _assign(jp2, channels, space)


def _is_grey(jp2: Jp2, space: str | None) -> bool:
    """Tell whether the definitions leave one colour of several channels."""
    return space == "L" and sum(kind == COLOR for _, kind, _ in jp2.definitions) == 1


def _assign(jp2: Jp2, channels: int, space: str) -> Layout:
    count = COLORS[space]
    defined = [each for each in jp2.definitions if each[0] < channels]
    placed = {belongs: channel for channel, kind, belongs in defined if kind == COLOR}
    wanted = range(1, count + 1)
    colors = tuple(placed[each] for each in wanted if each in placed)
    if len(set(colors)) < count:
        colors = tuple(range(count))
    whole = (WHOLE_PICTURE, 1) if count == 1 else (WHOLE_PICTURE,)
    opacities = [
        (channel, kind)
        for channel, kind, belongs in defined
        if kind in (OPACITY, PREMULTIPLIED) and belongs in whole and channel not in colors
    ]
    if not jp2.definitions and channels == count + 1:
        opacities = [(count, OPACITY)]
    alpha, kind = opacities[0] if opacities else (None, OPACITY)
    return Layout(space, colors, alpha, kind == PREMULTIPLIED)


def compose(
    layout: Layout, channels: Mapping[int, Image.Image], jp2: Jp2, depths: Mapping[int, int]
) -> Image.Image:
    """Return the picture of channels of 8 bits, all of one size, in the layout's mode.

    Those that the layout uses have to be there. `depths` are the bits that they had before.
    """
    colors = [channels[each] for each in layout.colors]
    if layout.space == "LAB":
        colors = _to_lab(colors, jp2.details, [depths[each] for each in layout.colors])
    image = Image.merge(layout.space, colors) if len(colors) > 1 else colors[0]
    if layout.space == "YCbCr":
        image = image.convert("RGB")
    if layout.alpha is None:
        return image
    if layout.is_converted:
        image = to_srgb(image, jp2.profile)
    bands = *image.split(), channels[layout.alpha]
    if layout.is_premultiplied:
        return Image.merge(layout.mode.replace("A", "a"), bands).convert(layout.mode)
    return Image.merge(layout.mode, bands)


def _to_lab(
    colors: Sequence[Image.Image], details: bytes, depths: Sequence[int]
) -> list[Image.Image]:
    """Return L*, a* and b* as Pillow has them: parts of 255, and numbers from -128 up."""
    most = [(1 << depth) - 1 for depth in depths]
    if len(details) >= LAB_PARAMETERS.size:
        numbers = LAB_PARAMETERS.unpack_from(details)
        ranges, offsets = numbers[::2], numbers[1::2]
    else:
        a, b = depths[1], depths[2]
        ranges, offsets = LAB_RANGES, (0, 1 << a - 1, (3 << b >> 3))
    shares = [offset / all_ones for offset, all_ones in zip(offsets, most, strict=True)]
    converted = []
    for color, reach, share, (scale, middle) in zip(
        colors, ranges, shares, ((2.55, 0), (1, 128), (1, 128)), strict=True
    ):
        values = ((value / 255 - share) * reach * scale + middle for value in range(256))
        converted.append(color.point([min(255, max(0, round(value))) for value in values]))
    return converted
