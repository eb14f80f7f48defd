"""JPEG, WebP, JPEG 2000, AVIF, HEIC and the rest that cameras and programs write."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pillow_heif
from PIL import Image

from tests.media.corpus.chart import COLORS, GREYS, SIZE, draw, rows
from tests.support.color_spaces import convert, light, power, srgb
from tests.support.images import icon, psd, save
from tests.support.profiles import DISPLAY_P3, INKS, display_profile, grey_profile, ink_profile

Maker = Callable[[], bytes]

INK_CHART = tuple(
    tuple(255 * ink for ink in inks)
    for color in COLORS
    for inks in [next((k for k, seen in INKS.items() if seen == color), (0, 0, 0, 1))]
)
"""The solid inks that look like the chart."""

NAIVE_INKS = tuple((*(255 - value for value in color), 0) for color in COLORS)
"""Without a profile red is what cyan leaves."""

# What a camera that is held in each way stores: the inverse of what makes it upright.
TURNED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
ORIENTATION = 0x0112
GAIN_MAP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
    b' xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/></rdf:RDF>'
    b"</x:xmpmeta>"
)
"""XMP of a phone's photo whose second picture tells what an HDR display adds."""

ENDS = {"png": "png", "webp": "webp", "tif": "tiff", "avif": "avif", "heic": "heif"}


def turned(orientation: int, container: str, *, portrait: bool = False) -> bytes:
    """Write the chart as it lies in a file of this orientation."""
    image = draw(COLORS)
    if portrait:
        image = image.transpose(Image.Transpose.ROTATE_90)
    how = TURNED[orientation]
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = image if how is None else image.transpose(how)
    return save(stored, container, exif=exif.tobytes(), quality=95)


def inks(container: str, **options: object) -> bytes:
    """Write the chart in solid inks, with the profile of its press."""
    return save(
        draw(INK_CHART, "CMYK"), container, icc_profile=ink_profile("Test press"), **options
    )


def ycck() -> bytes:
    """Write inks as Photoshop does: inverted, and cyan, magenta and yellow as if they were RGB."""
    plates = draw(INK_CHART, "CMYK").split()
    ycc = Image.merge("RGB", plates[:3]).convert("YCbCr").split()
    # Pillow inverts what it writes; only black has to be.
    inverted = [plane.point(range(255, -1, -1)) for plane in ycc]
    data = bytearray(
        save(
            Image.merge("CMYK", (*inverted, plates[3])),
            "jpeg",
            quality=95,
            icc_profile=ink_profile("Test press"),
        )
    )
    transform = data.index(b"Adobe\0") + 11
    data[transform] = 2
    return bytes(data)


def two_pictures(packet: bytes) -> bytes:
    """Write a JPEG with a second one behind it, and what says so (CIPA DC-007) and what for."""
    first, second = save(draw(COLORS), "jpeg", quality=95), save(draw(GREYS, "L"), "jpeg")
    said = _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet) if packet else b""
    # A directory of three entries (version, number, place of the records), then the records.
    place = 8 + 2 + 3 * 12 + 4
    parts = 4 + 4 + place + 32
    whole = len(first) + len(said) + parts
    base = 2 + len(said) + 8  # where offsets count from
    entries = [(0xB000, 7, 4, b"0100"), (0xB001, 4, 1, struct.pack(">I", 2))]
    entries += [(0xB002, 7, 32, struct.pack(">I", place))]
    directory = struct.pack(">2sHIH", b"MM", 42, 8, len(entries))
    directory += b"".join(struct.pack(">HHI", *each[:3]) + each[3] for each in entries) + bytes(4)
    records = struct.pack(">IIIHH", 0x030000, whole, 0, 0, 0)
    records += struct.pack(">IIIHH", 0, len(second), whole - base, 0, 0)
    index = _segment(0xE2, b"MPF\0" + directory + records)
    assert len(index) == parts
    return first[:2] + said + index + first[2:] + second


def heic(bits: int) -> bytes:
    """Write the chart as HEIC; more than 8 bits a channel become 10."""
    if bits == 8:
        return save(draw(COLORS), "heif", quality=95)
    file = io.BytesIO()
    pixels = b"".join(rows([struct.pack("<3H", *(v * 257 for v in c)) for c in COLORS]))
    pillow_heif.encode("RGB;16", SIZE, pixels, file, quality=95)
    return file.getvalue()


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


def samples() -> dict[str, Maker]:
    """Return what writes each file, by its name."""
    p3 = display_profile("Test P3", DISPLAY_P3)
    in_p3 = draw([tuple(round(255 * v) for v in convert(c, DISPLAY_P3, srgb)) for c in COLORS])
    dark = draw([(round(255 * power(1.8)(light(v / 255))),) for (v,) in GREYS], "L")
    veiled = draw([(*c, alpha) for c, alpha in zip(COLORS, (255, 128, 0) * 2, strict=True)], "RGBA")
    landscape = {f"landscape-{n}.jpg": partial(turned, n, "jpeg") for n in TURNED}
    portrait = {f"portrait-{n}.jpg": partial(turned, n, "jpeg", portrait=True) for n in TURNED}
    elsewhere = {
        f"turned-{n}.{end}": partial(turned, n, container)
        for n in (5, 6)
        for end, container in ENDS.items()
    }
    chart = draw(COLORS)
    return {
        **landscape,
        **portrait,
        **elsewhere,
        "baseline.jpg": partial(save, chart, "jpeg", quality=95),
        "progressive.jpg": partial(save, chart, "jpeg", quality=95, progressive=True),
        "grey.jpg": partial(save, draw(GREYS, "L"), "jpeg", quality=95),
        "grey-profile.jpg": partial(
            save, dark, "jpeg", quality=95, icc_profile=grey_profile("Test grey 1.8", 1.8)
        ),
        "cmyk.jpg": partial(save, draw(NAIVE_INKS, "CMYK"), "jpeg", quality=95),
        "cmyk-profile.jpg": partial(inks, "jpeg", quality=95),
        "cmyk-profile.tif": partial(inks, "tiff"),
        "ycck-profile.jpg": ycck,
        "two-pictures.jpg": partial(two_pictures, b""),
        "gain-map.jpg": partial(two_pictures, GAIN_MAP),
        "display-p3.jpg": partial(save, in_p3, "jpeg", quality=95, icc_profile=p3),
        "display-p3.webp": partial(save, in_p3, "webp", lossless=True, icc_profile=p3),
        "display-p3.avif": partial(save, in_p3, "avif", quality=95, icc_profile=p3),
        "lossless.webp": partial(save, chart, "webp", lossless=True),
        "lossy.webp": partial(save, chart, "webp", quality=95),
        "clear.webp": partial(save, veiled, "webp", lossless=True, exact=True),
        "clear.avif": partial(save, veiled, "avif", quality=100, subsampling="4:4:4"),
        "full-chroma.avif": partial(save, chart, "avif", quality=100, subsampling="4:4:4"),
        "limited-range.avif": partial(save, chart, "avif", quality=95, range="limited"),
        "10-bit.avif": (Path(__file__).parent / "10-bit.avif").read_bytes,
        "8-bit.heic": partial(heic, 8),
        "10-bit.heic": partial(heic, 10),
        "plain.jp2": partial(save, chart, "jpeg2000"),
        "codestream.j2k": partial(save, chart, "jpeg2000", no_jp2=True),
        "tiles.jp2": partial(save, chart, "jpeg2000", tile_size=(40, 40)),
        "clear.jp2": partial(save, veiled, "jpeg2000"),
        "grey.jp2": partial(save, draw(GREYS, "L"), "jpeg2000"),
        "plain.bmp": partial(save, chart, "bmp"),
        "flat.psd": partial(psd, chart),
        "several.ico": lambda: icon(chart.resize((24, 16)), chart),
        "still.gif": lambda: save(chart.quantize(8), "gif"),
        "really-a-png.jpg": partial(save, chart, "png"),
        "really-a-jpeg.gif": partial(save, chart, "jpeg", quality=95),
        "no-extension": partial(save, chart, "webp", lossless=True),
    }
