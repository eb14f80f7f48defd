"""Rows about what is read and what is refused."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import pillow_heif
from PIL import Image

from lib.domain.errors import ErrorCode
from tests.conformance.scorecard.case import Case
from tests.conformance.scorecard.judges import looks_like
from tests.support.images import MEDIA, icon, photo, psd, save, tiff


def cases() -> Iterator[Case]:
    """Build the rows."""
    yield from _containers()
    yield from _refusals()


def _containers() -> Iterator[Case]:
    image = photo()
    same = looks_like(image)
    sources = {
        "JPEG": save(image, "jpeg", quality=95),
        "JPEG, progressive": save(image, "jpeg", quality=95, progressive=True),
        "PNG": save(image, "png"),
        "WebP": save(image, "webp", quality=95),
        "AVIF": save(image, "avif", quality=95),
        "HEIC": save(image, "heif", quality=95),
        "TIFF": save(image, "tiff"),
        "BMP": save(image, "bmp"),
        "JPEG 2000": save(image, "jpeg2000"),
        "PSD, flattened": psd(image),
        "ICO, the largest image": icon(photo((16, 16)), image),
    }
    for name, source in sources.items():
        yield Case(f"in: {name}", source, same)
    palette = image.quantize(64)
    alike = looks_like(palette.convert("RGB"))
    yield Case("in: PNG with a palette", save(palette, "png"), alike)
    yield Case("in: GIF, still", save(palette, "gif"), alike)
    bits = image.convert("1")
    yield Case("in: PNG of 1 bit", save(bits, "png"), looks_like(bits.convert("RGB")))
    yield Case("in: HEIC, the primary image of a burst", _burst(image), same)


def _burst(primary: Image.Image) -> bytes:
    """Write a HEIC whose second image of three is the one to show."""
    burst = pillow_heif.HeifFile()
    grey = Image.new("RGB", primary.size, (128, 128, 128))
    for each in (grey, primary, grey):
        burst.add_frombytes("RGB", each.size, each.tobytes())
    file = io.BytesIO()
    burst.save(file, quality=95, primary_index=1)
    return file.getvalue()


def _refusals() -> Iterator[Case]:
    name = "refused: "
    truncated = (MEDIA / "truncated.jpg").read_bytes()
    bomb = bytearray(save(Image.new("L", (8, 8)), "bmp"))
    struct.pack_into("<ii", bomb, 18, 60_000, 60_000)
    frames = [Image.new("1", (4, 4), index % 2) for index in range(1001)]
    film = save(frames[0], "gif", save_all=True, append_images=frames[1:], duration=20)
    raw = tiff(bytes(64), (8, 8), bits=8, photometric=1, extra=((50_706, 1, 4, 0x0104),))
    unsupported, limit = ErrorCode.UNSUPPORTED_MEDIA, ErrorCode.LIMIT_EXCEEDED
    yield Case(f"{name}a truncated photo", truncated, ErrorCode.CORRUPT_MEDIA)
    yield Case(f"{name}3.6 gigapixels, by the header", bytes(bomb), limit)
    yield Case(f"{name}1001 frames", film, limit, peer=None)
    yield Case(f"{name}SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>', unsupported, peer=None)
    yield Case(f"{name}PDF", b"%PDF-1.7\n" + bytes(64), unsupported, peer=None)
    yield Case(f"{name}RAW", raw, unsupported, peer=None)
