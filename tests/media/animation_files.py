"""Write animated GIFs and PNGs by hand: every field as asked, right or wrong.

GIF89a; PNG, third edition. Pixels are left as they come: a GIF's are not compressed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

KEEP, CLEAR, RESTORE = 1, 2, 3
"""GIF's disposal methods."""

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GifFrame:
    """One image: `pixels` are indices, row by row; `palette` its own; `control` False has no GCE.

    `delay` in hundredths of a second. `codes` in place of what `pixels` would give.
    """

    size: Size
    pixels: bytes
    at: tuple[int, int] = (0, 0)
    disposal: int = KEEP
    transparent: int | None = None
    palette: bytes = b""
    delay: int = 10
    control: bool = True
    interlaced: bool = False
    bits: int = 8
    codes: bytes | None = None


def solid(size: Size, index: int, **more: object) -> GifFrame:
    """Return a frame of one colour."""
    return replace(GifFrame(size, bytes([index]) * (size[0] * size[1])), **more)  # type: ignore[arg-type]


def write_gif(
    size: Size,
    frames: Sequence[GifFrame],
    *,
    palette: bytes = b"",
    background: int = 0,
    plays: tuple[bytes, int] | None = (b"NETSCAPE2.0", 0),
    end: bytes = b";",
) -> bytes:
    """Return a GIF; `palette` is the global one, `plays` the application and its repeats."""
    head = b"GIF89a" + struct.pack("<HH", *size) + _flags(palette) + bytes((background, 0))
    parts = [head, palette]
    if plays:
        parts.append(b"!\xff\x0b" + plays[0] + b"\3\1" + struct.pack("<H", plays[1]) + b"\0")
    for frame in frames:
        parts += [_control(frame) if frame.control else b"", write_image(frame)]
    return b"".join([*parts, end])


def write_image(frame: GifFrame) -> bytes:
    """Return the descriptor, the palette and the codes of a frame."""
    flags = _flags(frame.palette)[0] | (0x40 if frame.interlaced else 0)
    descriptor = b"," + struct.pack("<4H", *frame.at, *frame.size) + bytes([flags])
    codes = lzw(frame.pixels, frame.bits) if frame.codes is None else frame.codes
    return descriptor + frame.palette + bytes([frame.bits]) + blocks(codes)


def _flags(palette: bytes) -> bytes:
    return bytes([0x80 | (len(palette) // 3).bit_length() - 2]) if palette else b"\0"


def _control(frame: GifFrame) -> bytes:
    flags = frame.disposal << 2 | (frame.transparent is not None)
    return b"!\xf9\4" + struct.pack("<BHBB", flags, frame.delay, frame.transparent or 0, 0)


def blocks(codes: bytes) -> bytes:
    """Return data in sub-blocks, with their end."""
    cut = [codes[at : at + 255] for at in range(0, len(codes), 255)]
    return b"".join(bytes([len(each)]) + each for each in cut) + b"\0"


def lzw(pixels: bytes, bits: int = 8) -> bytes:
    """Return codes of literals alone: the table is cleared before codes grow."""
    clear, width = 1 << bits, bits + 1
    packed = count = 0
    run = (1 << bits) - 2
    for at, pixel in enumerate(pixels):
        if at % run == 0:
            packed, count = packed | clear << count, count + width
        packed, count = packed | pixel << count, count + width
    packed, count = packed | (clear + 1) << count, count + width
    return packed.to_bytes(-(-count // 8), "little")


SOURCE, OVER = 0, 1
NONE, BACKGROUND, PREVIOUS = 0, 1, 2
"""APNG's `blend_op` and `dispose_op`."""

GREY, RGB, INDEXED, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, INDEXED: 1, GREY_ALPHA: 2, RGBA: 4}

Chunk = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class PngFrame:
    """One frame: `samples` are its rows as they lie in a PNG, without filter bytes."""

    size: Size
    samples: bytes
    at: tuple[int, int] = (0, 0)
    dispose: int = NONE
    blend: int = SOURCE
    delay: tuple[int, int] = (1, 10)


@dataclass(frozen=True, slots=True)
class PngKind:
    """Colour type and bit depth, with the chunks that they need (`PLTE`, `tRNS`)."""

    color_type: int = RGBA
    depth: int = 8
    chunks: tuple[Chunk, ...] = ()

    def row_bytes(self, width: int) -> int:
        """Return the bytes of a row."""
        return -(-width * CHANNELS[self.color_type] * self.depth // 8)


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk with its checksum."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def fill(size: Size, pixel: bytes, **more: object) -> PngFrame:
    """Return a frame of one colour, of whole bytes a pixel."""
    return replace(PngFrame(size, pixel * (size[0] * size[1])), **more)  # type: ignore[arg-type]


def write_apng(
    size: Size,
    frames: Sequence[PngFrame],
    kind: PngKind = PngKind(),
    *,
    plays: int = 0,
    default: PngFrame | None = None,
) -> bytes:
    """Return an animated PNG; `default` is a picture that is no part of the animation."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*each) for each in apng_chunks(size, frames, kind, plays=plays, default=default)
    )


def apng_chunks(
    size: Size,
    frames: Sequence[PngFrame],
    kind: PngKind = PngKind(),
    *,
    plays: int = 0,
    default: PngFrame | None = None,
) -> list[Chunk]:
    """Return the chunks of an animated PNG, for those who put them in another order."""
    head = struct.pack(">IIBBBBB", *size, kind.depth, kind.color_type, 0, 0, 0)
    chunks: list[Chunk] = [
        (b"IHDR", head),
        (b"acTL", struct.pack(">II", len(frames), plays)),
        *kind.chunks,
    ]
    if default:
        chunks.append((b"IDAT", _deflate(default, kind)))
    number = 0
    for index, frame in enumerate(frames):
        chunks.append((b"fcTL", _frame_control(number, frame)))
        number += 1
        if index == 0 and not default:
            chunks.append((b"IDAT", _deflate(frame, kind)))
        else:
            chunks.append((b"fdAT", struct.pack(">I", number) + _deflate(frame, kind)))
            number += 1
    return [*chunks, (b"IEND", b"")]


def _frame_control(number: int, frame: PngFrame) -> bytes:
    operations = (*frame.delay, frame.dispose, frame.blend)
    return struct.pack(">5I2H2B", number, *frame.size, *frame.at, *operations)


def _deflate(frame: PngFrame, kind: PngKind) -> bytes:
    step = kind.row_bytes(frame.size[0])
    rows = [frame.samples[at : at + step] for at in range(0, step * frame.size[1], step)]
    return zlib.compress(b"".join(b"\0" + row for row in rows), 9)
