"""Animations: counted from their headers, decoded frame by frame, never held all at once."""

from __future__ import annotations

import gc
import struct
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from PIL.Image import core  # type: ignore[attr-defined]

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.load import Picture, read_picture
from lib.imaging.metadata.timeline import read_timeline
from tests.support.images import LIMITS, save

RED, BLUE = (255, 0, 0, 255), (0, 0, 255, 255)
CLEAR = (0, 0, 0, 0)
DELAYS = [100, 250, 400]
CONTAINERS = ["gif", "webp", "png", "avif"]


def frames(size: tuple[int, int] = (64, 48)) -> list[Image.Image]:
    """A red square that steps to the right over blue."""
    made = []
    for step in range(3):
        image = Image.new("RGBA", size, BLUE)
        image.paste(RED, (step * 20, 0, step * 20 + 20, size[1]))
        made.append(image)
    return made


def animated(container: str, images: list[Image.Image] | None = None, **options: object) -> bytes:
    first, *others = images or frames()
    lossless = {"lossless": True} if container == "webp" else {}
    options = {"duration": DELAYS, **lossless, **options}
    return save(first, container, save_all=True, append_images=others, **options)


def read(data: bytes, container: str, **options: int) -> Picture:
    return read_picture(data, container, LIMITS, **options)


def decoded(picture: Picture) -> list[tuple[Image.Image, int]]:
    assert picture.animation
    return list(picture.animation.frames())


def color(image: Image.Image, x: int, y: int = 20) -> tuple[int, ...]:
    """The nearest corner of the colour cube: encoders are lossy."""
    pixel = image.convert("RGBA").crop((x, y, x + 1, y + 1)).tobytes()
    return tuple(round(value / 255) * 255 for value in pixel)


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_frame_is_a_whole_picture_and_has_its_time(container: str):
    picture = read(animated(container), container)
    got = decoded(picture)
    assert [ms for _, ms in got] == DELAYS
    for step, (image, _) in enumerate(got):
        assert image.size == (64, 48)
        assert [color(image, x) for x in (10, 30, 50)] == [
            RED if x == step else BLUE for x in range(3)
        ]
    assert (picture.probe.frames, picture.probe.duration_ms) == (3, 750)
    assert color(picture.image, 10) == RED


@pytest.mark.parametrize("container", CONTAINERS)
def test_frames_can_be_decoded_again_and_abandoned(container: str):
    picture = read(animated(container), container)
    assert picture.animation
    next(picture.animation.frames())
    once, twice = decoded(picture), decoded(picture)
    assert [image.tobytes() for image, _ in once] == [image.tobytes() for image, _ in twice]


@pytest.mark.parametrize("container", CONTAINERS)
def test_frames_are_no_wider_than_asked(container: str):
    picture = read(animated(container), container, widest=32)
    assert {image.size for image, _ in decoded(picture)} == {(32, 24)}
    assert (picture.probe.width, picture.probe.height) == (64, 48)


@pytest.mark.parametrize("container", ["webp", "png"])
def test_frames_are_turned_upright(container: str):
    exif = Image.Exif()
    exif[0x0112] = 6
    got = decoded(read(animated(container, exif=exif.tobytes()), container))
    for step, (image, _) in enumerate(got):
        assert image.size == (48, 64)
        assert [color(image, 20, y) for y in (10, 30, 50)] == [
            RED if y == step else BLUE for y in range(3)
        ]


@pytest.mark.parametrize("container", ["gif", "webp", "png"])
def test_what_a_frame_clears_is_transparent_again(container: str):
    dots = []
    for step in range(3):
        image = Image.new("RGBA", (64, 48), CLEAR)
        image.paste(RED, (step * 20, 0, step * 20 + 20, 48))
        dots.append(image)
    got = decoded(read(animated(container, dots, disposal=2), container))
    for step, (image, _) in enumerate(got):
        seen = [color(image, x)[3] for x in (10, 30, 50)]
        assert seen == [255 if x == step else 0 for x in range(3)]


@pytest.mark.parametrize(
    ("container", "written", "plays"),
    [
        # A GIF says how often to repeat, the others how often to play.
        ("gif", {}, 1),
        ("gif", {"loop": 0}, 0),
        ("gif", {"loop": 2}, 3),
        ("gif", {"loop": 65535}, 65535),
        ("webp", {"loop": 0}, 0),
        ("webp", {"loop": 3}, 3),
        ("png", {"loop": 0}, 0),
        ("png", {"loop": 3}, 3),
        ("png", {"loop": 100_000}, 65535),
        ("avif", {}, 0),
    ],
)
def test_loops_are_plays(container: str, written: dict[str, Any], plays: int):
    picture = read(animated(container, **written), container)
    assert picture.animation
    assert picture.animation.loops == picture.probe.loops == plays


@pytest.mark.parametrize(("asked", "shown"), [(0, 100), (10, 100), (20, 20), (50, 50)])
@pytest.mark.parametrize("container", ["gif", "webp", "png"])
def test_delays_that_no_browser_keeps_are_those_that_it_shows(
    container: str, asked: int, shown: int
):
    picture = read(animated(container, duration=asked), container)
    assert [ms for _, ms in decoded(picture)] == [shown] * 3
    assert picture.probe.duration_ms == 3 * shown


@pytest.mark.parametrize("container", CONTAINERS)
def test_one_frame_is_no_animation(container: str):
    picture = read(save(frames()[0], container), container)
    assert picture.animation is None
    assert (picture.probe.frames, picture.probe.duration_ms, picture.probe.loops) == (1, None, None)


def test_the_picture_for_those_who_cannot_play_an_animated_png_is_not_shown():
    still = Image.new("RGBA", (64, 48), (0, 255, 0, 255))
    data = animated("png", [still, *frames()], default_image=True)
    picture = read(data, "png")
    assert color(picture.image, 10) == RED
    assert [color(image, 10) for image, _ in decoded(picture)] == [RED, BLUE, BLUE]
    assert picture.probe.frames == 3


@pytest.mark.parametrize("container", ["tiff", "heif"])
def test_pages_and_bursts_are_counted_and_not_played(container: str):
    options = {"save_all": True, "append_images": [page.convert("RGB") for page in frames()[1:]]}
    picture = read(save(frames()[0].convert("RGB"), container, **options), container)
    assert picture.probe.frames == 3
    assert picture.animation is None


def test_pages_in_a_circle_are_not_counted():
    data = bytearray(save(frames()[0], "tiff"))
    (first,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * entries, first)
    assert read(bytes(data), "tiff").probe.frames is None


def refusal(data: bytes, container: str, **tighter: Any) -> str:
    with pytest.raises(PermanentError) as caught:
        read_picture(data, container, replace(LIMITS, **tighter))
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED
    return caught.value.message


@pytest.mark.parametrize("container", CONTAINERS)
def test_too_many_frames_are_refused(container: str):
    data = animated(container)
    assert refusal(data, container, animation_frames=2).startswith("an animation of more than 2")
    assert read_picture(data, container, replace(LIMITS, animation_frames=3)).animation


@pytest.mark.parametrize("container", CONTAINERS)
def test_too_many_pixels_of_all_frames_are_refused(container: str):
    data = animated(container, frames((640, 600)))
    message = refusal(data, container, animation_megapixels=1)
    assert message == "3 frames of 640 × 600 px are 1.2 MP, the limit is 1 MP"
    assert read_picture(data, container, replace(LIMITS, animation_megapixels=2)).animation


def test_frames_beyond_the_canvas_are_cut():
    data = bytearray(animated("gif"))
    struct.pack_into("<2H", data, 6, 50, 48)
    starts = [at for at in range(len(data)) if data[at : at + 5] == b",\0\0\0\0"]
    struct.pack_into("<2H", data, starts[0] + 5, 50, 48)
    picture = read(bytes(data), "gif")
    *_, (last, _) = decoded(picture)
    assert last.size == (50, 48)
    assert (color(last, 37), color(last, 45)) == (BLUE, RED)


def test_a_billion_frames_are_not_walked():
    frame = b"!\xf9\x04\0\0\0\0\0" + b",\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    data = b"GIF89a\1\0\1\0\x80\0\0" + bytes(6) + frame * 500_000
    assert "more than 189,687 blocks" in refusal(data, "gif")
    assert "more than 1000 frames" in refusal(data[:40_000], "gif")
    assert read_timeline(Image.new("L", (1, 1)), data, "gif", 10).frames == 11


def test_a_sequence_that_is_cut_is_corrupt():
    """No reader shows an AVIF whose boxes are not there to their end."""
    data = animated("avif", [Image.effect_noise((64, 48), 90).convert("RGB") for _ in DELAYS])
    cut = data[: len(data) * 3 // 4]
    with pytest.raises(PermanentError) as caught:
        decoded(read(cut, "avif"))
    assert caught.value.code is ErrorCode.CORRUPT_MEDIA


def test_one_frame_is_held_at_a_time():
    """Ten times the frames take the same memory; measured where Pillow keeps its pixels."""
    held = []
    for count in (3, 30):
        images = [Image.effect_noise((400, 400), 50 + n).convert("RGB") for n in range(count)]
        picture = read(animated("webp", images, duration=50, lossless=False), "webp")
        assert picture.animation
        gc.collect()  # what other tests have left is not to be counted when it goes
        core.reset_stats()
        for image, _ in picture.animation.frames():
            image.load()
        stats = core.get_stats()
        held.append(stats["allocated_blocks"] - stats["freed_blocks"])
    assert held[1] <= held[0] + 1
