"""AVIF sequences whose boxes say how long and how often they are shown, rightly or not."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL import Image

from tests.support.images import save

DELAYS = 100, 250, 400


def sequence(mode: str = "RGB", count: int = 3) -> bytes:
    """Return frames of some colours, as libavif writes them."""
    images = [Image.new(mode, (16, 16), color) for color in ("red", "lime", "blue", "white")]
    first, *others = images[:count]
    return save(first, "avif", save_all=True, append_images=others, duration=list(DELAYS[:count]))


def avif_cases() -> Iterator[tuple[str, bytes, int, tuple[float, ...]]]:
    """Yield names, files, how often they are played, and their delays in ms."""
    plain = sequence()
    yield "as written", plain, 0, DELAYS
    yield "with transparency", sequence("RGBA"), 0, DELAYS
    yield "no edits", plain.replace(b"edts", b"free"), 0, DELAYS
    for presented, plays in ((750, 1), (1_500, 2), (1_600, 3), (2_250, 3), (100, 1)):
        data = bytearray(plain)
        struct.pack_into(">Q", data, data.index(b"tkhd") + 4 + 28, presented)
        yield f"track of {presented}", bytes(data), plays, DELAYS
    data = bytearray(plain)
    data[data.index(b"elst") + 7] = 0
    yield "not repeated", bytes(data), 1, DELAYS
    at = plain.index(b"mdhd") + 4
    for second, delays in ((500, (200, 500, 800)), (100_000, (1, 2.5, 4))):
        data = bytearray(plain)
        struct.pack_into(">I", data, at + 20, second)
        yield f"{second} parts a second", bytes(data), 0, delays
    at = plain.index(b"stts") + 4
    # One entry a frame; of fewer, the last is that of all the others.
    for entries, delays in ((2, (100, 250, 250)), (1, (100, 100, 100))):
        data = bytearray(plain)
        struct.pack_into(">I", data, at + 4, entries)
        yield f"{entries} delays", bytes(data), 0, delays
    data = bytearray(plain)
    struct.pack_into(">Q", data, plain.index(b"mdhd") + 4 + 24, 9_999)
    yield "another duration of its media", bytes(data), 0, DELAYS
