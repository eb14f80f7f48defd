"""Animations of three pictures, in every format that has them, with every count of plays."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial

from PIL import Image

from tests.media.corpus.chart import COLORS, PATCH, SIZE, Patches, draw
from tests.support.images import save

Maker = Callable[[], bytes]

TIMES = [100, 250, 40]
"""In ms, of a multiple of 10 as GIF has them."""

UNUSED = 7
"""The number of a colour that no patch has."""

FILM: tuple[Patches, ...] = tuple(COLORS[n:] + COLORS[:n] for n in range(len(TIMES)))
"""The chart, and twice its patches moved on by one."""


def film(container: str, **options: object) -> bytes:
    """Write the three pictures."""
    first, *others = (_flat(patches, container) for patches in FILM)
    return save(first, container, save_all=True, append_images=others, duration=TIMES, **options)


def _flat(patches: Patches, container: str) -> Image.Image:
    image = draw(patches)
    return image.quantize(8) if container == "gif" else image


def hasty() -> bytes:
    """Write pictures that ask for no time at all, as old GIFs do."""
    pictures = [_flat(patches, "gif") for patches in FILM]
    return save(pictures[0], "gif", save_all=True, append_images=pictures[1:], duration=0, loop=0)


def parts(disposal: int) -> bytes:
    """Write a GIF whose later pictures are one patch each: the first one, then the second one.

    Disposal 1 leaves what was there, 2 clears it.
    """
    palette = b"".join(bytes(color) for color in (*COLORS, (9, 9, 9), (9, 9, 9)))
    data = b"GIF89a" + struct.pack("<HHBBB", *SIZE, 0xF2, 0, 0) + palette
    data += b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    boxes = ((0, 0, *SIZE), (0, 0, PATCH, PATCH), (PATCH, 0, PATCH, PATCH))
    for number, (left, top, width, height) in enumerate(boxes):
        data += b"!\xf9\x04" + struct.pack(
            "<BHBB", disposal << 2 | 1, TIMES[number] // 10, UNUSED, 0
        )
        data += b"," + struct.pack("<4HB", left, top, width, height, 0)
        whole = draw([(index,) for index in range(len(COLORS))], "P").tobytes()
        data += _uncompressed(bytes((number + 2,)) * width * height if number else whole)
    return data + b";"


def _uncompressed(indices: bytes) -> bytes:
    """Spell indices of 3 bits as LZW codes of 4 bits that never grow: cleared after every six."""
    codes: list[int] = []
    for at, index in enumerate(indices):
        codes += [8, index] if at % 6 == 0 else [index]
    bits = sum(code << 4 * at for at, code in enumerate([*codes, 9]))
    raw = bits.to_bytes((len(codes) + 2) // 2, "little")
    blocks = [raw[at : at + 255] for at in range(0, len(raw), 255)]
    return b"\x03" + b"".join(bytes((len(each),)) + each for each in blocks) + b"\0"


def tall() -> bytes:
    """Write a narrow film strip."""
    pictures = [draw(COLORS[n:] + COLORS[:n]).resize((24, 336)) for n in range(4)]
    first, *others = pictures
    return save(
        first, "webp", save_all=True, append_images=others, duration=200, loop=0, lossless=True
    )


def samples() -> dict[str, Maker]:
    """Return what writes each file, by its name."""
    return {
        "once.gif": partial(film, "gif"),
        "three-plays.gif": partial(film, "gif", loop=2),
        "endless.gif": partial(film, "gif", loop=0),
        "hasty.gif": hasty,
        "parts-kept.gif": partial(parts, 1),
        "parts-cleared.gif": partial(parts, 2),
        "three-plays.webp": partial(film, "webp", loop=3, lossless=True),
        "endless.webp": partial(film, "webp", loop=0, lossless=True),
        "tall.webp": tall,
        "two-plays.png": partial(film, "png", loop=2),
        "endless.png": partial(film, "png", loop=0),
        "hidden-first.png": partial(film, "png", loop=1, default_image=True),
        "sequence.avif": partial(film, "avif", quality=95),
    }
