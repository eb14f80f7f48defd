"""Animations stay animations: frames, durations and loops, at every size."""

from __future__ import annotations

import io
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from lib import presets
from lib.domain.errors import ErrorCode, PermanentError, TransientError
from lib.domain.renditions import Made
from lib.imaging import render_animation
from lib.imaging.load import Animation, Picture, read_picture
from lib.imaging.render import make_renditions
from lib.imaging.resize import scale_down
from lib.imaging.time_budget import ENCODE_MARGIN, TimeBudget
from lib.imaging.transform import Transform
from lib.presets import Box, Fit, Watermark
from tests.support.images import photo, save

PRESETS = presets.load(Path(__file__).parents[2] / "presets.toml")
PRESET = replace(
    PRESETS.named(None).image,
    widths=(40, 80),
    boxes=(Box("box", 30, 30, Fit.COVER, "attention"),),
)
DELAYS = [100, 250, 400, 50]
COLORS = ["red", "lime", "blue", "white"]


def animated(container: str = "webp", size: tuple[int, int] = (120, 60), loops: int = 3) -> bytes:
    """Four flat colours, with a photo in the middle."""
    frames = [Image.new("RGB", size, color) for color in COLORS]
    for frame in frames:
        frame.paste(photo((20, 20)), (50, 20))
    options = {"duration": DELAYS, "loop": loops, "save_all": True, "append_images": frames[1:]}
    return save(frames[0], container, **options)


def read(data: bytes, container: str) -> Picture:
    return read_picture(data, container, PRESETS.limits)


def make(
    picture: Picture, preset: presets.ImagePreset = PRESET, watermark: bytes | None = None
) -> dict[str, Made]:
    making = make_renditions(picture, Transform(preset, watermark), TimeBudget(lambda: 60.0))
    return {made.name: made for made in making}


def frames_of(made: Made) -> list[tuple[Image.Image, int]]:
    assert isinstance(made.content, bytes), made.error
    image = Image.open(io.BytesIO(made.content))
    frames = []
    for index in range(getattr(image, "n_frames", 1)):
        image.seek(index)
        image.load()
        frames.append((image.convert("RGB"), image.info["duration"]))
    return frames


@pytest.mark.parametrize("container", ["gif", "webp", "png"])
@pytest.mark.parametrize("loops", [0, 3])
def test_frames_durations_and_loops_are_kept_at_every_size(container: str, loops: int):
    picture = read(animated(container, loops=loops), container)
    made = make(picture)
    assert list(made) == ["80.webp", "box.webp", "40.webp"]
    for each in made.values():
        frames = frames_of(each)
        assert [delay for _, delay in frames] == DELAYS
        assert {frame.size for frame, _ in frames} == {(each.width, each.height)}
        assert (each.frames, each.duration_ms, each.mime) == (4, 800, "image/webp")
        assert isinstance(each.content, bytes)
        assert Image.open(io.BytesIO(each.content)).info["loop"] == picture.probe.loops
        for (frame, _), color in zip(frames, COLORS, strict=True):
            corner = frame.resize((1, 1), box=(0, 0, 5, 5)).getpixel((0, 0))
            wanted = Image.new("RGB", (1, 1), color).getpixel((0, 0))
            assert corner == pytest.approx(wanted, abs=12)


def test_never_flattened_but_where_the_preset_says_so():
    still = make(read(animated(), "webp"), replace(PRESET, animated=False, widths=(40,)))
    assert list(still) == ["box.avif", "box.webp", "box.jpg", "40.avif", "40.webp", "40.jpg"]
    assert all(made.frames is None for made in still.values())
    assert isinstance(still["40.webp"].content, bytes)
    assert not getattr(Image.open(io.BytesIO(still["40.webp"].content)), "is_animated", False)


def test_a_preset_without_webp_animates_as_webp_all_the_same():
    preset = replace(PRESET, formats=("jpeg",), quality={"jpeg": 80}, boxes=())
    assert [made.mime for made in make(read(animated(), "webp"), preset).values()] == [
        "image/webp",
        "image/webp",
    ]


def test_transparent_frames_stay_so():
    frames = [Image.new("RGBA", (50, 50)) for _ in range(2)]
    for index, frame in enumerate(frames):
        frame.paste((255, 0, 0, 255), (index * 25, 0, index * 25 + 25, 50))
    data = save(frames[0], "png", save_all=True, append_images=frames[1:], duration=100)
    made = make(read(data, "png"), replace(PRESET, boxes=()))["50.webp"]
    assert isinstance(made.content, bytes)
    image = Image.open(io.BytesIO(made.content))
    for index in range(2):
        image.seek(index)
        alpha = image.convert("RGBA").getchannel("A")
        assert alpha.getpixel((10 + 25 * index, 25)) == 255
        assert alpha.getpixel((35 - 25 * index, 25)) == 0


def test_drawings_are_lossless_and_photos_are_not():
    flat = [Image.new("RGB", (64, 64), color) for color in COLORS]
    drawn = save(flat[0], "gif", save_all=True, append_images=flat[1:], duration=100)
    made = make(read(drawn, "gif"), replace(PRESET, boxes=()))["64.webp"]
    assert made.quality is None
    assert [frame.getpixel((3, 3)) for frame, _ in frames_of(made)] == [
        Image.new("RGB", (1, 1), color).getpixel((0, 0)) for color in COLORS
    ]
    shots = [photo((64, 64)), photo((64, 64)).rotate(90)]
    shot = save(shots[0], "webp", save_all=True, append_images=shots[1:], duration=100)
    assert make(read(shot, "webp"))["64.webp"].quality == 78


def test_every_frame_is_finished():
    mark = Watermark("config/logo.png", "north-west", 1.0, 0.5)
    preset = replace(PRESET, boxes=(), sharpen=50, watermark=mark)
    logo = save(Image.new("RGB", (10, 10), "black"), "png")
    for frame, _ in frames_of(make(read(animated(), "webp"), preset, logo)["80.webp"]):
        pixel = frame.getpixel((20, 20))
        assert isinstance(pixel, tuple)
        assert max(pixel) < 40


def test_auto_quality_counts_for_animations_too():
    shots = [photo((64, 64)), photo((64, 64)).rotate(90)]
    shot = save(shots[0], "webp", save_all=True, append_images=shots[1:], duration=100)
    picture = read(shot, "webp")
    low, high = (
        make(picture, replace(PRESET, quality=None, ssim=ssim))["64.webp"].quality
        for ssim in (0.9, 0.98)
    )
    assert low
    assert high
    assert low + 10 < high


class Reel:
    """An animation, and a clock for which a frame of all three sizes takes a second."""

    def __init__(self, count: int, size: tuple[int, int] = (120, 60)) -> None:
        self.count, self.size = count, size
        self.passes = 0
        self.most_held = 0
        self.now = 0.0

    def frames(self) -> Iterator[tuple[Image.Image, int]]:
        self.passes += 1
        decoded: list[weakref.ref[Image.Image]] = []
        for index in range(self.count):
            frame = Image.new("RGB", self.size, (index * 40 % 256, 0, 0))
            decoded.append(weakref.ref(frame))
            yield frame, 10
            del frame
            self.most_held = max(self.most_held, sum(each() is not None for each in decoded))

    def picture(self) -> Picture:
        still = read(animated(), "webp")
        width, height = self.size
        probe = replace(still.probe, width=width, height=height, frames=self.count, loops=0)
        return Picture(still.image, probe, Animation(self.frames, 0))


def test_decoded_once_for_all_sizes():
    reel = Reel(5)
    assert all(made.frames == 5 for made in make(reel.picture()).values())
    assert reel.passes == 1


def test_one_frame_is_held_at_a_time():
    reel = Reel(20)
    make(reel.picture())
    assert reel.most_held == 1


def test_a_format_limit_leaves_the_sizes_below_it():
    tall = Reel(2, (2, 17_000))
    preset = replace(PRESET, widths=(1, 2), boxes=(), lossless=False)
    made = make(tall.picture(), preset)
    failed = made["2.webp"].error
    assert failed
    assert failed.code is ErrorCode.ENCODE_FAILED
    assert failed.message == "2 × 17000 px, webp has at most 16383 px a side"
    assert made["1.webp"].frames == 2


def within(reel: Reel, seconds: float, monkeypatch: pytest.MonkeyPatch) -> dict[str, Made]:
    """Make an animation with so many seconds beside what storing takes."""

    def scale_slowly(levels: list[Image.Image], size: tuple[int, int]) -> Image.Image:
        reel.now += {80: 0.5, 60: 0.3, 40: 0.2}[size[0]]
        return scale_down(levels, size)

    monkeypatch.setattr(render_animation, "scale_down", scale_slowly)
    monkeypatch.setattr(time, "monotonic", lambda: reel.now)
    picture = reel.picture()
    left = seconds + ENCODE_MARGIN
    making = make_renditions(picture, Transform(PRESET), TimeBudget(lambda: left - reel.now))
    return {made.name: made for made in making}


def test_the_largest_is_given_up_when_time_runs_short(monkeypatch: pytest.MonkeyPatch):
    made = within(Reel(50), 40, monkeypatch)
    error = made["80.webp"].error
    assert error
    assert (error.code, error.permanent) == (ErrorCode.DEADLINE_NEAR, False)
    assert made["80.webp"].content is None
    assert (made["box.webp"].frames, made["40.webp"].frames) == (50, 50)


def test_as_many_are_given_up_as_it_takes(monkeypatch: pytest.MonkeyPatch):
    made = within(Reel(50), 15, monkeypatch)
    assert [name for name, each in made.items() if each.error] == ["80.webp", "box.webp"]
    assert made["40.webp"].frames == 50


def test_all_are_made_where_there_is_time(monkeypatch: pytest.MonkeyPatch):
    assert all(made.frames == 50 for made in within(Reel(50), 60, monkeypatch).values())


def test_an_animation_that_cannot_be_made_in_time_is_retried(monkeypatch: pytest.MonkeyPatch):
    reel = Reel(50)
    with pytest.raises(TransientError) as caught:
        within(reel, 3, monkeypatch)
    assert caught.value.code is ErrorCode.DEADLINE_NEAR
    assert reel.now < 10  # the rest is not decoded


def test_a_damaged_frame_fails_the_asset():
    data = bytearray(animated("webp"))
    key = data.rindex(b"\x9d\x01\x2a")  # begins the last frame's picture
    data[key : key + 3] = bytes(3)
    with pytest.raises(PermanentError) as caught:
        make(read(bytes(data), "webp"))
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA
