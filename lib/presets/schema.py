"""What each field may be. A check returns a value as the recipe wants it, or raises ValueError.

The error says what was expected; who calls adds the place and what was received.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lib.presets.model import FORMATS_IN, Fit

Check = Callable[[Any], Any]

IMAGE_FORMATS = ("avif", "webp", "jpeg")
VIDEO_CODECS = ("h264", "hevc", "av1")
X264_SPEEDS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow")
COMPASS = (
    *("north-west", "north", "north-east"),
    *("west", "centre", "east"),
    *("south-west", "south", "south-east"),
)
ATTENTION = "attention"
LONGEST_SIDE = 16_383
"""px: WebP's."""


def number(low: float, high: float, *, whole: bool = True) -> Check:
    """Allow a number in a range, both ends included."""
    kind = "a whole number" if whole else "a number"

    def check(value: Any) -> Any:
        allowed = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed) or not low <= value <= high:
            raise ValueError(f"{kind} from {low:g} to {high:g}")
        return value if whole else float(value)

    return check


def one_of(*choices: str) -> Check:
    """Allow one of some words."""

    def check(value: Any) -> Any:
        if value not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return value

    return check


def distinct(item: Check, what: str) -> Check:
    """Allow a list of at least one, without repetition; returns a tuple."""

    def check(value: Any) -> Any:
        if not isinstance(value, list) or not value:
            raise ValueError(f"a list of {what}, at least one")
        try:
            checked = [item(each) for each in value]
        except ValueError as exc:
            raise ValueError(f"a list of {what}, each {exc}") from exc
        if len(set(checked)) != len(checked):
            raise ValueError(f"a list of {what} without repetition")
        return tuple(checked)

    return check


def ascending(check_list: Check) -> Check:
    """Allow what a list check does; returns it sorted."""
    return lambda value: tuple(sorted(check_list(value)))


def color(value: Any) -> Any:
    """Allow `#rrggbb`; returns it in lower case."""
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError('a colour like "#ffffff"')
    return value.lower()


def flag(value: Any) -> Any:
    """Allow true and false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")  # noqa: TRY004 - one kind of error for all checks
    return value


def config_object(value: Any) -> Any:
    """Allow a key below `config/`."""
    if not isinstance(value, str) or not re.fullmatch(r"config(/[\w-][\w.-]*)+", value):
        raise ValueError('the key of an object below config/, like "config/logo.png"')
    return value


def quality(value: Any) -> Any:
    """Allow `"auto"` (returns None) or a table of numbers by format."""
    if value == "auto":
        return None
    if not isinstance(value, dict) or set(value) - set(IMAGE_FORMATS):
        formats = ", ".join(IMAGE_FORMATS)
        raise ValueError(f'"auto" or a table of format = quality for {formats}')
    check = number(1, 100)
    return {name: check(each) for name, each in sorted(value.items())}


def fallback(value: Any) -> Any:
    """Allow a table of format = another format."""
    if not isinstance(value, dict) or any(
        name not in IMAGE_FORMATS or other not in IMAGE_FORMATS or name == other
        for name, other in value.items()
    ):
        raise ValueError("a table of format = another format, of " + ", ".join(IMAGE_FORMATS))
    return dict(sorted(value.items()))


def fit(value: Any) -> Any:
    """Allow the names of `Fit`; returns it."""
    return Fit(one_of(*Fit)(value))


def crf(value: Any) -> Any:
    """Allow a table of codec = constant rate factor."""
    if not isinstance(value, dict) or not value or set(value) - set(VIDEO_CODECS):
        raise ValueError("a table of codec = factor for " + ", ".join(VIDEO_CODECS))
    check = number(0, 63)
    return {name: check(each) for name, each in sorted(value.items())}


BOX: dict[str, Check] = {
    "width": number(1, LONGEST_SIDE),
    "height": number(1, LONGEST_SIDE),
    "fit": fit,
    "position": one_of(*COMPASS, ATTENTION),
}
WATERMARK: dict[str, Check] = {
    "object": config_object,
    "position": one_of(*COMPASS),
    "opacity": number(0, 1, whole=False),
    "scale": number(0.01, 1, whole=False),
}
LIMITS: dict[str, Check] = {
    "image_megapixels": number(1, 1000),
    "image_megabytes": number(1, 500),
    "animation_frames": number(1, 10_000),
    "animation_megapixels": number(1, 10_000),
    "video_hours": number(0.001, 24, whole=False),
    "source_gigabytes": number(0.001, 5000, whole=False),
    "formats_in": distinct(one_of(*FORMATS_IN), "formats"),
}
IMAGE: dict[str, Check] = {
    "widths": ascending(distinct(number(1, LONGEST_SIDE), "widths in px")),
    "formats": distinct(one_of(*IMAGE_FORMATS), "formats"),
    "quality": quality,
    "ssim": number(0.5, 0.9999, whole=False),
    "background": color,
    "sharpen": number(0, 300),
    "lossless": flag,
    "animated": flag,
    "animated_mp4": flag,
    "fallback": fallback,
    "keep_copyright": flag,
    "redact_gps": flag,
}
"""Besides these an image table has the tables `boxes` and `watermark`."""
VIDEO: dict[str, Check] = {
    "ladder": ascending(distinct(number(2, 2160), "heights in px")),
    "codecs": distinct(one_of(*VIDEO_CODECS), "codecs"),
    "crf": crf,
    "speed": one_of(*X264_SPEEDS),
    "segment_seconds": number(1, 10),
    "max_frame_rate": number(1, 240),
    "mp4": number(0, 2160),
    "audio_kbps": number(16, 512),
    "loudness": flag,
    "storyboard": flag,
    "preview": one_of("webp", "mp4", "none"),
}
AUDIO: dict[str, Check] = {"kbps": number(16, 512), "loudness": flag, "waveform": flag}
