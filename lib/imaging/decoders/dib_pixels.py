"""Make pixels of a bitmap's rows, whatever bits its channels have."""

from __future__ import annotations

from PIL import Image

from lib.imaging.decoders.bits import take_bits, widen
from lib.imaging.decoders.dib import DEFAULT_MASKS, Dib

BYTES_AS = {16: "LA", 24: "RGB", 32: "RGBA"}
"""Bits of a pixel → mode that has as many bytes: one channel for each."""

PACKED = {
    (24, (*DEFAULT_MASKS[24], 0)): "BGR",
    (32, (*DEFAULT_MASKS[32], 0)): "BGRX",
}
"""What most bitmaps are, and Pillow unpacks as fast as memory goes."""

MOST_BITS = 8
OPAQUE, CLEAR = 255, (0, 0, 0, 0)


def count_lines(dib: Dib, there: int) -> int:
    """Return how many whole rows so many bytes are; the last one needs no padding."""
    width, height = dib.size
    lines, rest = divmod(there, dib.stride)
    return min(height, lines + (rest >= (width * dib.bits + 7) // 8))


def mode_of(dib: Dib) -> str:
    """Return the mode of the pixels: RGBA where there is a mask of alpha, L for a grey palette."""
    red, green, blue = (dib.palette[channel::3] for channel in range(3))
    if dib.palette and red == green == blue:
        return "L"
    return "RGBA" if dib.masks[3] else "RGB"


def unpack_rows(dib: Dib, rows: bytes) -> Image.Image:
    """Return the picture of rows as they lie in the file, of which each has to be there."""
    if dib.palette:
        raw = f"P;{dib.bits}" if dib.bits < MOST_BITS else "P"
        return unpack_indices(dib, rows, raw, dib.stride)
    packed = PACKED.get((dib.bits, dib.masks))
    if packed:
        return Image.frombuffer("RGB", dib.size, rows, "raw", packed, dib.stride, dib.step)
    mode = BYTES_AS[dib.bits]
    pixels = Image.frombuffer(mode, dib.size, rows, "raw", mode, dib.stride, dib.step)
    channels = [_take_channel(pixels, mask) for mask in dib.masks[: len(mode_of(dib))]]
    return Image.merge(mode_of(dib), channels)


def unpack_indices(dib: Dib, rows: bytes | bytearray, raw: str, stride: int) -> Image.Image:
    """Return the picture of entries of the palette; those that it does not have are black."""
    image = Image.frombuffer("P", dib.size, rows, "raw", raw, stride, dib.step)
    image.putpalette(dib.palette.ljust(3 * 256, b"\0"))
    return image.convert(mode_of(dib))


def _take_channel(pixels: Image.Image, mask: int) -> Image.Image:
    """Return the channel of a mask: its highest eight bits, or all of them as a part of 255."""
    if not mask:
        return Image.new("L", pixels.size)
    bits = min(mask.bit_count(), MOST_BITS)
    return widen(take_bits(pixels, mask.bit_length() - bits, bits), bits)


def clear_below(image: Image.Image, lines: int, *, from_bottom: bool) -> Image.Image:
    """Make all but the first lines transparent, counted from the top or from the bottom."""
    width, height = image.size
    image = image.convert("RGBA")
    missing = (0, 0, width, height - lines) if from_bottom else (0, lines, width, height)
    image.paste(CLEAR, missing)
    return image
