"""Decode a bitmap that is compressed as runs: Windows' RLE4 and RLE8, OS/2's RLE24."""

from __future__ import annotations

from PIL import Image

from lib.imaging.decoders.dib import Dib
from lib.imaging.decoders.dib_pixels import unpack_indices

END_OF_LINE, END_OF_BITMAP, DELTA = range(3)
"""Second byte of a code whose first is 0; from 3 on it counts pixels that are not repeated."""

BLACK = bytes(3)
PIXEL_BYTES = {4: 1, 8: 1, 24: 3}
"""Bits of a pixel in runs → bytes that it has when it is decoded."""


class _Canvas:
    """The rows of a bitmap in their order in the file, and where the next pixel goes."""

    def __init__(self, width: int, height: int, pixel: int) -> None:
        self.width, self.height, self.pixel = width, height, pixel
        self.bytes = bytearray(width * height * pixel)
        self.skipped: bytearray | None = None
        """255 for each pixel that is left out, else 0; None where none is."""
        self.x = self.y = 0

    def put(self, pixels: bytes) -> None:
        """Set pixels of the row; what is too much for it is dropped."""
        count = min(len(pixels) // self.pixel, self.width - self.x)
        start = (self.y * self.width + self.x) * self.pixel
        self.bytes[start : start + count * self.pixel] = pixels[: count * self.pixel]
        self.x += count

    def skip_to(self, x: int, y: int) -> None:
        """Go on at another place, never back; what lies between stays black."""
        before = self.y * self.width + self.x
        self.x, self.y = min(x, self.width), min(y, self.height)
        after = min(self.y * self.width + self.x, self.width * self.height)
        if after > before:
            if self.skipped is None:
                self.skipped = bytearray(self.width * self.height)
            self.skipped[before:after] = b"\xff" * (after - before)


def decode_runs(dib: Dib, data: bytes) -> tuple[Image.Image, int]:
    """Return the picture, and how many rows of it are there where its end is missing.

    What the codes leave out is black. Takes time by the bytes of the runs.
    """
    width, height = dib.size
    canvas = _Canvas(width, height, PIXEL_BYTES[dib.runs])
    is_ended = _run(canvas, data, dib.pixels_at, dib.runs)
    lines = height if is_ended or canvas.y >= height else canvas.y + (canvas.x >= width)
    if dib.runs == 24:
        image = Image.frombuffer("RGB", dib.size, canvas.bytes, "raw", "BGR", 0, dib.step)
        return image, lines
    image = unpack_indices(dib, canvas.bytes, "P", width)
    canvas.skip_to(0, height)
    if canvas.skipped and dib.palette[:3] != BLACK:
        mask = Image.frombuffer("L", dib.size, canvas.skipped, "raw", "L", 0, dib.step)
        image.paste("black", (0, 0, *dib.size), mask)
    return image, lines


def _run(canvas: _Canvas, data: bytes, at: int, bits: int) -> bool:
    """Follow the codes; tell whether they came to their end."""
    end, pixel = len(data), canvas.pixel
    while at + 2 <= end and canvas.y < canvas.height:
        count, code = data[at], data[at + 1]
        if count:
            unit = data[at + 1 : at + 1 + pixel]
            at += 1 + pixel
            if bits == 4:
                unit = bytes((code >> 4, code & 15))
                canvas.put((unit * (count // 2 + 1))[:count])
            else:
                canvas.put(unit * count)
            continue
        at += 2
        if code == END_OF_LINE:
            canvas.skip_to(0, canvas.y + 1)
        elif code == END_OF_BITMAP:
            return True
        elif code == DELTA:
            if at + 2 > end:
                return False
            canvas.skip_to(canvas.x + data[at], canvas.y + data[at + 1])
            at += 2
        else:
            length = (code * bits + 7) // 8
            pixels = data[at : at + length]
            if bits == 4:
                pixels = bytes(half for byte in pixels for half in (byte >> 4, byte & 15))[:code]
            canvas.put(pixels)
            at += length + length % 2
    return False
