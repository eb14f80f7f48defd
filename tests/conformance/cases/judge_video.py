"""Judge what a source of video or sound became, by decoders and by the files themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

from lib.domain.media import MediaWarning, WarningCode
from tests.conformance.cases.case import Case, Check, Facts, compare, expect
from tests.conformance.cases.judge_end import ENDS
from tests.conformance.cases.made_video import EARLY_S, MadeVideo, frame
from tests.support.matrix_jobs import Ended, tracks

DURATION_MS = 100
"""Tolerance: containers round, and sound ends with its last block."""

SHAPE = 0.02
"""By how much a part of width by height may differ, for even sizes."""

DAMAGED = WarningCode.DAMAGED
"""What no source may be called that nothing says it of."""

CORNER_PART = 10
"""Of each side is looked at; what is shown there fills a sixth."""


def judge_video(case: Case, ended: Ended) -> list[str]:
    """Return what of an outcome differs from the right values."""
    if ended.problem:
        return [f"raised {type(ended.problem).__name__}: {ended.problem}"]
    differences = compare(MadeVideo(ended), case.facts, find_check)
    if "warnings" not in case.facts:
        differences += [f"warning: {each.message}" for each in _damages(ended)]
    if ended.left:
        differences.append(f"left behind: {', '.join(ended.left)}")
    if differences and (error := ended.asset.error):
        differences.append(f"({error.code}: {error.message})")
    return differences


def _damages(ended: Ended) -> Iterator[MediaWarning]:
    probe = ended.asset.probe
    return (each for each in (probe.warnings if probe else ()) if each.code == DAMAGED)


def find_check(key: str) -> Check | None:
    """Return the check of a key, None where there is none."""
    if pixel := re.fullmatch(r"pixel_(\d+)_(\d+)(_not)?", key):
        return _pixel(key, (int(pixel[1]), int(pixel[2])), is_wanted=pixel[3] is None)
    return _CHECKS.get(key)


def _size(made: MadeVideo, expected: int, facts: Facts) -> Iterator[str]:
    probe = made.asset.probe
    received = (getattr(probe, "width", None), getattr(probe, "height", None))
    wanted = (facts.get("width", received[0]), facts.get("height", received[1]))
    yield from expect("width, height", received, wanted)
    if made.picture and None not in wanted:
        width, height = made.picture.size
        if abs(width / height * wanted[1] / wanted[0] - 1) > SHAPE:
            yield f"shape: expected that of {wanted} but received {width} × {height}"


def _duration(made: MadeVideo, expected: int, _: Facts) -> Iterator[str]:
    lasting = {
        f"duration of {each.name}": each.duration_ms
        for each in made.asset.renditions
        if each.name in ("hls.m3u8", "audio.m4a")
    }
    if made.file:
        every = [*tracks(made.file, "Video"), *tracks(made.file, "Audio")]
        ends = [float(each["duration"]) for each in every if "duration" in each]
        lasting[f"duration of {made.file.name}"] = round(max(ends, default=0))
    lasting["duration_ms"] = made.asset.probe.duration_ms
    for what, received in lasting.items():
        if received is None or abs(received - expected) > DURATION_MS:
            yield f"{what}: expected {expected} ms but received {received}"


def _picture_lasts(made: MadeVideo, expected: int, _: Facts) -> Iterator[str]:
    names = sorted(made.ended.names())
    playlists = [each for each in names if each.startswith("h264-") and each.endswith(".m3u8")]
    lasting = {"picture_lasts_ms": None if not made.file else _picture_ms(made.file)}
    for name in playlists:
        lasts = re.findall(r"#EXTINF:([\d.]+)", made.ended.path(name).read_text("utf-8"))
        lasting[f"picture of {name}"] = round(sum(map(float, lasts)) * 1000)
    for what, received in lasting.items():
        if received is None or abs(received - expected) > DURATION_MS:
            yield f"{what}: expected {expected} ms but received {received}"


def _picture_ms(path: Path) -> int | None:
    return next((round(float(each["duration"])) for each in tracks(path, "Video")), None)


def _frames(made: MadeVideo, expected: int, _: Facts) -> Iterator[str]:
    yield from expect("frames", len(made.frames), expected)


def _frames_at_least(made: MadeVideo, expected: int, _: Facts) -> Iterator[str]:
    if len(made.frames) < expected:
        yield f"frames_at_least: expected {expected} but received {len(made.frames)}"


def _sounds(made: MadeVideo, expected: int, _: Facts) -> Iterator[str]:
    kinds = (each.name for each in made.asset.renditions if not each.error)
    yield from expect("sounds", sum(name.startswith("audio") for name in kinds), expected)


def _sound_s(made: MadeVideo, expected: float, facts: Facts) -> Iterator[str]:
    tolerance = facts.get("sound_tolerance_s", DURATION_MS / 1000)
    if made.sound_s is None or abs(made.sound_s - expected) > tolerance:
        yield f"sound_s: expected {expected} but received {made.sound_s}"


def _told_with(_made: MadeVideo, _expected: object, _facts: Facts) -> Iterator[str]:
    """Say nothing: it says how another key is judged, or what may be."""
    yield from ()


def _corners(made: MadeVideo, expected: Sequence[Sequence[int]], facts: Facts) -> Iterator[str]:
    if made.picture is None:
        yield "corners: there is no picture"
        return
    tolerance = facts.get("color_tolerance", LEVELS)
    width, height = made.picture.size
    part = (width // CORNER_PART, height // CORNER_PART)
    places = ((x, y) for y in (0, height - part[1]) for x in (0, width - part[0]))
    for (x, y), wanted in zip(places, expected, strict=True):
        mean = ImageStat.Stat(made.picture.crop((x, y, x + part[0], y + part[1]))).mean
        if any(abs(a - b) > tolerance for a, b in zip(mean, wanted, strict=True)):
            yield f"corners: expected {wanted} at {x}, {y} but received {[*map(round, mean)]}"


def _pixel(key: str, place: tuple[int, int], *, is_wanted: bool) -> Check:
    def check(made: MadeVideo, expected: Sequence[int], facts: Facts) -> Iterator[str]:
        if made.picture is None:
            yield f"{key}: there is no picture"
            return
        received = made.picture.getpixel(place)
        assert isinstance(received, tuple)
        near = facts.get("color_tolerance", NEAR)
        is_near = all(abs(a - b) <= near for a, b in zip(received, expected, strict=True))
        if is_near is not is_wanted:
            yield f"{key}: received {received}"

    return check


LEVELS = 16
"""Tolerance of a colour, where a case has none of its own."""

NEAR = 40
"""Levels: a colour that shines through is far from any other."""


def _square_pixels(made: MadeVideo, expected: bool, _: Facts) -> Iterator[str]:
    if made.picture is None:
        yield "square_pixels: there is no picture"
        return
    least = min(
        _least_difference(made.picture, frame(made.ended.source, EARLY_S).rotate(turn, expand=True))
        for turn in (0, 90, 180, 270)
    )
    if (least < ALIKE) is not expected:
        yield f"square_pixels: the best part of the source differs by {least:.1f} levels"


ALIKE = 12
"""Levels of difference, in the mean; parts that are stretched have 30 and more."""

STEP = 4
"""px in which a part of the source is looked for."""


def _least_difference(made: Image.Image, source: Image.Image) -> float:
    """Return how much a picture differs from the part of another that is most like it."""
    source, made = source.reduce(STEP), made.reduce(STEP)
    across, down = source.width - made.width, source.height - made.height
    if across < 0 or down < 0:
        return float("inf")
    parts = (
        source.crop((x, y, x + made.width, y + made.height))
        for x in range(across + 1)
        for y in range(down + 1)
    )
    return min(sum(ImageStat.Stat(ImageChops.difference(part, made)).mean) / 3 for part in parts)


def _audio(made: MadeVideo, expected: str, _: Facts) -> Iterator[str]:
    if expected not in made.ended.names():
        yield f"audio: there is no {expected}"


def _shown(made: MadeVideo, expected: list[str], _: Facts) -> Iterator[str]:
    yield from (f"shown: no {each!r}" for each in expected if each not in made.texts)


def _not_shown(made: MadeVideo, expected: list[str], _: Facts) -> Iterator[str]:
    yield from (f"not_shown: {each!r} is there" for each in expected if each in made.texts)


def _or(made: MadeVideo, expected: str, _: Facts) -> Iterator[str]:
    if expected not in INSTEAD:
        yield f"or_: nothing is known of {expected!r}"
        return
    yield from compare(made, INSTEAD[expected], find_check)


INSTEAD: dict[str, Facts] = {
    "audio.m4a only": {"status": "READY", "audio": "audio.m4a", "frames": 0},
    "PARTIAL that says it was cut": {"status": "PARTIAL", "warnings": ["INCOMPLETE"]},
}
"""What alternatives that are told in words ask for."""

_CHECKS: dict[str, Check] = {
    **ENDS,
    "width": _size,
    "height": _size,
    "duration_ms": _duration,
    "picture_lasts_ms": _picture_lasts,
    "frames": _frames,
    "frames_at_least": _frames_at_least,
    "first_range_may_be_empty": _told_with,
    "sounds": _sounds,
    "sound_s": _sound_s,
    "sound_tolerance_s": _told_with,
    "corners": _corners,
    "square_pixels": _square_pixels,
    "audio": _audio,
    "shown": _shown,
    "not_shown": _not_shown,
    "or_": _or,
    "plays_to_end": _told_with,
}
