"""Animations whose frames are known: drawn by hand, as Chromium 156 shows them.

A frame is drawn as lines with `/` between them; each letter is a pixel, see `LETTERS`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from PIL import Image

from tests.media.animation_files import (
    CLEAR,
    KEEP,
    RESTORE,
    GifFrame,
    lzw,
    solid,
    write_gif,
    write_image,
)

LETTERS = {
    ".": (0, 0, 0, 0),
    "R": (255, 0, 0, 255),
    "G": (0, 255, 0, 255),
    "B": (0, 0, 255, 255),
    "W": (255, 255, 255, 255),
    "K": (0, 0, 0, 255),
}
PALETTE = bytes(value for letter in "RGBW" for value in LETTERS[letter][:3])
RED, GREEN, BLUE, WHITE = range(4)

SIZE = (4, 4)
FIRST = "RRRR/RRRR/RRRR/RRRR"


@dataclass(frozen=True, slots=True)
class AnimationCase:
    """One file and what is shown of it; `delays` in ms as the file asks."""

    name: str
    container: str
    data: bytes
    frames: tuple[str, ...]
    plays: int = 0
    delays: tuple[float, ...] | None = None


def draw(image: Image.Image) -> str:
    """Return the drawing of a picture, with `?` for what is no letter."""
    names: dict[tuple[int, ...], str] = {color: letter for letter, color in LETTERS.items()}
    rgba = image.convert("RGBA").tobytes()
    pixels = [tuple(rgba[at : at + 4]) for at in range(0, len(rgba), 4)]
    seen = ["." if pixel[3] == 0 else names.get(pixel, "?") for pixel in pixels]
    width = image.width
    return "/".join("".join(seen[at : at + width]) for at in range(0, len(seen), width))


def gif_cases() -> Iterator[AnimationCase]:
    """Build the GIFs."""
    yield from _disposals()
    yield from _canvases()
    yield from _palettes()
    yield from _blocks()


def _case(name: str, data: bytes, *frames: str, plays: int = 0) -> AnimationCase:
    return AnimationCase(name, "gif", data, frames, plays)


def _gif(*frames: GifFrame, size: tuple[int, int] = SIZE, background: int = 0) -> bytes:
    return write_gif(size, frames, palette=PALETTE, background=background)


def _disposals() -> Iterator[AnimationCase]:
    red, corner = solid(SIZE, RED), solid((2, 2), BLUE, at=(2, 2))
    left = solid((2, 4), GREEN)
    after = {
        **dict.fromkeys((0, KEEP, 5, 6, 7), "GGRR/GGRR/GGBB/GGBB"),
        CLEAR: "..RR/..RR/..BB/..BB",
        **dict.fromkeys((RESTORE, 4), "RRRR/RRRR/RRBB/RRBB"),
    }
    for disposal, last in sorted(after.items()):
        data = _gif(red, replace(left, disposal=disposal), corner)
        yield _case(f"disposal {disposal}", data, FIRST, "GGRR/GGRR/GGRR/GGRR", last)
    for background in (BLUE, 200):
        data = _gif(red, replace(left, disposal=CLEAR), corner, background=background)
        shown = FIRST, "GGRR/GGRR/GGRR/GGRR", "..RR/..RR/..BB/..BB"
        yield _case(f"cleared, background {background}", data, *shown)
    for disposal in (CLEAR, RESTORE):
        data = _gif(replace(red, disposal=disposal), corner)
        yield _case(f"first frame's disposal {disposal}", data, FIRST, "..../..../..BB/..BB")
    data = _gif(red, *[replace(left, disposal=RESTORE)] * 2, corner)
    yield _case("restored twice", data, FIRST, *["GGRR/" * 3 + "GGRR"] * 2, after[RESTORE])
    half = GifFrame(SIZE, bytes((BLUE, WHITE)) * 8, transparent=WHITE)
    data = _gif(red, replace(half, disposal=CLEAR), corner)
    yield _case("cleared with holes", data, FIRST, "/".join(["BRBR"] * 4), "..../..../..BB/..BB")
    data = _gif(red, replace(left, disposal=CLEAR), replace(left, disposal=RESTORE), corner)
    green = "GGRR/GGRR/GGRR/GGRR"
    yield _case("restored to cleared", data, FIRST, green, green, "..RR/..RR/..BB/..BB")


def _canvases() -> Iterator[AnimationCase]:
    red, small = solid(SIZE, RED), solid((2, 2), GREEN)
    far = solid((2, 2), GREEN, at=(60_000, 60_000))
    corner = "GGRR/GGRR/RRRR/RRRR"
    yield _case("frame far outside", _gif(red, far), FIRST, FIRST)
    yield _case(
        "frame far outside, cleared",
        _gif(red, replace(far, disposal=CLEAR), small),
        FIRST,
        FIRST,
        corner,
    )
    reaching = solid((4, 4), GREEN, at=(2, 2), disposal=CLEAR)
    edge = FIRST, "RRRR/RRRR/RRGG/RRGG", "GGRR/GGRR/RR../RR.."
    yield _case("frame beyond the edge", _gif(red, reaching, small), *edge)
    larger = solid((6, 5), GREEN)
    yield _case("later frame larger", _gif(red, larger), FIRST, "GGGG/GGGG/GGGG/GGGG")
    shown = "/".join(["GGGGGG"] * 5), "RRRRGG/RRRRGG/RRRRGG/RRRRGG/GGGGGG"
    yield _case("first frame larger", _gif(larger, red), *shown)
    reaching = solid((2, 2), RED, at=(3, 3))
    shown = "...../...../...../...RR/...RR", "GG.../GG.../...../...RR/...RR"
    yield _case("first frame beyond the edge", _gif(reaching, small), *shown)
    yield _case("canvas of nothing", _gif(red, small, size=(0, 0)), FIRST, corner)
    uncovered = _gif(small, solid((2, 2), BLUE, at=(2, 2)), background=WHITE)
    yield _case("uncovered", uncovered, "GG../GG../..../....", "GG../GG../..BB/..BB")
    empty = GifFrame((0, 3), b"")
    yield _case("frame without pixels", _gif(red, empty, small), FIRST, FIRST, corner)


def _palettes() -> Iterator[AnimationCase]:
    red, small = solid(SIZE, RED), solid((2, 2), GREEN)
    black, corner = "KKKK/KKKK/KKKK/KKKK", "GGKK/GGKK/KKKK/KKKK"
    yield _case("no palette", write_gif(SIZE, [red, small]), black, black)
    local = replace(small, palette=PALETTE)
    yield _case("a palette of its own alone", write_gif(SIZE, [red, local]), black, corner)
    yield _case("index without a colour", _gif(solid(SIZE, 9), small), black, corner)
    clear = replace(solid((2, 2), 9), transparent=9)
    yield _case("transparent without a colour", _gif(red, clear), FIRST, FIRST)
    turned = PALETTE[3:] + PALETTE[:3]
    shown = "BBRR/BBRR/RRRR/RRRR"
    yield _case("another palette", _gif(red, replace(small, palette=turned)), FIRST, shown)
    # An index is transparent in its own frame alone.
    hidden = replace(small, transparent=GREEN)
    last = "GGRR/GGRR/RRRR/RRRR"
    yield _case("transparent in one frame", _gif(red, hidden, small), FIRST, FIRST, last)
    few = GifFrame((2, 2), bytes((GREEN, BLUE, BLUE, GREEN)), bits=2)
    yield _case("codes of few bits", _gif(red, few), FIRST, "GBRR/BGRR/RRRR/RRRR")
    rows = bytes(row for row in (RED, GREEN, BLUE, WHITE) for _ in range(4))
    lines = GifFrame(SIZE, rows, interlaced=True)
    # The third line comes before the second (GIF89a, appendix E).
    yield _case("interlaced", _gif(lines, small), "RRRR/BBBB/GGGG/WWWW", "GGRR/GGBB/GGGG/WWWW")


def _blocks() -> Iterator[AnimationCase]:
    red, green, blue = solid(SIZE, RED), solid((2, 2), GREEN), solid((1, 1), BLUE)
    shown = FIRST, "GGRR/GGRR/RRRR/RRRR", "BGRR/GGRR/RRRR/RRRR"

    def control(flags: int, transparent: int) -> bytes:
        return b"!\xf9\4" + struct.pack("<BHBB", flags, 10, transparent, 0)

    def join(*parts: bytes | GifFrame) -> bytes:
        blocks = [part if isinstance(part, bytes) else write_image(part) for part in parts]
        return write_gif(SIZE, [], palette=PALETTE, plays=None)[:-1] + b"".join(blocks) + b";"

    hides = control(CLEAR << 2 | 1, GREEN)
    twice = join(red, hides, control(0, 0), green, blue)
    yield _case("the last control counts", twice, *shown, plays=1)
    once = join(red, control(RESTORE << 2, 0), green, blue)
    last = "BRRR/RRRR/RRRR/RRRR"
    yield _case("a control is of one frame", once, *shown[:2], last, plays=1)
    kept = join(red, control(RESTORE << 2, 0), green, blue, red, green)
    yield _case("and not of those after", kept, *shown[:2], last, *shown[:2], plays=1)
    unseen = join(red, hides, blue, green)
    yield _case("nor its transparency", unseen, FIRST, last, shown[1], plays=1)
    hidden = FIRST, FIRST, "BRRR/RRRR/RRRR/RRRR"
    for name, block in (
        ("comment", b"!\xfe\3abc\0"),
        ("plain text", b"!\1\x0c" + bytes(12) + b"\1a\0"),
        ("another application", b"!\xff\x0bMADE BY 1.0\1a\0"),
    ):
        data = join(red, control(1, GREEN), block, green, blue)
        yield _case(f"control before a {name}", data, *hidden, plays=1)

    def plays(repeats: int, name: bytes = b"NETSCAPE2.0", head: bytes = b"\3\1") -> bytes:
        return b"!\xff\x0b" + name + head + struct.pack("<H", repeats) + b"\0"

    for name, parts, count in (
        ("no count", (red, green), 1),
        ("count", (plays(4), red, green), 5),
        ("count of the other name", (plays(4, b"ANIMEXTS1.0"), red, green), 5),
        ("counts", (plays(2), plays(4), red, green), 5),
        ("count between frames", (red, plays(4), green), 5),
        ("count at the end", (red, green, plays(4)), 5),
        ("count in small letters", (plays(4, b"netscape2.0"), red, green), 1),
        ("count of four bytes", (plays(4, head=b"\4\1") + b"\0", red, green), 1),
        ("buffer and no count", (plays(4, head=b"\3\2"), red, green), 1),
    ):
        yield _case(name, join(*parts), *shown[:2], plays=count)
    too_many = replace(solid(SIZE, GREEN), codes=lzw(bytes([GREEN]) * 100))
    data = _gif(red, too_many, blue)
    green4 = "GGGG/GGGG/GGGG/GGGG"
    yield _case("more pixels than there is room for", data, FIRST, green4, "B" + green4[1:])
    old = b"GIF87a" + _gif(red, replace(green, transparent=GREEN))[6:]
    yield _case("transparency in a GIF87a", old, FIRST, FIRST)
    for junk in (b"\0", b"\x07\0", b"PK"):
        data = join(red, green, junk, blue)
        yield _case(f"{junk!r} between frames", data, *shown[:2], plays=1)
    yield _case("without an end", _gif(red, green)[:-1], *shown[:2])
    timed = write_gif(
        SIZE, [replace(red, delay=1), replace(green, delay=65_535), replace(blue, delay=0)],
        palette=PALETTE,
    )  # fmt: skip
    yield replace(_case("delays", timed, *shown), delays=(10, 655_350, 0))


def gif_matrix() -> Iterator[tuple[str, bytes]]:
    """Build every pair of disposals, with and without holes, on a canvas that is filled or not."""
    holes = bytes((GREEN, WHITE, WHITE, GREEN, GREEN, WHITE))
    for filled, transparent, first, second in product(
        (True, False), (None, WHITE), range(4), range(4)
    ):
        begin = solid(SIZE, RED) if filled else solid((3, 2), RED, at=(0, 1))
        middle = GifFrame((3, 2), holes, at=(1, 1), transparent=transparent)
        frames = (
            replace(begin, disposal=first),
            replace(middle, disposal=second),
            replace(middle, at=(2, 2), disposal=second),
            solid((1, 1), BLUE, at=(1, 1)),
        )
        name = f"filled {filled}, transparent {transparent}, disposals {first} {second}"
        yield name, _gif(*frames)
