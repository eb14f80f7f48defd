"""TIFFs of every kind of samples, written by hand: what is right is known by construction."""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

SIZE = (16, 12)
WHITE_IS_ZERO, GREY, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
ASSOCIATED, UNASSOCIATED, UNSPECIFIED = 1, 2, 0

Pixel = tuple[int, ...]
Entries = dict[int, tuple[str, Sequence[int]]]


@dataclass(frozen=True)
class Kind:
    """How a picture is written. `bits` of each sample; `extras` as the tag has them, None without
    it; `kind` "u" or "f"; `tile` and `rows` (of a strip) in px."""

    photometric: int = RGB
    bits: int = 8
    channels: int = 3
    extras: tuple[int, ...] | None = None
    kind: str = "u"
    planar: bool = False
    order: str = "<"
    big: bool = False
    packing: str = "raw"
    predictor: int = 1
    tile: int = 0
    rows: int = 12
    reversed: bool = False
    size: tuple[int, int] = SIZE
    more: Entries = field(default_factory=dict)


def color_at(kind: Kind, x: int, y: int) -> Pixel:
    """Return the samples of a pixel in 8 bits, alpha last, as far as so few bits can say them."""
    step = {1: 255, 2: 85}.get(kind.bits, 17)
    ramps = (17 * x % 256, 255 - 17 * x % 256, 85 * (y // 3) % 256, 17 * (y % 4))
    levels = tuple(value // step * step for value in ramps[: kind.channels])
    if kind.extras is None and kind.photometric != PALETTE:
        return levels
    alpha = (255, 170, 85)[y % 3] // step * step
    return (*levels, *(alpha for _ in kind.extras or ()))


def _premultiplied(kind: Kind, pixel: Pixel) -> tuple[float, ...]:
    if not kind.extras or kind.extras[0] != ASSOCIATED:
        return pixel
    alpha = pixel[kind.channels]
    return (*(v * alpha / 255 for v in pixel[: kind.channels]), *pixel[kind.channels :])


def samples_of(kind: Kind) -> list[list[list[float]]]:
    """Return the samples of each line and pixel, 0–255, as they are stored."""
    width, height = kind.size
    lines = []
    for y in range(height):
        line = [list(map(float, _premultiplied(kind, color_at(kind, x, y)))) for x in range(width)]
        if kind.photometric == WHITE_IS_ZERO:
            line = [[255 - each[0], *each[1:]] for each in line]
        lines.append(line)
    return lines


def row_of(values: Sequence[float], kind: Kind) -> bytes:
    """Pack the samples of one row."""
    if kind.kind == "f":
        return b"".join(_float(value / 255, kind) for value in values)
    white = (1 << kind.bits) - 1
    whole = [round(value / 255 * white) for value in values]
    if kind.photometric == PALETTE:
        whole = [round(value) % (white + 1) for value in values]
    if kind.bits % 8 == 0:
        ends = "little" if kind.order == "<" else "big"
        return b"".join(value.to_bytes(kind.bits // 8, ends) for value in whole)  # type: ignore[arg-type]
    text = "".join(f"{value:0{kind.bits}b}" for value in whole)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _float(value: float, kind: Kind) -> bytes:
    if kind.bits == 24:  # 1, 7 and 16 bits
        (bits,) = struct.unpack(">Q", struct.pack(">d", value))
        exponent = (bits >> 52 & 0x7FF) - 1023 + 63
        packed = (exponent << 16 | bits >> 36 & 0xFFFF) if value else 0
        return packed.to_bytes(3, "little" if kind.order == "<" else "big")
    return struct.pack(kind.order + {16: "e", 32: "f", 64: "d"}[kind.bits], value)


def predict(row: bytes, kind: Kind, count: int) -> bytes:
    """Return the differences of a row of `count` samples a pixel."""
    size = kind.bits // 8
    if kind.predictor == 2:
        letter = {1: "B", 2: "H", 4: "I"}[size]
        values = struct.unpack(f"{kind.order}{len(row) // size}{letter}", row)
        before = (0,) * count + values
        mask = (1 << kind.bits) - 1
        differences = [now - then & mask for now, then in zip(values, before, strict=False)]
        return struct.pack(f"{kind.order}{len(values)}{letter}", *differences)
    if kind.predictor == 3:
        highest = range(size)[:: 1 if kind.order == ">" else -1]
        ordered = b"".join(row[place::size] for place in highest)
        before8 = bytes(count) + ordered
        return bytes(now - then & 255 for now, then in zip(ordered, before8, strict=False))
    return row


def lzw(data: bytes) -> bytes:
    """Pack as LZW whose table is cleared before its codes grow."""
    codes = []
    for at, byte in enumerate(data):
        if at % 240 == 0:
            codes.append(256)
        codes.append(byte)
    text = "".join(f"{code:09b}" for code in (*codes, 257))
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def packbits(data: bytes) -> bytes:
    """Pack as literal runs."""
    runs = (data[at : at + 100] for at in range(0, len(data), 100))
    return b"".join(bytes((len(run) - 1,)) + run for run in runs)


PACKINGS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "raw": (1, bytes),
    "lzw": (5, lzw),
    "deflate": (8, zlib.compress),
    "old-deflate": (32_946, zlib.compress),
    "packbits": (32_773, packbits),
    "lzma": (34_925, lambda data: lzma.compress(data, lzma.FORMAT_XZ)),
}
REVERSE = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def write(kind: Kind) -> bytes:
    """Write the picture of a kind as a TIFF."""
    lines = samples_of(kind)
    count = len(lines[0][0])
    parts = []
    for plane in range(count) if kind.planar else [None]:
        of = [[p if plane is None else [p[plane]] for p in line] for line in lines]
        parts += _cells(of, kind)
    return assemble(parts, kind, count)


def _cells(lines: list[list[list[float]]], kind: Kind) -> list[bytes]:
    if not kind.tile:
        boxes = [lines[at : at + kind.rows] for at in range(0, len(lines), kind.rows)]
    else:
        wide, high, side = len(lines[0]), len(lines), kind.tile
        empty = [0.0] * len(lines[0][0])
        boxes = [
            [
                [lines[b][a] if a < wide and b < high else empty for a in range(x, x + side)]
                for b in range(y, y + side)
            ]
            for y in range(0, high, side)
            for x in range(0, wide, side)
        ]
    cells = []
    for box in boxes:
        rows = [row_of([v for pixel in line for v in pixel], kind) for line in box]
        count = len(box[0][0])
        packed = PACKINGS[kind.packing][1](b"".join(predict(row, kind, count) for row in rows))
        cells.append(packed.translate(REVERSE) if kind.reversed else packed)
    return cells


def assemble(parts: Sequence[bytes], kind: Kind, count: int) -> bytes:
    """Write strips or tiles, and the directory behind them."""
    entries: Entries = {
        256: ("I", [kind.size[0]]),
        257: ("I", [kind.size[1]]),
        258: ("H", [kind.bits] * count),
        259: ("H", [PACKINGS[kind.packing][0]]),
        262: ("H", [kind.photometric]),
        277: ("H", [count]),
        284: ("H", [2 if kind.planar else 1]),
    }
    head = 16 if kind.big else 8
    places, content = [], b""
    for part in parts:
        places.append(head + len(content))
        content += part + bytes(len(part) % 2)
    lengths = [len(part) for part in parts]
    if kind.tile:
        entries |= {322: ("H", [kind.tile]), 323: ("H", [kind.tile])}
        entries |= {324: ("I", places), 325: ("I", lengths)}
    else:
        entries |= {273: ("I", places), 278: ("I", [kind.rows]), 279: ("I", lengths)}
    if kind.predictor > 1:
        entries[317] = ("H", [kind.predictor])
    if kind.extras is not None:
        entries[338] = ("H", kind.extras)
    if kind.kind == "f":
        entries[339] = ("H", [3] * count)
    if kind.reversed:
        entries[266] = ("H", [2])
    entries |= kind.more
    return directory(content, entries, kind.order, big=kind.big)


def directory(content: bytes, entries: Entries, order: str, *, big: bool = False) -> bytes:
    """Write a file of its content, then its one directory; II or MM, classic or BigTIFF."""
    count, entry, word = ("Q", "HHQ", "Q") if big else ("H", "HHI", "I")
    room = struct.calcsize(order + word)
    at = (16 if big else 8) + len(content)
    values_at = at + struct.calcsize(order + count) + len(entries) * (4 + 2 * room) + room
    listed, values = b"", b""
    for tag, (letter, numbers) in sorted(entries.items()):
        kind = {"B": 1, "H": 3, "I": 4, "R": 5}[letter]
        letter = "I" if letter == "R" else letter
        raw = struct.pack(f"{order}{len(numbers)}{letter}", *numbers)
        length = len(numbers) // 2 if kind == 5 else len(numbers)
        listed += struct.pack(order + entry, tag, kind, length)
        if len(raw) > room:
            listed += struct.pack(order + word, values_at + len(values))
            values += raw + bytes(len(raw) % 2)
        else:
            listed += raw.ljust(room, b"\0")
    mark = b"II" if order == "<" else b"MM"
    head = mark + struct.pack(
        order + ("HHHQ" if big else "HI"), *((43, 8, 0, at) if big else (42, at))
    )
    return head + content + struct.pack(order + count, len(entries)) + listed + bytes(room) + values


def picture_strips(form: str, rows: int) -> list[bytes]:
    """Return strips of the RGB picture that are JPEGs or WebPs themselves."""
    kind = Kind()
    image = Image.new("RGB", SIZE)
    image.putdata([color_at(kind, x, y) for y in range(SIZE[1]) for x in range(SIZE[0])])
    strips = []
    for top in range(0, SIZE[1], rows):
        file = BytesIO()
        part = image.crop((0, top, SIZE[0], top + rows))
        if form == "webp":
            part.save(file, "WEBP", lossless=True)
        else:
            part.save(file, "JPEG", quality=100, subsampling=0)
        strips.append(file.getvalue())
    return strips
