"""Renditions: right sizes and pixels, same bytes on every run, and nothing but pixels."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from lib import presets
from lib.domain.media import ImageProbe
from lib.domain.renditions import Made
from lib.imaging.auto_quality import measure_ssim
from lib.imaging.decode import DECODERS, open_header
from lib.imaging.encode import encode
from lib.imaging.load import read_picture
from lib.imaging.render import make_renditions
from lib.imaging.resize import resize, resize_first, scale_down
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform, sharpen
from tests.support.images import photo, save

ROOT = Path(__file__).parents[2]
PRESETS = presets.load(ROOT / "presets.toml")
PRESET = PRESETS.named(None).image
HUBBLE = (ROOT / "tests" / "media" / "hubble.jpg").read_bytes()


def render(
    data: bytes,
    container: str,
    preset: presets.ImagePreset = PRESET,
    threads: int | None = None,
) -> list[Made]:
    picture = read_picture(data, container, PRESETS.limits, widest=max(preset.widths))
    return list(
        make_renditions(picture, Transform(preset), TimeBudget(lambda: 60.0), threads=threads)
    )


def content(made: Made) -> bytes:
    assert isinstance(made.content, bytes), made.error
    return made.content


def opened(made: Made) -> Image.Image:
    return Image.open(io.BytesIO(content(made)))


def test_each_rendition_is_what_it_says():
    made = render(HUBBLE, "jpeg")
    assert len(made) == 12
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


def test_the_number_of_threads_does_not_change_the_bytes():
    alone = [(each.name, each.content) for each in render(HUBBLE, "jpeg", threads=1)]
    for _ in range(3):
        assert [(each.name, each.content) for each in render(HUBBLE, "jpeg", threads=8)] == alone


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


@pytest.mark.parametrize("name", ["hubble.jpg", "portrait-gps.jpg", "really-a-jpeg.txt"])
def test_a_cascade_looks_like_one_lanczos_step(name: str):
    photo = Image.open(ROOT / "tests" / "media" / name).convert("RGB")
    levels = [photo]
    for share in (0.8, 0.5, 0.4, 0.25, 0.1):
        size = round(photo.width * share), round(photo.height * share)
        direct = photo.resize(size, Image.Resampling.LANCZOS)
        assert measure_ssim(scale_down(levels, size), direct) > 0.99, share
    assert len(levels) < 5  # what is close to a level is none


@pytest.mark.parametrize("name", ["hubble.jpg", "portrait-gps.jpg", "really-a-jpeg.txt"])
@pytest.mark.parametrize("factor", [1.1, 1.3, 1.4, 1.6, 1.8, 2.1])
def test_what_is_made_of_a_picture_that_was_kept_smaller_looks_like_one_lanczos_step(
    name: str, factor: float
):
    photo = Image.open(ROOT / "tests" / "media" / name).convert("RGB")
    kept = round(photo.width / factor), round(photo.height / factor)
    levels = [resize_first(photo, kept)]
    for share in (1, 0.6, 0.3):
        size = round(kept[0] * share), round(kept[1] * share)
        direct = photo.resize(size, Image.Resampling.LANCZOS)
        assert measure_ssim(scale_down(levels, size), direct) > 0.99, share


def test_an_extent_is_kept_by_the_cheaper_filter():
    photo = Image.open(io.BytesIO(HUBBLE)).convert("RGB")
    extent = 993.5, 866.5
    first, plain = resize_first(photo, (700, 610), extent), resize(photo, (700, 610), extent)
    assert first.tobytes() != plain.tobytes()
    assert measure_ssim(first, plain) > 0.99


def test_small_steps_are_not_chained():
    photo = Image.open(io.BytesIO(HUBBLE)).convert("RGB")
    levels = [photo]
    sizes = [(width, width) for width in range(900, 400, -10)]
    scaled = [scale_down(levels, size) for size in sizes][-1]
    direct = photo.resize(sizes[-1], Image.Resampling.LANCZOS)
    assert measure_ssim(scaled, direct) > 0.99


def test_a_jpeg_decoded_small_looks_like_one_decoded_whole():
    file = io.BytesIO()
    Image.open(io.BytesIO(HUBBLE)).crop((0, 0, 997, 869)).save(file, "JPEG", quality=95)
    small = read_picture(file.getvalue(), "jpeg", PRESETS.limits, widest=249).image
    whole = read_picture(file.getvalue(), "jpeg", PRESETS.limits).image
    difference = ImageChops.difference(small, whole.resize(small.size, Image.Resampling.LANCZOS))
    assert max(ImageStat.Stat(difference).rms) < 4  # of 255; 12 where part of a pixel is lost


def test_a_large_jpeg_is_decoded_small_and_known_large():
    preset = replace(PRESET, widths=(240,), boxes=())
    picture = read_picture(HUBBLE, "jpeg", PRESETS.limits, widest=240)
    assert (picture.probe.width, picture.probe.height) == (1000, 872)
    assert picture.image.size == (240, 209)
    assert [(m.width, m.height) for m in render(HUBBLE, "jpeg", preset)] == [(240, 209)] * 3


def disc() -> bytes:
    """A red disc whose surroundings are transparent black."""
    image = Image.new("RGBA", (400, 400))
    image.paste((255, 0, 0, 255), (100, 100, 300, 300))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_alpha_is_kept_where_the_format_has_it_and_laid_on_the_background_elsewhere():
    preset = replace(PRESET, widths=(150,), boxes=(), background="#00ff00")
    made = {each.name: opened(each) for each in render(disc(), "png", preset)}
    for name in ("150.avif", "150.webp"):
        assert made[name].mode == "RGBA", name
        assert made[name].getchannel("A").getextrema() == (0, 255), name
    paper = list(made["150.jpg"].crop((2, 2, 3, 3)).tobytes())
    assert made["150.jpg"].mode == "RGB"
    assert paper[1] > 240
    assert max(paper[0], paper[2]) < 20


def test_resizing_brings_no_dark_fringe_in():
    picture = read_picture(disc(), "png", PRESETS.limits, widest=150)
    red, alpha = picture.image.getchannel("R"), picture.image.getchannel("A")
    visible = [r for r, a in zip(red.tobytes(), alpha.tobytes(), strict=True) if a > 25]
    assert min(visible) >= 250


def test_an_alpha_channel_that_hides_nothing_is_dropped():
    file = io.BytesIO()
    Image.new("RGBA", (50, 50), (1, 2, 3, 255)).save(file, "PNG")
    picture = read_picture(file.getvalue(), "png", PRESETS.limits)
    assert picture.image.mode == "RGB"
    assert picture.probe.has_alpha is False


@pytest.mark.parametrize("container", ["gif", "png"])
def test_a_transparent_palette_entry_is_alpha(container: str):
    image = Image.new("P", (10, 10), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(0, (0, 0, 5, 10))
    file = io.BytesIO()
    image.save(file, container, transparency=0)
    picture = read_picture(file.getvalue(), container, PRESETS.limits)
    assert picture.probe.has_alpha is True
    assert picture.image.getchannel("A").crop((0, 0, 1, 1)).tobytes() == b"\0"
    assert picture.image.crop((9, 9, 10, 10)).convert("RGBA").tobytes() == b"\0\0\xff\xff"


def test_a_picture_of_one_pixel():
    file = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(file, "PNG")
    assert [opened(each).size for each in render(file.getvalue(), "png")] == [(1, 1)] * 6
    picture = read_picture(file.getvalue(), "png", PRESETS.limits)
    assert picture.probe == ImageProbe(
        width=1,
        height=1,
        frames=1,
        format="png",
        has_alpha=False,
        color_space="sRGB",
        complete=True,
    )


def test_nothing_but_pixels_is_written_unless_the_copyright_is_to_be_kept():
    data = (ROOT / "tests" / "media" / "portrait-gps.jpg").read_bytes()
    picture = read_picture(data, "jpeg", PRESETS.limits)
    picture = replace(picture, probe=replace(picture.probe, copyright="© Zoë 2024"))
    for keep in (False, True):
        preset = replace(PRESET, widths=(64,), boxes=(), keep_copyright=keep)
        for made in make_renditions(picture, Transform(preset), TimeBudget(lambda: 60.0)):
            image = opened(made)
            exif = dict(image.getexif())
            assert exif.keys() == ({0x8298} if keep else set()), made.name
            assert image.info.keys().isdisjoint({"icc_profile", "xmp", "comment", "photoshop"})
            assert ("© Zoë 2024".encode() in content(made)) is keep
            assert b"Pocket" not in content(made)


def test_sharpening_steepens_edges_and_leaves_transparency_alone():
    def steepest(percent: int) -> tuple[int, bytes]:
        image = Image.new("LA", (64, 64), (100, 128))
        image.paste((160, 128), (32, 0, 64, 64))
        file = io.BytesIO()
        image.save(file, "PNG")
        preset = replace(
            PRESET, widths=(48,), boxes=(), formats=("webp",), lossless=True, sharpen=percent
        )
        sharpened = opened(render(file.getvalue(), "png", preset)[0]).convert("RGBA")
        line = sharpened.getchannel("R").crop((0, 24, 48, 25)).tobytes()
        steps = [after - before for before, after in pairwise(line)]
        return max(steps), sharpened.getchannel("A").tobytes()

    (plain, alpha), (sharp, same_alpha) = steepest(0), steepest(150)
    assert sharp > plain + 5
    assert alpha == same_alpha


def test_the_cascade_is_not_sharpened_twice():
    preset = replace(PRESET, boxes=(), formats=("jpeg",), quality={"jpeg": 95}, sharpen=60)
    made = render(HUBBLE, "jpeg", preset)[-1]
    levels = [read_picture(HUBBLE, "jpeg", PRESETS.limits).image]
    for size in ((640, 558), (320, 279)):
        scaled = scale_down(levels, size)
    assert content(made) == encode(sharpen(scaled, 60), "jpeg", 95, "#ffffff")


@pytest.mark.parametrize(
    ("width", "decoded"), [(20, (400, 300)), (260, (400, 300)), (270, (800, 600)), (540, None)]
)
def test_a_large_jpeg_is_decoded_at_a_part_of_its_size(width: int, decoded: tuple[int, int] | None):
    """A half or a quarter, where that is half as large again as what is wanted."""
    data = save(photo((1600, 1200)), "jpeg")
    image = open_header(data, "jpeg", PRESETS.limits)
    reduce = DECODERS["jpeg"].reduce
    assert reduce
    assert reduce(image, data, (width, width * 3 // 4)) == (decoded or (1600, 1200))
    assert image.size == (decoded or (1600, 1200))
