"""Lay the frames of an animation on each other, as browsers do.

GIF89a, section 23; PNG, third edition, section 11.3.8 (`fcTL`). A canvas begins clear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from PIL import Image

from lib.imaging.transparency import drop_opaque_alpha, has_alpha, make_alpha_channel
from lib.imaging.variants import Size

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in px of the canvas."""

PLAIN = ("L", "LA", "RGB", "RGBA")


class Disposal(Enum):
    """What becomes of a frame's box before the next frame is laid."""

    KEEP = auto()
    CLEAR = auto()
    RESTORE = auto()
    """As it was before the frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where one frame of an animation lies, for how long, and what it does to others."""

    box: Box
    """May reach beyond the canvas."""
    delay_ms: float
    disposal: Disposal
    may_be_clear: bool
    """Whether some of its pixels may be transparent."""
    over: bool = True
    """Whether what lies beneath is seen through it; if not, what is clear replaces it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame(Placed):
    """One frame of an animation, not decoded yet."""

    decode: Callable[[], Image.Image | None]
    """Returns the pixels of the box, or of its first lines, or None: what can be read of them.

    Raises what Pillow does."""


@dataclass(frozen=True, slots=True)
class FrameSequence:
    """The frames of a source that are there; `promised` counts those it tells of, if any."""

    size: Size
    frames: tuple[Frame, ...]
    plays: int
    """How often they are shown; 0 for ever."""
    promised: int = 0
    is_cut: bool = False
    """Whether a frame was begun and is not whole, and so is none of them."""
    picture_is_apart: bool = False
    """Whether what others show of the source is none of the frames."""

    @property
    def missing(self) -> str | None:
        """Say how many frames are there, where some are not."""
        there = len(self.frames)
        if self.promised > there:
            return f"cut short: {there:,} of {self.promised:,} frames are there"
        return f"cut short in frame {there + 1:,}, which is left out" if self.is_cut else None

    @property
    def largest(self) -> Size:
        """Return the most width and height (px) that have to be decoded at once."""
        sizes = [self.size] + [
            (right - left, bottom - top)
            for left, top, right, bottom in (frame.box for frame in self.frames)
            if left < self.size[0] and top < self.size[1]
        ]
        return max(width for width, _ in sizes), max(height for _, height in sizes)


def may_become_clear(frames: Sequence[Placed]) -> bool:
    """Tell whether a canvas that the first frame fills may show clear pixels later on."""
    if any(frame.may_be_clear and not frame.over for frame in frames[1:]):
        return True
    clears = {Disposal.CLEAR, Disposal.RESTORE}
    for before, after in pairwise(frames):
        if before.disposal in clears and not _hides(after, before):
            return True
        clears = {Disposal.CLEAR}  # what comes later restores what the first has left
    return False


def compose(size: Size, frames: Iterable[Frame]) -> Iterator[Image.Image]:
    """Yield the canvas (L, LA, RGB or RGBA) after each frame; none is written to afterwards."""
    beneath: Image.Image | None = None
    for frame in frames:
        canvas = _lay(beneath, frame, size)
        yield canvas or Image.new("RGBA", size)
        if canvas and frame.disposal is Disposal.KEEP:
            beneath = drop_opaque_alpha(canvas)
        elif canvas and frame.disposal is Disposal.CLEAR:
            beneath = _clear(canvas, frame.box)


def _lay(beneath: Image.Image | None, frame: Frame, size: Size) -> Image.Image | None:
    """Return the canvas with a frame on it; None where all still is clear."""
    image = frame.decode() if clip(frame.box, size) else None
    if image is None:
        return beneath
    image = _plain(image)
    left, top = frame.box[:2]  # nothing lies left of the canvas or above it
    width, height = min(image.width, size[0] - left), min(image.height, size[1] - top)
    if (width, height) != image.size:
        image = image.crop((0, 0, width, height))
    box = (left, top, left + width, top + height)
    replaces = not frame.over or not has_alpha(image)
    if image.size == size and (beneath is None or replaces):
        return image
    if beneath is None:
        canvas = Image.new(_with_alpha(image).mode, size)
        replaces = True
    elif replaces and has_alpha(image):
        canvas = beneath.copy() if has_alpha(beneath) else _with_alpha(beneath)
    else:
        canvas = beneath.copy()
    if replaces:
        canvas.paste(image, box)
    elif has_alpha(canvas):
        canvas.alpha_composite(image, (left, top))
    else:
        canvas.paste(image, box, image)
    return canvas


def clip(box: Box, size: Size) -> Box | None:
    """Return the part of a box that lies on the canvas, None for none."""
    left, top, right, bottom = box
    right, bottom = min(right, size[0]), min(bottom, size[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _hides(outer: Placed, inner: Placed) -> bool:
    """Tell whether a frame lies on another's box, to stay there, and lets nothing through."""
    left, top, right, bottom = outer.box
    holds = left <= inner.box[0] and top <= inner.box[1]
    holds = holds and inner.box[2] <= right and inner.box[3] <= bottom
    return holds and not outer.may_be_clear and outer.disposal is not Disposal.RESTORE


def _plain(image: Image.Image) -> Image.Image:
    image = make_alpha_channel(image)
    if image.mode in PLAIN:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _with_alpha(image: Image.Image) -> Image.Image:
    return image if has_alpha(image) else image.convert(f"{image.mode}A")


def _clear(canvas: Image.Image, box: Box) -> Image.Image | None:
    """Return a canvas whose box is clear; None where it is clear everywhere."""
    inside = clip(box, canvas.size)
    if inside == (0, 0, *canvas.size):
        return None
    if inside is None:
        return canvas
    cleared = canvas.copy() if has_alpha(canvas) else _with_alpha(canvas)
    cleared.paste((0,) * len(cleared.getbands()), inside)
    return cleared
