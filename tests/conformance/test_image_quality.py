"""`quality = "auto"` against the definition of its measure, and against every lower quality."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lib.domain.formats import OUTPUTS
from lib.imaging.auto_quality import SIDE, choose_quality, measure_ssim
from lib.imaging.encode import encode

ROOT = Path(__file__).parents[2]
PHOTOS = ("hubble.jpg", "portrait-gps.jpg", "really-a-jpeg.txt")


def photo(name: str, side: int = SIDE) -> Image.Image:
    with Image.open(ROOT / "tests" / "media" / name) as image:
        image.thumbnail((side, side))
        return image.convert("RGB")


def decode(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def slow_ssim(one: Sequence[Sequence[int]], other: Sequence[Sequence[int]]) -> float:
    """The definition, window by window."""
    found = []
    for top in range(0, len(one) - 7, 4):
        for left in range(0, len(one[0]) - 7, 4):
            x, y = (
                [rows[top + j][left + i] for j in range(8) for i in range(8)]
                for rows in (one, other)
            )
            mx, my = sum(x) / 64, sum(y) / 64
            vx = sum((a - mx) ** 2 for a in x) / 64
            vy = sum((b - my) ** 2 for b in y) / 64
            cov = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / 64
            c1, c2 = 2.55**2, 7.65**2
            found.append(
                (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
            )
    return sum(found) / len(found)


@given(
    st.integers(8, 21),
    st.integers(8, 21),
    st.randoms(use_true_random=False),
    st.sampled_from([3, 40, 255]),
)
def test_the_measure_is_that_of_its_definition(width, height, random, spread):
    def rows(near: Sequence[Sequence[int]] | None = None) -> list[list[int]]:
        return [
            [
                min(255, max(0, near[y][x] + random.randint(-spread, spread)))
                if near
                else random.randint(0, 255)
                for x in range(width)
            ]
            for y in range(height)
        ]

    one = rows()
    other = rows(one)
    images = [Image.frombytes("L", (width, height), bytes(chain(*each))) for each in (one, other)]
    assert measure_ssim(*images) == pytest.approx(slow_ssim(one, other), abs=1e-4)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("image_format", sorted(OUTPUTS))
def test_the_chosen_quality_is_nearly_the_lowest_that_looks_so(name: str, image_format: str):
    image, target = photo(name), 0.96

    def at(quality: int) -> tuple[int, float]:
        content = encode(image, image_format, quality, "#ffffff")
        return len(content), measure_ssim(image, decode(content))

    chosen = choose_quality(image, image_format, target, "#ffffff")
    size, ssim = at(chosen)
    assert ssim >= target - 1e-4
    smallest = min(
        size for size, ssim in map(at, (*range(30, chosen, 2), chosen)) if ssim >= target
    )
    assert size <= 1.15 * smallest
