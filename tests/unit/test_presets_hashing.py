"""The recipe hash: part of every key that users have, so that no renaming may change it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from lib import presets
from lib.presets import AudioPreset, Box, Fit, ImagePreset, VideoPreset, Watermark
from lib.presets.hashing import recipe_hash, recipe_values

SHIPPED = presets.load(presets.PACKAGED).named(None)
IMAGE = ImagePreset(
    widths=(100, 200),
    boxes=(Box("thumb", 64, 48, Fit.CONTAIN, "north"),),
    formats=("png", "webp"),
    quality={"webp": 71, "png": 99},
    ssim=0.97,
    background="#fffaf0",
    sharpen=12,
    lossless=True,
    animated=False,
    animated_mp4=True,
    fallback={"avif": "webp"},
    watermark=Watermark("config/lögo.png", "south-east", 0.6, 0.2),
    keep_copyright=True,
    redact_gps=False,
)
VIDEO = VideoPreset(
    ladder=(240, 720),
    codecs=("h264", "av1"),
    crf={"h264": 22, "av1": 36},
    speed="medium",
    segment_seconds=6,
    max_frame_rate=50,
    mp4=480,
    audio_kbps=96,
    loudness=True,
    storyboard=False,
    preview="mp4",
)
AUDIO = AudioPreset(kbps=96, loudness=True, waveform=False)


@pytest.mark.parametrize(
    ("part", "ingredients", "expected"),
    [
        (SHIPPED.image, (), "561b32bf29ab"),
        (SHIPPED.video, (), "1c1c0b6fa72d"),
        (SHIPPED.audio, (), "a7635ff02377"),
        (SHIPPED.image, ("1c1c0b6fa72d",), "b0db56e8748f"),
        (SHIPPED.video, ("561b32bf29ab",), "7abefcc27f99"),
        (IMAGE, (), "f0937ce4c239"),
        (replace(IMAGE, quality=None, watermark=None, boxes=()), (), "2eef3706ada2"),
        (IMAGE, ("a", "b"), "d29791864941"),
        (VIDEO, (), "82fd10177094"),
        (AUDIO, (), "7aee65bc4a8e"),
    ],
)
def test_is_what_it_was_in_every_release(
    part: ImagePreset | VideoPreset | AudioPreset, ingredients: tuple[str, ...], expected: str
) -> None:
    assert recipe_hash(part, *ingredients) == expected


@pytest.mark.parametrize("part", [IMAGE, VIDEO, AUDIO])
def test_no_class_is_named_in_it(part: Any) -> None:
    renamed = type("Renamed", (type(part),), {})
    same = renamed(**{each.name: getattr(part, each.name) for each in fields(part)})
    assert recipe_hash(same) == recipe_hash(part)


@pytest.mark.parametrize("part", [IMAGE, VIDEO, AUDIO])
def test_it_changes_with_every_field_of_every_depth(part: Any) -> None:
    changed = dict(changes(part))
    assert {name.partition(".")[0] for name in changed} == {each.name for each in fields(part)}
    forgotten = [
        name for name, each in changed.items() if recipe_values(each) == recipe_values(part)
    ]
    assert forgotten == []


def changes(part: Any) -> Iterator[tuple[str, Any]]:
    """Yield a copy for each field, also of what lies inside, in which that field is another."""
    for name in (each.name for each in fields(part)):
        match getattr(part, name):
            case (first,) if is_dataclass(first):
                inside: list[tuple[str, Any]] = [(at, (it,)) for at, it in changes(first)]
            case value if is_dataclass(value):
                inside = list(changes(value))
            case value:
                inside = [("", [value])]
        yield from ((f"{name}.{at}", replace(part, **{name: it})) for at, it in inside)


def test_each_change_is_a_hash_of_its_own() -> None:
    hashes = [recipe_hash(each) for part in (IMAGE, VIDEO, AUDIO) for _, each in changes(part)]
    assert len(set(hashes)) == len(hashes)
