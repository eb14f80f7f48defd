"""Renditions: right sizes, same bytes on every run, and one failure leaves the rest alone."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from lib import imaging, presets
from lib.errors import ErrorCode, TransientError
from lib.imaging.encode import encode
from lib.imaging.rendering import ENCODE_MARGIN
from lib.model import Made, Probe

ROOT = Path(__file__).parents[2]
PRESETS = presets.load(ROOT / "presets.toml")
PRESET = PRESETS.named(None).image
HUBBLE = (ROOT / "tests" / "media" / "hubble.jpg").read_bytes()


def render(
    data: bytes, container: str, preset: presets.ImagePreset = PRESET, left: float = 60.0
) -> list[Made]:
    picture = imaging.read(data, container, PRESETS.limits, widest=max(preset.widths))
    return list(imaging.make(picture, imaging.plan(picture.probe, preset), preset, lambda: left))


def content(made: Made) -> bytes:
    assert isinstance(made.content, bytes), made.error
    return made.content


def opened(made: Made) -> Image.Image:
    return Image.open(io.BytesIO(content(made)))


def test_each_rendition_is_what_it_says():
    made = render(HUBBLE, "jpeg")
    assert len(made) == 9
    for each in made:
        image = opened(each)
        assert image.size == (each.width, each.height)
        assert f"image/{image.format}".lower() == each.mime
        assert each.error is None


def test_jpegs_are_progressive():
    assert all(
        opened(each).info.get("progressive")
        for each in render(HUBBLE, "jpeg")
        if ".jpg" in each.name
    )


def test_the_same_source_gives_the_same_bytes():
    assert [each.content for each in render(HUBBLE, "jpeg")] == [
        each.content for each in render(HUBBLE, "jpeg")
    ]


def test_the_number_of_processors_does_not_change_the_bytes():
    processors = os.sched_getaffinity(0)
    if len(processors) < 2:
        pytest.skip("needs two processors")
    many = [each.content for each in render(HUBBLE, "jpeg")]
    os.sched_setaffinity(0, {min(processors)})
    try:
        assert [each.content for each in render(HUBBLE, "jpeg")] == many
    finally:
        os.sched_setaffinity(0, processors)


def test_the_cascade_looks_like_one_lanczos_step():
    picture = imaging.read(HUBBLE, "jpeg", PRESETS.limits)
    lossless = replace(PRESET, widths=(320, 640), formats=("jpeg",), quality={"jpeg": 100})
    small = list(
        imaging.make(picture, imaging.plan(picture.probe, lossless), lossless, lambda: 60.0)
    )[-1]
    direct = encode(
        picture.image.resize((320, 279), Image.Resampling.LANCZOS), "jpeg", 100, "#ffffff"
    )
    difference = ImageChops.difference(opened(small), Image.open(io.BytesIO(direct)))
    assert max(ImageStat.Stat(difference).rms) < 1.5  # of 255; a bilinear cascade is at 4


def test_a_jpeg_decoded_small_looks_like_one_decoded_whole():
    file = io.BytesIO()
    Image.open(io.BytesIO(HUBBLE)).crop((0, 0, 997, 869)).save(file, "JPEG", quality=95)
    small = imaging.read(file.getvalue(), "jpeg", PRESETS.limits, widest=249).image
    whole = imaging.read(file.getvalue(), "jpeg", PRESETS.limits).image
    difference = ImageChops.difference(small, whole.resize(small.size, Image.Resampling.LANCZOS))
    assert max(ImageStat.Stat(difference).rms) < 4  # of 255; 12 where part of a pixel is lost


def test_a_large_jpeg_is_decoded_small_and_known_large():
    preset = replace(PRESET, widths=(240,))
    picture = imaging.read(HUBBLE, "jpeg", PRESETS.limits, widest=240)
    assert (picture.probe.width, picture.probe.height) == (1000, 872)
    assert picture.image.size == (240, 209)
    assert [(m.width, m.height) for m in render(HUBBLE, "jpeg", preset)] == [(240, 209)] * 3


def test_a_failing_encode_leaves_its_siblings():
    file = io.BytesIO()
    Image.linear_gradient("L").resize((20, 17_000)).save(file, "PNG")
    made = {each.name: each for each in render(file.getvalue(), "png")}
    assert list(made) == ["20.avif", "20.webp", "20.jpg"]
    failure = made["20.webp"].error
    assert failure is not None
    assert (failure.code, failure.permanent) == (ErrorCode.ENCODE_FAILED, True)
    assert failure.message == "20 × 17000 px, webp has at most 16383 px a side"
    assert made["20.webp"].content is None
    assert opened(made["20.jpg"]).size == opened(made["20.avif"]).size == (20, 17_000)


def test_an_encode_that_may_not_finish_is_not_begun():
    picture = imaging.read(HUBBLE, "jpeg", PRESETS.limits, widest=320)
    left = iter([ENCODE_MARGIN + 1, ENCODE_MARGIN - 0.1])
    making = imaging.make(picture, imaging.plan(picture.probe, PRESET), PRESET, lambda: next(left))
    assert next(making).content
    with pytest.raises(TransientError) as caught:
        next(making)
    assert caught.value.code is ErrorCode.DEADLINE_NEAR


def disc() -> bytes:
    """A red disc whose surroundings are transparent black."""
    image = Image.new("RGBA", (400, 400))
    image.paste((255, 0, 0, 255), (100, 100, 300, 300))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_alpha_is_kept_where_the_format_has_it_and_laid_on_the_background_elsewhere():
    preset = replace(PRESET, widths=(150,), background="#00ff00")
    made = {each.name: opened(each) for each in render(disc(), "png", preset)}
    for name in ("150.avif", "150.webp"):
        assert made[name].mode == "RGBA", name
        assert made[name].getchannel("A").getextrema() == (0, 255), name
    paper = list(made["150.jpg"].crop((2, 2, 3, 3)).tobytes())
    assert made["150.jpg"].mode == "RGB"
    assert paper[1] > 240
    assert max(paper[0], paper[2]) < 20


def test_resizing_brings_no_dark_fringe_in():
    picture = imaging.read(disc(), "png", PRESETS.limits, widest=150)
    red, alpha = picture.image.getchannel("R"), picture.image.getchannel("A")
    visible = [r for r, a in zip(red.tobytes(), alpha.tobytes(), strict=True) if a > 25]
    assert min(visible) >= 250


def test_an_alpha_channel_that_hides_nothing_is_dropped():
    file = io.BytesIO()
    Image.new("RGBA", (50, 50), (1, 2, 3, 255)).save(file, "PNG")
    picture = imaging.read(file.getvalue(), "png", PRESETS.limits)
    assert picture.image.mode == "RGB"
    assert picture.probe.has_alpha is False


@pytest.mark.parametrize("container", ["gif", "png"])
def test_a_transparent_palette_entry_is_alpha(container: str):
    image = Image.new("P", (10, 10), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(0, (0, 0, 5, 10))
    file = io.BytesIO()
    image.save(file, container, transparency=0)
    picture = imaging.read(file.getvalue(), container, PRESETS.limits)
    assert picture.probe.has_alpha is True
    assert picture.image.getchannel("A").crop((0, 0, 1, 1)).tobytes() == b"\0"
    assert picture.image.crop((9, 9, 10, 10)).convert("RGBA").tobytes() == b"\0\0\xff\xff"


def test_a_picture_of_one_pixel():
    file = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(file, "PNG")
    assert [opened(each).size for each in render(file.getvalue(), "png")] == [(1, 1)] * 3
    picture = imaging.read(file.getvalue(), "png", PRESETS.limits)
    assert picture.probe == Probe(
        width=1, height=1, frames=1, format="png", has_alpha=False, color_space="sRGB"
    )
