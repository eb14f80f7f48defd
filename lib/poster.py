"""Choose the picture that stands for a video, and make what a page shows before it is played."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lib import imaging
from lib.errors import ErrorCode, PermanentError
from lib.imaging.stills import Look, measure, read_still
from lib.model import Made, Placeholder, RenditionKind
from lib.ports import Deadline
from lib.presets import ImagePreset
from lib.targets import EXTENSIONS, quality_in

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
"""Part of the best score that is as good: what comes early gives less of the plot away."""


@dataclass(frozen=True, slots=True)
class Poster:
    """What was made of the still at `at_ms`: renditions to come, and what stands for them."""

    at_ms: int
    made: Iterator[Made]
    placeholder: Placeholder
    phash: str | None


def make_poster(stills: Path, preset: ImagePreset, deadline: Deadline) -> Poster:
    """Make `poster.avif`, `poster.webp`, … of the best of the files `<ms>.jpg|png` in a folder.

    Formats, quality and fallbacks are those of the preset. One that fails carries its error; where
    for lack of time none is made, `made` raises TransientError(DEADLINE_NEAR) at its end.
    Raises PermanentError(ENCODE_FAILED) where there are no stills.
    """
    candidates = (
        sorted(stills.iterdir(), key=lambda path: int(path.stem)) if stills.is_dir() else ()
    )
    if not candidates:
        raise PermanentError(ErrorCode.ENCODE_FAILED, "expected a picture but none was decoded")
    looks = [measure(read_still(each)) for each in candidates]
    chosen = candidates[choose(looks)]
    picture = read_still(chosen)
    return Poster(
        int(chosen.stem),
        _encode(picture, preset, deadline),
        imaging.placeholder(picture),
        imaging.phash(picture),
    )


def choose(looks: Sequence[Look]) -> int:
    """Return the index of the first that is nearly as good as the best."""
    scores = [score(each) for each in looks]
    return next(index for index, each in enumerate(scores) if each >= NEARLY * max(scores))


def score(look: Look) -> float:
    """Return 0–1: how well lit, rich and sharp a picture is. One fault is enough to spoil it."""
    to_black_or_white = min(look.mean - DARK, LIGHT - look.mean)
    light = min(1.0, max(LEAST_LIGHT, to_black_or_white / WELL_LIT))
    contrast = min(1.0, look.contrast / RICH)
    detail = look.detail / (look.detail + SHARP)
    return light * contrast * detail


def _encode(picture: imaging.Picture, preset: ImagePreset, deadline: Deadline) -> Iterator[Made]:
    size = picture.image.size
    targets = (
        imaging.Target(
            name=f"poster.{EXTENSIONS[image_format]}",
            format=image_format,
            mime=f"image/{image_format}",
            width=size[0],
            height=size[1],
            quality=quality_in(preset, image_format),
            whole=size,
        )
        for image_format in preset.formats
    )
    # A poster looks like the video it stands for, which has neither.
    plain = replace(preset, watermark=None, sharpen=0)
    for made in imaging.make(picture, targets, plain, deadline):
        yield replace(made, kind=RenditionKind.POSTER)
