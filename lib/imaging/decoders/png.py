"""Open a PNG without what no picture needs, and decode it with the transparency that it has."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from io import BytesIO

from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngImageFile

from lib.domain.media import WarningCode
from lib.domain.png import SIGNATURE
from lib.imaging.completeness import report_lines, warn
from lib.imaging.decoders.png_chunks import HEAD, Parts, read_parts, write_png
from lib.imaging.decoders.png_stream import PASSES, Layout, Stream
from lib.imaging.pillow import declare_mode, is_out_of_memory, keep_what_was_decoded, set_raw_mode

IHDR = struct.Struct(">IIBBBBB")
GREY, RGB, PALETTE, GREY_AND_ALPHA = 0, 2, 3, 4
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
TRANSPARENCY_BYTES = {GREY: 2, RGB: 6}
"""Of one grey, and of one colour."""

BAND = 1024
"""Lines that are worked on at a time, whole cells of any pass."""

GRIDS = ((8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2), (1, 1))
"""How far pixels lie apart that are there after each pass of Adam7, across and down (8.2)."""


def open_png(file: BytesIO) -> PngImageFile:
    """Return the picture, its pixels not decoded yet; of its chunks those that it needs.

    Raises ValueError for a header or palette that cannot be believed, and
    PermanentError(UNSUPPORTED_MEDIA) for what is a PNG but in name.
    """
    parts = read_parts(file.getvalue())
    if len(parts.header) >= IHDR.size:
        _check_transparency(parts)
    image = PngImageFile(BytesIO(write_png(parts)))
    if _header_of(image)[2:4] == (16, GREY_AND_ALPHA):
        declare_mode(image, "LA")  # whose profile is grey
    # Where there is none, Pillow would decode the pixels to look behind them.
    image.info["exif"] = parts.exif
    image.info |= {"code_points": parts.code_points, "peak_nits": parts.peak_nits}
    profile = parts.profile
    if profile:
        image.info["icc_profile"] = profile
    elif b"iCCP" in parts.facts:
        parts.damaged.add(b"iCCP")
    for kind in sorted(parts.damaged):
        warn(image, WarningCode.DAMAGED, f"passed over: a damaged chunk {kind.decode()}")
    return image


def _header_of(image: PngImageFile) -> tuple[int, ...]:
    """Return width, height, depth, colour type and methods of an opened picture."""
    assert isinstance(image.fp, BytesIO)
    return IHDR.unpack_from(image.fp.getbuffer(), len(SIGNATURE) + HEAD.size)


def _check_transparency(parts: Parts) -> None:
    """Bring tRNS into the form in which it counts: of one grey or colour, with its own bits."""
    chunk = parts.facts.get(b"tRNS")
    if chunk is None:
        return
    _, _, depth, model, *_ = IHDR.unpack_from(parts.header)
    if model == PALETTE:
        parts.facts[b"tRNS"] = chunk[:256]
    elif model not in TRANSPARENCY_BYTES:
        del parts.facts[b"tRNS"]
    elif len(chunk) < TRANSPARENCY_BYTES[model]:
        del parts.facts[b"tRNS"]
        parts.damaged.add(b"tRNS")
    else:
        # The higher bits do not count (11.3.1.1). Grey of few bits is decoded as 8.
        values = struct.unpack_from(f">{TRANSPARENCY_BYTES[model] // 2}H", chunk)
        most = (1 << depth) - 1
        scale = 255 // most if depth in (2, 4) else 1
        parts.facts[b"tRNS"] = b"".join(
            ((value & most) * scale).to_bytes(2, "big") for value in values
        )


def decode_png(image: Image.Image) -> Image.Image:
    """Decode an opened PNG; what is cut short as far as it goes.

    Modes L, LA, P, RGB, RGBA, 1 and I;16. One transparent value is compared with all of its bits.
    """
    assert isinstance(image, PngImageFile)
    assert isinstance(image.fp, BytesIO)
    data = image.fp.getvalue()
    _, _, depth, model, *_ = _header_of(image)
    if (depth, model) == (16, GREY_AND_ALPHA):
        declare_mode(image, "RGBA")
        return _load(image, data).convert("LA")
    transparent = image.info.get("transparency")
    if depth < 16 or transparent is None or model not in TRANSPARENCY_BYTES:
        return _load(image, data)
    if model == GREY:
        return _grey_with_alpha(_load(image, data), transparent)
    mask = _equal_in_low_bytes(data, transparent)
    image = _load(image, data)
    mask = ImageChops.darker(mask, _equal(image, [value >> 8 for value in transparent]))
    del image.info["transparency"]
    image.putalpha(ImageChops.invert(mask))
    return image


def _equal_in_low_bytes(data: bytes, color: Iterable[int]) -> Image.Image:
    """Return where the lower bytes of colours of 16 bits are those of one of them."""
    low = PngImageFile(BytesIO(data))
    return _equal(_load(low, data, "RGB;16L"), [value & 255 for value in color])


def _equal(image: Image.Image, color: Iterable[int]) -> Image.Image:
    """Return a mask of the pixels of one colour: 255 there, else 0."""
    mask = Image.new("L", image.size, 255)
    for number, value in enumerate(color):
        table = [0] * 256
        table[value] = 255
        mask = ImageChops.darker(mask, image.getchannel(number).point(table))
    return mask


def _grey_with_alpha(image: Image.Image, transparent: int) -> Image.Image:
    numbers = image.convert("I")
    alpha = [255] * 65_536
    alpha[transparent] = 0
    grey = numbers.point([(value * 255 + 32_767) // 65_535 for value in range(65_536)], "L")
    found = Image.merge("LA", (grey, numbers.point(alpha, "L")))
    found.info = {name: each for name, each in image.info.items() if name != "transparency"}
    return found


def _load(image: PngImageFile, data: bytes, raw_mode: str = "") -> Image.Image:
    """Decode as Pillow does, and as far as it does. Raises what is no fault of the pixels.

    `raw_mode`: another one of Pillow's than it would take.
    """
    if raw_mode:
        set_raw_mode(image, raw_mode)
    try:
        image.load()
    except (OSError, SyntaxError) as exc:
        if is_out_of_memory(exc):
            raise
        keep_what_was_decoded(image)
        return _salvage(image, data, raw_mode)
    last = image.crop((0, image.height - 1, image.width, image.height))
    # What ends early and in good order leaves zeros, of which Pillow does not tell.
    return _salvage(image, data, raw_mode) if not any(last.tobytes()) else image


def _salvage(image: PngImageFile, data: bytes, raw_mode: str) -> Image.Image:
    """Return a picture that may not have been decoded to its end, after a look at what is there."""
    width, height, depth, model, *_, interlace = IHDR.unpack_from(data, len(SIGNATURE) + HEAD.size)
    layout = Layout(width, height, depth * CHANNELS[model], bool(interlace))
    parts = read_parts(data)
    stream = Stream(layout, b"".join(each.content for each in parts.pixels if each.kind == b"IDAT"))
    if stream.is_whole:
        if image.fp is None and stream.is_checked:
            return image
        return _mend(image, write_png(stream.mend(parts)), raw_mode)
    if not interlace:
        report_lines(image, stream.rows[0], height)
        return image
    number = next(at for at, rows in enumerate(stream.rows) if rows < layout.passes()[at][0])
    # Each row of a pass brings detail to as many lines as its rows lie apart.
    lines = min(height, stream.rows[number] * PASSES[number][3])
    if number:
        message = f"cut short in pass {number + 1} of {len(PASSES)}: lower lines are coarser"
        warn(image, WarningCode.INCOMPLETE, message)
        _spread(image, (lines, height), GRIDS[number - 1])
    else:
        report_lines(image, lines, height)
        image.paste(0, (0, lines, width, height))
    _spread(image, (0, lines), GRIDS[number])
    return image


def _mend(image: PngImageFile, data: bytes, raw_mode: str) -> PngImageFile:
    """Decode again, as before, what is whole but for the head or the end of its stream."""
    mended = PngImageFile(BytesIO(data))
    if raw_mode:
        set_raw_mode(mended, raw_mode)
    mended.load()
    mended.info = image.info
    return mended


def _spread(image: Image.Image, lines: tuple[int, int], grid: tuple[int, int]) -> None:
    """Have each pixel of a grid fill its cell in some lines, as browsers show what is there.

    The lines begin where a cell does.
    """
    across, down = grid
    # Each is taken at its own place, and not from the middle of its cell.
    taken = (across, 0, 0.5 - across / 2, 0, down, 0.5 - down / 2)
    for top in range(lines[0], lines[1], BAND):
        band = image.crop((0, top, image.width, min(top + BAND, lines[1])))
        cells = (-(-band.width // across), -(-band.height // down))
        small = band.transform(cells, Image.Transform.AFFINE, taken, Image.Resampling.NEAREST)
        box = (0, 0, band.width / across, band.height / down)
        image.paste(small.resize(band.size, Image.Resampling.NEAREST, box=box), (0, top))
