from __future__ import annotations

import random

import pytest
from PIL import Image

from lib.imaging.decoders.samples import Rows, Samples, split


def pack(pixels: list[list[tuple[int, ...]]], bits: tuple[int, ...]) -> bytes:
    """Write samples from the highest bit down, each row to whole bytes."""
    rows = b""
    for line in pixels:
        text = "".join(
            f"{value:0{n}b}" for pixel in line for value, n in zip(pixel, bits, strict=True)
        )
        text += "0" * (-len(text) % 8)
        rows += int(text, 2).to_bytes(len(text) // 8, "big")
    return rows


@pytest.mark.parametrize(
    "bits",
    [(5, 6, 5), (1, 8), (8, 1), (3, 3, 2), (10, 10, 10, 2), (7,), (9,), (11, 13), (15,), (20,)],
)
@pytest.mark.parametrize("width", [1, 7, 16])
def test_samples_of_mixed_bits_are_what_they_are_of_white(bits: tuple[int, ...], width: int):
    chance = random.Random(7)
    pixels = [
        [tuple(chance.randrange(1 << n) for n in bits) for _ in range(width)] for _ in range(5)
    ]
    planes = split(Rows(pack(pixels, bits), width, Samples(bits)))
    for plane, (n, channel) in zip(planes, ((n, i) for i, n in enumerate(bits)), strict=True):
        white = (1 << n) - 1
        for y in range(5):
            for x in range(width):
                wanted = pixels[y][x][channel] * 255 / white
                found = plane.getpixel((x, y))
                assert isinstance(found, int)
                assert abs(found - wanted) <= 0.51 if n <= 16 else abs(found - wanted) <= 1


@pytest.mark.parametrize("value", [0, 127, 128, 129, 257, 32_767, 32_768, 33_023, 65_407, 65_535])
@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bits_are_rounded(value: int, order: str):
    data = value.to_bytes(2, "little" if order == "<" else "big")
    (plane,) = split(Rows(data, 1, Samples((16,), order)))
    assert plane.getpixel((0, 0)) == round(value / 257)


def test_what_is_no_number_or_out_of_range_is_black_or_white():
    import struct

    values = (float("nan"), float("-inf"), -1.0, 2.0, float("inf"))
    for bits, letter in ((16, "e"), (32, "f"), (64, "d")):
        data = struct.pack(f"<5{letter}", *values)
        (plane,) = split(Rows(data, 5, Samples((bits,), "<", is_float=True)))
        found = list(plane.tobytes())
        assert found[1:] == [0, 0, 255, 255]
        assert found[0] in (0, 255)
        assert isinstance(plane, Image.Image)
