"""Choose the picture that stands for a video, and make what a page shows before it is played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lib.domain.clock import Deadline
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.renditions import Made, Placeholder, RenditionKind
from lib.imaging.port import Images, ImageTask, Still, StillStatistics
from lib.presets import ImagePreset, Limits
from lib.presets.schema import LONGEST_SIDE

LIMITS = Limits(
    image_megapixels=100,
    image_megabytes=400,
    animation_frames=1,
    animation_megapixels=1,
    video_hours=0,
    source_gigabytes=0,
)
"""Of a picture that ffmpeg has written: no uploader chose its size or its format."""

DARK, LIGHT = 8, 247
"""Mean grey levels at which nothing can be seen: black and white, with a codec's noise."""

WELL_LIT = 40
"""Grey levels above DARK, or below LIGHT, from which on a mean is nothing to complain about."""

RICH = 50
"""Standard deviation of a picture from deep shadows to bright lights. Half faded it has half."""

SHARP = 10
"""Variance of edges between the blurred (0.3–7) and the sharp (40–120) of the pictures tried."""

LEAST_LIGHT = 0.05
"""What is dark all through, like a night sky, is still told apart by what can be seen in it."""

NEARLY = 0.85
"""Part of the best score that is as good."""


@dataclass(frozen=True, slots=True)
class Poster:
    """What was made of the still at `at_ms`, and what stands for it."""

    at_ms: int
    made: tuple[Made, ...]
    placeholder: Placeholder
    phash: str | None


def make_poster(stills: Path, preset: ImagePreset, deadline: Deadline, images: Images) -> Poster:
    """Make `poster.jpg`, `poster-640.jpg`, … of the best of the files `<ms>.jpg|png` in a folder.

    Widths, formats, quality and fallbacks are those of the preset; the largest, without a number,
    is as wide as the picture. One that fails carries its error.
    Raises PermanentError(ENCODE_FAILED) where there are no stills, TransientError(DEADLINE_NEAR)
    where for lack of time none is made, and what `images` does.
    """
    candidates = (
        sorted(stills.iterdir(), key=lambda path: int(path.stem)) if stills.is_dir() else ()
    )
    if not candidates:
        raise PermanentError(ErrorCode.ENCODE_FAILED, "expected a picture but none was decoded")
    pictures = [Still.read(each) for each in candidates]
    chosen = choose(images.measure_stills(pictures, deadline))
    still = pictures[chosen]
    # It looks like the video it stands for, which has no watermark and is not sharpened.
    widths = (*preset.widths, LONGEST_SIDE)
    whole = replace(preset, widths=widths, boxes=(), watermark=None, sharpen=0)
    with images.open(ImageTask(still.data, still.container, whole, LIMITS), deadline) as opened:
        widest = str(opened.probe.width)
        made = tuple(_name(each, widest) for each in opened.make_renditions())
        return Poster(int(candidates[chosen].stem), made, opened.placeholder, opened.probe.phash)


def choose(measured: Sequence[StillStatistics]) -> int:
    """Return the index of what is nearly as good as the best, and nearest to the middle.

    A clip begins before what it is about is in the picture, and ends after it has left. Of 20 clips
    whose stills were judged by eye, 19 got a good one, and 18 where the first of them was taken.
    """
    scores = [score(each) for each in measured]
    nearly = [index for index, each in enumerate(scores) if each >= NEARLY * max(scores)]
    middle = (len(scores) - 1) / 2
    return min(nearly, key=lambda index: abs(index - middle))


def score(still: StillStatistics) -> float:
    """Return 0–1: how well lit, rich and sharp a picture is. One fault is enough to spoil it."""
    to_black_or_white = min(still.mean - DARK, LIGHT - still.mean)
    light = min(1.0, max(LEAST_LIGHT, to_black_or_white / WELL_LIT))
    contrast = min(1.0, still.contrast / RICH)
    detail = still.detail / (still.detail + SHARP)
    return light * contrast * detail


def _name(made: Made, widest: str) -> Made:
    """Return a rendition by the name and kind of a poster."""

    def named(name: str) -> str:
        width, _, extension = name.rpartition(".")
        return f"poster.{extension}" if width == widest else f"poster-{width}.{extension}"

    return replace(
        made,
        name=named(made.name),
        kind=RenditionKind.POSTER,
        instead_of=named(made.instead_of) if made.instead_of else None,
    )
