"""Judge what others show of the cases, by those of their right values that can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PIL import Image

from tests.conformance.cases import judge_image, judge_video
from tests.conformance.cases.case import Check, Facts, compare, expect
from tests.conformance.cases.made_video import EARLY_S, decode_sound, frame
from tests.support.ffmpeg_binary import find_ffmpeg
from tests.support.matrix_jobs import frame_times, tracks

RIGHT, WRONG, DASH = "right", "wrong", "–"

PIXELS = ("width", "height", "has_alpha", "frames")
"""Besides points."""

UNSEEN = {"latitude", "longitude", "captured_at", "loops", "openable", "error"}
"""What a row is about where it has one of these."""

SEEN = (
    *("frames", "frames_at_least", "sound_s", "corners", "square_pixels", "picture_lasts_ms"),
    *("duration_ms", "width", "height", "either"),
)
"""Besides single pixels."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The frames of an image that somebody decoded, none where it was refused."""

    shown: list[Image.Image]

    def played(self) -> int:
        return len(self.shown)

    def frames(self) -> list[Image.Image]:
        return self.shown


def judge_frames(facts: Facts, shown: list[Image.Image]) -> str:
    """Tell whether an image is shown rightly; a dash where nothing of it can be seen."""
    seen = {key: facts[key] for key in facts if key in PIXELS or key.startswith("points")}
    if not seen or UNSEEN & facts.keys():
        return DASH
    if not shown:
        return WRONG
    return WRONG if compare(Shown(shown), seen, _find_frames) else RIGHT


def _find_frames(key: str) -> Check | None:
    return judge_image.find_check(key) if key.startswith("points") else _frames_fact


def _frames_fact(made: Shown, _: Any, facts: Facts) -> Iterator[str]:
    first = made.shown[0]
    opaque = all(each.getchannel("A").getextrema()[0] == 255 for each in made.shown)
    found = {
        "width": first.width,
        "height": first.height,
        "has_alpha": not opaque,
        "frames": len(made.shown),
    }
    for key in facts.keys() & found.keys():
        yield from expect(key, found[key], facts[key])


@dataclass
class Transcoded:
    """A video that somebody encoded anew into one file."""

    source: Path
    file: Path
    ended: Any = field(init=False)

    def __post_init__(self) -> None:
        self.ended = SimpleNamespace(source=self.source, names=tuple)

    @cached_property
    def frames(self) -> list[float]:
        return frame_times(self.file, find_ffmpeg()) if tracks(self.file, "Video") else []

    @cached_property
    def picture(self) -> Image.Image | None:
        return frame(self.file, EARLY_S) if tracks(self.file, "Video") else None

    @cached_property
    def sound_s(self) -> float | None:
        return decode_sound(self.file)


def judge_transcoded(facts: Facts, made: Transcoded) -> str:
    """Tell whether a file is what its source should become; a dash where nothing can be seen."""
    seen = {key: facts[key] for key in facts if key in SEEN or key.startswith("pixel_")}
    if not seen:
        return DASH
    if not made.file.is_file():
        return WRONG
    return WRONG if compare(made, seen | _tolerances(facts), _find_transcoded) else RIGHT


def _tolerances(facts: Facts) -> dict[str, Any]:
    return {key: facts[key] for key in facts if key.endswith(("_tolerance", "_tolerance_s"))}


def _find_transcoded(key: str) -> Check | None:
    own: dict[str, Check] = {"width": _size, "height": _size, "duration_ms": _duration}
    return own.get(key) or judge_video.find_check(key)


def _size(made: Transcoded, _: int, facts: Facts) -> Iterator[str]:
    if made.picture is None:
        yield "there is no picture"
        return
    # A square shape of as many lines is as right.
    width, height = made.picture.size
    if abs(width / height * facts["height"] / facts["width"] - 1) > judge_video.SHAPE:
        yield "shape"


def _duration(made: Transcoded, expected: int, _: Facts) -> Iterator[str]:
    every = [*tracks(made.file, "Video"), *tracks(made.file, "Audio")]
    last = max((float(each["duration"]) for each in every if "duration" in each), default=0)
    if abs(last - expected) > judge_video.DURATION_MS:
        yield f"duration: {last}"


@dataclass(frozen=True, slots=True)
class Played:
    """What a browser shows of a video as it is."""

    picture: Image.Image | None
    width: int
    height: int
    duration_s: float


def judge_played(facts: Facts, shown: Any) -> str:
    """Tell whether a browser shows a video rightly; a dash where it refuses it."""
    keys = ("width", "height", "duration_ms", "corners", "either")
    seen = {key: facts[key] for key in facts if key in keys or key.startswith("pixel_")}
    if not seen or shown is None:
        return DASH
    made = Played(shown["frame"], shown["width"], shown["height"], shown["duration"] or 0)
    return WRONG if compare(made, seen | _tolerances(facts), _find_played) else RIGHT


def _find_played(key: str) -> Check | None:
    if key in ("width", "height", "duration_ms"):
        return _played_fact
    return judge_video.find_check(key)


def _played_fact(made: Played, _: Any, facts: Facts) -> Iterator[str]:
    if "width" in facts:
        yield from expect("size", (made.width, made.height), (facts["width"], facts["height"]))
    if "duration_ms" in facts:
        apart = abs(made.duration_s * 1000 - facts["duration_ms"])
        yield from expect("duration", apart > judge_video.DURATION_MS, False)
