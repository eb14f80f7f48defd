"""Small images that ask for much work: each is right in its form, or near enough to be decoded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PIL import Image

from tests.support.boxes import box
from tests.support.images import photo, save

FLAT = Image.new("RGB", (64, 48), "teal")


# JPEG


def jpeg_of_scans(scans: int, size: tuple[int, int] | None = None, frame: int = 0xC2) -> bytes:
    """Repeat the last scan of a progressive JPEG; claim another size (px) or frame than it has."""
    data = bytearray(save(photo((64, 48)), "jpeg", progressive=True))
    if size:
        struct.pack_into(">HH", data, data.index(b"\xff\xc2") + 5, *size[::-1])
    data[data.index(b"\xff\xc2") + 1] = frame
    last = data.rindex(b"\xff\xda")
    scan = bytes(data[last:-2])
    return bytes(data[:-2]) + scan * (scans - data.count(b"\xff\xda")) + bytes(data[-2:])


def jpeg_of_segments(count: int, segment: bytes = b"\xff\xfe\0\2") -> bytes:
    """Put many segments before the frame."""
    data = save(FLAT, "jpeg")
    return data[:2] + segment * count + data[2:]


# PNG


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    """Spell one chunk of a PNG."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png_of_chunks(count: int, more: bytes, before: bytes = b"IDAT") -> bytes:
    """Put a chunk many times before another one."""
    data = save(FLAT, "png")
    at = data.index(before) - 4
    return data[:at] + more * count + data[at:]


# GIF, WebP, Photoshop, icons, BMP


def gif_of(blocks: bytes, count: int) -> bytes:
    """Put some bytes many times before the picture."""
    data = save(FLAT, "gif")
    at = data.index(b",\0\0\0\0")
    return data[:at] + blocks * count + data[at:]


def webp_of_chunks(count: int) -> bytes:
    """Put many unknown chunks behind the picture."""
    data = save(photo((64, 48)), "webp", exif=Image.Exif().tobytes() or b"", icc_profile=b"none")
    more = b"MORE" + bytes(4)
    whole = data + more * count
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]


def photoshop_resources(count: int) -> bytes:
    """Spell many empty image resources."""
    return (b"8BIM" + struct.pack(">H", 2999) + bytes(2) + bytes(4)) * count


def icon_of(png: bytes) -> bytes:
    """Put one PNG into a Windows icon."""
    entry = struct.pack("<BBBBHHII", 64, 48, 0, 0, 1, 32, len(png), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + png


def bmp_of_run_lengths(size: int) -> bytes:
    """A BMP of 8 bits a pixel whose runs are one pixel each."""
    pixels = b"\1\0" * (size // 2)
    head = struct.pack("<IiiHHIIiiII", 40, 4000, 4000, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    start = 14 + len(head) + 1024
    return (
        b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + head + bytes(1024) + pixels
    )


# TIFF


def tiff_of(entries: Mapping[int, tuple[int, Sequence[int]]], content: bytes = b"") -> bytes:
    """Write a little-endian TIFF: `content` at 8, then the entries' values, then the directory.

    An entry is its type (3 or 4) and its values.
    """
    values, at = b"", 8 + len(content)
    spelled = []
    for tag, (kind, numbers) in sorted(entries.items()):
        raw = struct.pack(f"<{len(numbers)}{'H' if kind == 3 else 'I'}", *numbers)
        if len(raw) > 4:
            place = struct.pack("<I", at + len(values))
            values += raw
        else:
            place = raw.ljust(4, b"\0")
        spelled.append(struct.pack("<HHI", tag, kind, len(numbers)) + place)
    directory = struct.pack("<H", len(spelled)) + b"".join(spelled) + bytes(4)
    return struct.pack("<2sHI", b"II", 42, at + len(values)) + content + values + directory


def tiff_of_strips(
    size: tuple[int, int],
    extents: Sequence[tuple[int, int]],
    content: bytes,
    *,
    compression: int = 1,
    rows: int = 1,
) -> bytes:
    """A grey TIFF whose strips lie at these places (start, length)."""
    return tiff_of(
        {
            256: (4, [size[0]]),
            257: (4, [size[1]]),
            258: (3, [8]),
            259: (3, [compression]),
            262: (3, [1]),
            273: (4, [start for start, _ in extents]),
            277: (3, [1]),
            278: (4, [rows]),
            279: (4, [length for _, length in extents]),
        },
        content,
    )


def tiff_of_tiles(side: int, tile: int, height: int | None = None) -> bytes:
    """A deflated TIFF of few bytes that claims to be in tiles (px)."""
    return tiff_of(
        {
            256: (4, [side]),
            257: (4, [height or side]),
            258: (3, [8]),
            259: (3, [8]),
            262: (3, [1]),
            277: (3, [1]),
            322: (4, [tile]),
            323: (4, [tile]),
            324: (4, [8]),
            325: (4, [4]),
        },
        zlib.compress(bytes(tile * tile)),
    )


# JPEG 2000


def coding(levels: int = 5, block: int = 4, precincts: bytes = b"", layers: int = 1) -> bytes:
    """Spell the COD segment: code-blocks are 2^(block + 2) px in both directions."""
    content = bytes((bool(precincts), 0)) + struct.pack(">H", layers) + b"\0"
    content += bytes((levels, block, block, 0, 1)) + precincts
    return b"\xff\x52" + struct.pack(">H", 2 + len(content)) + content


def component_coding(
    component: int, levels: int = 5, block: int = 4, precincts: bytes = b""
) -> bytes:
    """Spell a COC segment."""
    content = bytes((component, bool(precincts), levels, block, block, 0, 1)) + precincts
    return b"\xff\x53" + struct.pack(">H", 2 + len(content)) + content


def orders(count: int, components: int = 1, levels: int = 5) -> bytes:
    """Spell a POC segment: so many times all packets, by their positions."""
    content = bytes((0, 0)) + b"\0\1" + bytes((levels + 1, components, 2))
    return b"\xff\x5f" + struct.pack(">H", 2 + count * len(content)) + content * count


def codestream(
    size: tuple[int, int],
    *,
    main: bytes = b"",
    tile: tuple[int, int] | None = None,
    tile_headers: Sequence[tuple[int, bytes]] = ((0, b""),),
    components: int = 1,
    parts: int = 1,
) -> bytes:
    """Write a codestream of empty tiles; `tile_headers` are tiles' numbers and their segments."""
    sizes = struct.pack(">H8IH", 0, *size, 0, 0, *(tile or size), 0, 0, components)
    sizes += b"\x07\1\1" * components
    data = b"\xff\x4f\xff\x51" + struct.pack(">H", 2 + len(sizes)) + sizes
    data += main or coding()
    steps = 3 * 32 + 1
    data += b"\xff\x5c" + struct.pack(">HB", 3 + steps, 0x40) + b"\x40" * steps
    for number, segments in tile_headers:
        length = 12 + len(segments) + 2
        data += b"\xff\x90" + struct.pack(">HHIBB", 10, number, length, 0, parts)
        data += segments + b"\xff\x93"
    return data + b"\xff\xd9"


def jp2(stream: bytes, size: tuple[int, int], *, before: bytes = b"", inside: bytes = b"") -> bytes:
    """Put a codestream into its file format, with more boxes before it and in its header."""
    head = struct.pack(">IIHBBBB", *size[::-1], 1, 7, 7, 0, 0)
    header = box(b"ihdr", head) + box(b"colr", b"\1\0\0" + struct.pack(">I", 17)) + inside
    return (
        box(b"jP  ", b"\r\n\x87\n")
        + box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
        + box(b"jp2h", header)
        + before
        + box(b"jp2c", stream)
    )


# HEIC and AVIF


def full(kind: bytes, content: bytes, version: int = 0, flags: int = 0) -> bytes:
    """Spell one full box."""
    return box(kind, bytes((version,)) + flags.to_bytes(3) + content)


def ispe(width: int, height: int) -> bytes:
    """Spell the size of an item, in px."""
    return full(b"ispe", struct.pack(">II", width, height))


@dataclass
class Item:
    """An item, its bytes, its properties, and what it refers to."""

    kind: bytes
    content: bytes = b""
    properties: Sequence[bytes] = ()
    references: dict[bytes, Sequence[int]] = field(default_factory=dict)
    repeated: int = 1
    """How often its extent is listed."""
    hidden: bool = False


ESSENTIAL = (b"clap", b"irot", b"imir", b"av1C", b"hvcC")


def item_file(
    items: Sequence[Item],
    brand: bytes = b"heic",
    more: bytes = b"",
    *,
    split: bool = False,
    halved: bool = False,
) -> bytes:
    """Write a file of items, numbered from 1; the first is the primary one.

    `split` gives each item a box of its own for which properties it has, as some encoders do;
    `halved` two, one of the first of its properties and one of the others.
    """
    infe, ipco, iref, iloc, mdat = b"", b"", b"", b"", b""
    ipma: list[bytes] = []
    known = 0
    for number, item in enumerate(items, 1):
        infe += full(b"infe", struct.pack(">HH", number, 0) + item.kind + b"\0", 2, item.hidden)
        ipco += b"".join(item.properties)
        indices = [
            struct.pack(">H", index | (each[4:8] in ESSENTIAL) << 15)
            for index, each in enumerate(item.properties, known + 1)
        ]
        ipma += [
            struct.pack(">HB", number, len(some)) + b"".join(some)
            for some in ((indices[:1], indices[1:]) if halved else (indices,))
        ]
        known += len(item.properties)
        for kind, targets in item.references.items():
            count = len(targets)
            iref += box(kind, struct.pack(f">HH{count}H", number, count, *targets))
        iloc += struct.pack(">HHH", number, 0, item.repeated)
        iloc += struct.pack(">II", len(mdat), len(item.content)) * item.repeated
        mdat += item.content

    groups = [[each] for each in ipma] if split or halved else [ipma]
    associations = b"".join(
        full(b"ipma", struct.pack(">I", len(group)) + b"".join(group), flags=1) for group in groups
    )

    def meta(base: int) -> bytes:
        moved = b"".join(_moved(iloc, base))
        return full(
            b"meta",
            full(b"hdlr", bytes(4) + b"pict" + bytes(13))
            + full(b"pitm", struct.pack(">H", 1))
            + full(b"iloc", b"\x44\0" + struct.pack(">H", len(items)) + moved)
            + full(b"iinf", struct.pack(">H", len(items)) + infe)
            + box(b"iprp", box(b"ipco", ipco) + associations)
            + (full(b"iref", iref) if iref else b""),
        )

    head = box(b"ftyp", brand + bytes(4) + b"mif1" + brand)
    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", mdat) + more


def _moved(iloc: bytes, base: int) -> Sequence[bytes]:
    """Spell the locations with the data at `base`."""
    moved, at = [], 0
    while at < len(iloc):
        number, reference, count = struct.unpack_from(">HHH", iloc, at)
        moved.append(struct.pack(">HHH", number, reference, count))
        at += 6
        for _ in range(count):
            start, length = struct.unpack_from(">II", iloc, at)
            moved.append(struct.pack(">II", base + start, length))
            at += 8
    return moved


class Bits:
    """Write numbers bit by bit."""

    def __init__(self) -> None:
        self._bits = ""

    def put(self, value: int, count: int) -> Bits:
        """Add the `count` bits of a number."""
        self._bits += f"{value:0{count}b}"
        return self

    def ue(self, value: int) -> Bits:
        """Add an Exp-Golomb code."""
        digits = f"{value + 1:b}"
        self._bits += "0" * (len(digits) - 1) + digits
        return self

    def content(self) -> bytes:
        """Return all bits and a stop bit, as bytes."""
        bits = self._bits + "1"
        bits += "0" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8)


def parameter_set(width: int, height: int, layers: int = 0) -> bytes:
    """Spell an HEVC sequence parameter set up to the size in px."""
    bits = Bits().put(0, 4).put(layers, 3).put(1, 1).put(0, 88).put(90, 8)
    if layers:
        bits.put(0b11, 2)
        for _ in range(layers - 1):
            bits.put(0, 2)
        bits.put(0, 2 * (8 - layers)).put(0, 96)
    raw = bits.ue(0).ue(1).ue(width).ue(height).put(0, 16).content()
    escaped, zeros = bytearray(), 0
    for byte in raw:
        if zeros >= 2 and byte <= 3:
            escaped.append(3)
            zeros = 0
        zeros = 0 if byte else zeros + 1
        escaped.append(byte)
    return b"\x42\1" + bytes(escaped)


def hevc_configuration(*units: bytes) -> bytes:
    """Spell hvcC with parameter sets."""
    listed = b"".join(struct.pack(">H", len(unit)) + unit for unit in units)
    return box(b"hvcC", b"\1" + bytes(20) + b"\x03\1\x21" + struct.pack(">H", len(units)) + listed)


def unit(content: bytes) -> bytes:
    """Spell a NAL unit with its length."""
    return struct.pack(">I", len(content)) + content


SLICE = b"\x26\1\xaf" + bytes(20)
"""A NAL unit: the first slice of a picture."""


def obu(kind: int, content: bytes) -> bytes:
    """Spell an AV1 OBU with its length."""
    length, size = b"", len(content)
    while size > 0x7F:
        length += bytes((size & 0x7F | 0x80,))
        size >>= 7
    return bytes((kind << 3 | 2,)) + length + bytes((size,)) + content


def sequence_header(
    width: int,
    height: int,
    *,
    reduced: bool = True,
    bits: int = 16,
    timing: bool = False,
    code_points: Sequence[int] = (),
) -> bytes:
    """Spell an AV1 sequence header OBU; sizes are written in so many bits."""
    header = Bits().put(0, 3).put(1, 1).put(reduced, 1)
    if reduced:
        header.put(0, 5)
    else:
        header.put(timing, 1)
        if timing:
            header.put(1, 32).put(25, 32).put(0, 1)  # no equal interval
            header.put(1, 1).put(9, 5).put(1, 32).put(9, 5).put(9, 5)  # a decoder model
        header.put(0, 1).put(0, 5).put(0, 12).put(13, 5).put(0, 1)
        if timing:
            header.put(1, 1).put(0, 21)
    header.put(bits - 1, 4).put(bits - 1, 4).put(width - 1, bits).put(height - 1, bits)
    if not reduced:
        header.put(0, 1)  # no frame ids
    header.put(0, 3)
    if not reduced:
        header.put(0, 4).put(0, 1).put(0, 1).put(0, 1)  # no order, no screen content
    header.put(0, 3).put(0, 2).put(bool(code_points), 1)
    for each in code_points:
        header.put(each, 8)
    return obu(1, header.put(0, 16).content())


def frame(*, overrides: bool = False, timing: bool = False, shown: bool = True) -> bytes:
    """Spell the begin of an AV1 key frame that is not of a reduced sequence."""
    header = Bits().put(0, 1).put(0, 2).put(shown, 1)
    if shown:
        header.put(0, 10 if timing else 0) if timing else header
    else:
        header.put(0, 2)
    return obu(6, header.put(0, 1).put(overrides, 1).put(0, 64).content())


def avif_of(content: bytes, size: tuple[int, int] = (64, 48)) -> bytes:
    """An AVIF of one item."""
    configuration = box(b"av1C", b"\x81\0\x0c\0")
    return item_file([Item(b"av01", content, [ispe(*size), configuration])], b"avif")


def avif_sequence(
    samples: Sequence[bytes], size: tuple[int, int] = (64, 48), *, repeated: int = 1
) -> bytes:
    """The tracks of an AVIF sequence; with `repeated`, each sample is a chunk listed so often."""
    entry = box(
        b"av01",
        bytes(6)
        + b"\0\1"
        + bytes(16)
        + struct.pack(">HH", *size)
        + bytes(50)
        + box(b"av1C", b"\x81\0\x0c\0"),
    )
    sizes = [len(sample) for sample in samples for _ in range(repeated)]
    head = box(b"ftyp", b"avis" + bytes(4) + b"avifavis")

    def movie(base: int) -> bytes:
        places, at = [], base
        for sample in samples:
            places += [at] * repeated
            at += len(sample)
        count = len(places)
        table = (
            full(b"stsd", struct.pack(">I", 1) + entry)
            + full(b"stsz", struct.pack(f">II{count}I", 0, count, *sizes))
            + full(b"stsc", struct.pack(">IIII", 1, 1, 1, 1))
            + full(b"stco", struct.pack(f">I{count}I", count, *places))
        )
        return box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", table)))))

    return head + movie(len(head) + len(movie(0)) + 8) + box(b"mdat", b"".join(samples))
