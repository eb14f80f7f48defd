"""The watermark: where it lies, how large it is, how much of the picture it lets through."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from lib import presets
from lib.imaging import transform
from lib.imaging.in_process import InProcess
from lib.imaging.load import read_picture
from lib.imaging.port import ImageTask
from lib.imaging.render import make_renditions
from lib.imaging.time_budget import TimeBudget
from lib.imaging.transform import Transform
from lib.imaging.watermark import apply_watermark, read_watermark
from lib.presets import Watermark
from tests.support.images import save

ROOT = Path(__file__).parents[2]
PRESETS = presets.load(ROOT / "presets.toml")
WHITE, RED = (255, 255, 255), (255, 0, 0)


def mark(position: str = "centre", opacity: float = 1.0, scale: float = 0.5) -> Watermark:
    return Watermark("config/logo.png", position, opacity, scale)


def covered(image: Image.Image) -> tuple[int, int, int, int] | None:
    """Return the rectangle that is not white."""
    return image.convert("RGB").convert("L").point([255] * 255 + [0]).getbbox()


RED_LOGO = Image.new("RGBA", (40, 20), (*RED, 255))


@pytest.mark.parametrize(
    ("position", "rectangle"),
    [
        ("north-west", (2, 2, 42, 22)),
        ("north", (80, 2, 120, 22)),
        ("east", (158, 40, 198, 60)),
        ("centre", (80, 40, 120, 60)),
        ("south-east", (158, 78, 198, 98)),
    ],
)
def test_lies_where_it_should_off_the_edge(position: str, rectangle: tuple[int, int, int, int]):
    paper = Image.new("RGB", (200, 100), WHITE)
    assert covered(apply_watermark(RED_LOGO, paper, mark(position, scale=0.2))) == rectangle
    assert covered(paper) is None


@pytest.mark.parametrize(("scale", "width"), [(0.1, 20), (0.5, 100), (1.0, 192)])
def test_is_as_wide_as_a_part_of_the_rendition(scale: float, width: int):
    laid = apply_watermark(RED_LOGO, Image.new("RGB", (200, 200), WHITE), mark(scale=scale))
    box = covered(laid)
    assert box
    assert (box[2] - box[0], box[3] - box[1]) == (width, width // 2)


def test_is_never_higher_than_the_rendition():
    box = covered(apply_watermark(RED_LOGO, Image.new("RGB", (400, 20), WHITE), mark(scale=0.5)))
    assert box
    assert (box[2] - box[0], box[3] - box[1]) == (40, 20)


@pytest.mark.parametrize("opacity", [0.0, 0.25, 0.6, 1.0])
def test_opacity_lets_the_picture_through(opacity: float):
    laid = apply_watermark(RED_LOGO, Image.new("RGB", (200, 100), WHITE), mark(opacity=opacity))
    pixel = laid.getpixel((100, 50))
    assert isinstance(pixel, tuple)
    assert pixel == pytest.approx((255, *[255 * (1 - opacity)] * 2), abs=2)


def test_is_seen_on_what_is_transparent():
    laid = apply_watermark(RED_LOGO, Image.new("RGBA", (200, 100), (0, 0, 0, 0)), mark(opacity=0.5))
    assert laid.mode == "RGBA"
    assert laid.getpixel((100, 50)) == pytest.approx((*RED, 128), abs=2)
    assert laid.getpixel((2, 2)) == (0, 0, 0, 0)


def test_colours_a_grey_picture():
    laid = apply_watermark(RED_LOGO, Image.new("L", (200, 100), 255), mark())
    assert laid.getpixel((100, 50)) == RED


@pytest.mark.parametrize("size", [(1, 1), (3, 1), (1, 50)])
def test_fits_on_slivers(size: tuple[int, int]):
    assert apply_watermark(RED_LOGO, Image.new("RGB", size), mark("south-east")).size == size


def test_every_rendition_gets_it_in_proportion():
    preset = replace(
        PRESETS.named(None).image,
        widths=(100, 200),
        boxes=(),
        formats=("webp",),
        lossless=True,
        watermark=mark("south-east", 1.0, 0.5),
    )
    picture = read_picture(save(Image.new("RGB", (200, 200), WHITE), "png"), "png", PRESETS.limits)
    logo = save(RED_LOGO, "png")
    making = make_renditions(picture, Transform(preset, logo), TimeBudget(lambda: 60.0))
    boxes = []
    for made in making:
        assert isinstance(made.content, bytes)
        boxes.append(covered(Image.open(io.BytesIO(made.content))))
    assert boxes == [(96, 146, 196, 196), (48, 73, 98, 98)]


def test_a_preset_without_one_ignores_it():
    preset = replace(PRESETS.named(None).image, widths=(50,), boxes=(), formats=("webp",))
    picture = read_picture(save(Image.new("RGB", (50, 50), WHITE), "png"), "png", PRESETS.limits)
    (made,) = make_renditions(
        picture, Transform(preset, save(RED_LOGO, "png")), TimeBudget(lambda: 60.0)
    )
    assert isinstance(made.content, bytes)
    assert covered(Image.open(io.BytesIO(made.content))) is None


def test_is_decoded_once_for_images_and_film(monkeypatch: pytest.MonkeyPatch):
    read: list[bytes] = []

    def read_and_count(data: bytes) -> Image.Image:
        read.append(data)
        return read_watermark(data)

    monkeypatch.setattr(transform, "read_watermark", read_and_count)
    preset = replace(PRESETS.named(None).image, widths=(40,), boxes=(), watermark=mark())
    frames = [Image.new("RGB", (60, 60), color) for color in ("black", "white")]
    source = save(frames[0], "gif", save_all=True, append_images=frames[1:], duration=100)
    logo = save(RED_LOGO, "png")
    task = ImageTask(source, "gif", preset, PRESETS.limits, logo)
    with InProcess().open(task, lambda: 60.0) as opened:
        assert all(made.content for made in opened.make_renditions())
        assert len(list(opened.film_frames((40, 40)))) == 2
    assert read == [logo]
