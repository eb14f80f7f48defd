"""One record for each image format, and what opens and writes it beside."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from lib.domain.formats import IMAGE_FORMATS, LARGE_PIXELS, OUTPUTS
from lib.imaging.decode import DECODERS
from lib.imaging.encode import (
    AVIF_LARGE_SPEED,
    AVIF_SPEED,
    AVIF_TUNING,
    ENCODERS,
    check_size,
    encode,
)
from lib.presets.schema import LONGEST_SIDE
from lib.sniff import HEAD_BYTES, sniff
from tests.support.images import photo


def test_each_format_is_opened_and_each_output_is_written():
    names = [each.name for each in IMAGE_FORMATS]
    assert sorted(names) == sorted(DECODERS)
    assert len(set(names)) == len(names)
    assert sorted(OUTPUTS) == sorted(ENCODERS)


def test_outputs_come_best_first():
    assert list(OUTPUTS) == ["avif", "webp", "jpeg"]
    places = [output.preference for output in OUTPUTS.values()]
    assert places == list(range(1, len(OUTPUTS) + 1))


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_is_what_its_record_says(name: str):
    output = OUTPUTS[name]
    content = encode(photo(), name, output.quality, "#ffffff")
    assert sniff(content[:HEAD_BYTES]).mime == output.mime
    assert sniff(content[:HEAD_BYTES]).container == name
    assert Image.registered_extensions()[f".{output.extension}"] == name.upper()


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_longest_side_can_be_written_and_no_longer_one(name: str):
    longest = OUTPUTS[name].longest_side
    content = encode(Image.new("L", (1, min(longest, 70_000))), name, 50, "#ffffff")
    assert sniff(content[:HEAD_BYTES]).container == name
    assert longest >= LONGEST_SIDE
    with pytest.raises(ValueError, match=f"{name} has at most {longest} px a side"):
        check_size((1, longest + 1), name)


@pytest.mark.parametrize(
    ("height", "speed"),
    [(LARGE_PIXELS // 800 - 1, AVIF_SPEED), (LARGE_PIXELS // 800, AVIF_LARGE_SPEED)],
)
def test_a_large_avif_takes_the_faster_speed(height: int, speed: int):
    image, expected = photo((800, height)), io.BytesIO()
    image.save(
        expected,
        "avif",
        quality=60,
        speed=speed,
        advanced=AVIF_TUNING,
        max_threads=1,
        autotiling=False,
    )
    assert encode(image, "avif", 60, "#ffffff") == expected.getvalue()


@pytest.mark.parametrize("name", [name for name, each in OUTPUTS.items() if each.is_lossless])
def test_what_says_so_is_lossless(name: str):
    image = photo()
    again = DECODERS[name].open(io.BytesIO(encode(image, name, None, "#ffffff")))
    assert again.convert("RGB").tobytes() == image.tobytes()


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_curve_rises(name: str):
    curve = OUTPUTS[name].ssim_curve
    assert list(curve) == sorted(curve)
    assert [decibels for _, decibels in curve] == sorted(decibels for _, decibels in curve)
    assert curve[0][0] <= 20 < 95 <= curve[-1][0]
