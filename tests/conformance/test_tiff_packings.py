"""What packs a TIFF's strips and knows of colours itself."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops, ImageCms

from tests.media.make_tiffs import (
    GREY,
    PACKINGS,
    RGB,
    SIZE,
    YCBCR,
    Entries,
    Kind,
    color_at,
    directory,
    picture_strips,
    write,
)
from tests.support.images import photo, save
from tests.support.tiffs import read


def apart(one: Image.Image, other: Image.Image) -> int:
    """Return how far two pictures are apart, on average of the worst channel."""
    assert one.size == other.size
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    channels = (channel.resize((1, 1), Image.Resampling.BOX) for channel in difference.split())
    return max(channel.getextrema()[0] for channel in channels)  # type: ignore[return-value]


def chart() -> Image.Image:
    image = Image.new("RGB", SIZE)
    for y in range(SIZE[1]):
        for x in range(SIZE[0]):
            image.putpixel((x, y), color_at(Kind(), x, y))
    return image


# Compressions that know of colours


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "YCbCr"])
@pytest.mark.parametrize("tile", [False, True])
def test_jpeg_in_strips_and_tiles(mode: str, tile: bool):
    image = photo((70, 50)).convert(mode)
    options = {"tile": (32, 32)} if tile else {"strip_size": 2000}
    data = save(image, "tiff", compression="jpeg", quality=97, **options)
    assert apart(read(data).image, image.convert("RGB")) <= 3


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_strips_that_are_files_themselves(form: str, order: str, big: bool):
    parts = picture_strips(form, 8)
    start = 16 if big else 8
    entries: Entries = {
        256: ("I", [SIZE[0]]),
        257: ("I", [SIZE[1]]),
        258: ("H", [8] * 3),
        259: ("H", [7 if form == "jpeg" else 50_001]),
        262: ("H", [YCBCR if form == "jpeg" else RGB]),
        273: ("I", [start, start + len(parts[0])]),
        277: ("H", [3]),
        278: ("I", [8]),
        279: ("I", list(map(len, parts))),
        530: ("H", [1, 1]),
    }
    data = directory(b"".join(parts), entries, order, big=big)
    assert apart(read(data).image, chart()) <= 3


def test_jpeg_in_planes():
    parts = [save(channel, "jpeg", quality=100) for channel in chart().split()]
    places = [8, 8 + len(parts[0]), 8 + len(parts[0]) + len(parts[1])]
    entries: Entries = {
        256: ("I", [SIZE[0]]),
        257: ("I", [SIZE[1]]),
        258: ("H", [8] * 3),
        259: ("H", [7]),
        262: ("H", [RGB]),
        273: ("I", places),
        277: ("H", [3]),
        278: ("I", [SIZE[1]]),
        279: ("I", list(map(len, parts))),
        284: ("H", [2]),
    }
    assert apart(read(directory(b"".join(parts), entries, "<")).image, chart()) <= 3


def test_jpeg_of_tiff_6():
    """The whole JPEG lies in the file, and a tag tells where (section 22)."""
    content = save(chart().resize((32, 24)), "jpeg", quality=98, subsampling=0)
    entries: Entries = {
        256: ("I", [32]),
        257: ("I", [24]),
        258: ("H", [8] * 3),
        259: ("H", [6]),
        262: ("H", [YCBCR]),
        273: ("I", [8]),
        277: ("H", [3]),
        278: ("I", [24]),
        279: ("I", [len(content)]),
        512: ("H", [1]),
        513: ("I", [8]),
        514: ("I", [len(content)]),
        530: ("H", [1, 1]),
    }
    assert apart(read(directory(content, entries, "<")).image, chart().resize((32, 24))) <= 4


def luma_and_colors(image: Image.Image, across: int, down: int) -> bytes:
    """Return units of luma and one pair of colours (TIFF 6.0, section 21)."""
    luma, blue, red = image.convert("YCbCr").split()
    small = (-(-image.width // across), -(-image.height // down))
    blue, red = (part.resize(small, Image.Resampling.BOX) for part in (blue, red))
    wide = Image.new("L", (small[0] * across, small[1] * down))
    wide.paste(luma)
    units = b""
    for y in range(small[1]):
        for x in range(small[0]):
            box = (x * across, y * down, (x + 1) * across, (y + 1) * down)
            units += wide.crop(box).tobytes()
            units += bytes((blue.getpixel((x, y)), red.getpixel((x, y))))  # type: ignore[arg-type]
    return units


@pytest.mark.parametrize("packing", ["raw", "lzw", "deflate"])
@pytest.mark.parametrize("parts", [(1, 1), (2, 1), (2, 2), (1, 2), (4, 1), (4, 2), (4, 4)])
def test_luma_and_colors_without_jpeg(parts: tuple[int, int], packing: str):
    image = photo((40, 24)).resize((10, 6)).resize((40, 24), Image.Resampling.NEAREST)
    code, pack = PACKINGS[packing]
    strips = [
        pack(luma_and_colors(image.crop((0, top, 40, top + 8)), *parts)) for top in (0, 8, 16)
    ]
    entries: Entries = {
        256: ("I", [40]),
        257: ("I", [24]),
        258: ("H", [8] * 3),
        259: ("H", [code]),
        273: ("I", [8, 8 + len(strips[0]), 8 + len(strips[0]) + len(strips[1])]),
        262: ("H", [YCBCR]),
        277: ("H", [3]),
        278: ("I", [8]),
        279: ("I", list(map(len, strips))),
        530: ("H", parts),
    }
    assert apart(read(directory(b"".join(strips), entries, ">")).image, image) <= 2


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("planar", [False, True])
def test_luma_and_colors_of_each_pixel(bits: int, planar: bool):
    kind = Kind(YCBCR, bits, planar=planar, more={530: ("H", (1, 1))})
    wanted = Image.new("YCbCr", SIZE)
    for y in range(SIZE[1]):
        for x in range(SIZE[0]):
            wanted.putpixel((x, y), color_at(kind, x, y))
    assert apart(read(write(kind)).image, wanted.convert("RGB")) <= 1


@pytest.mark.parametrize("compression", ["tiff_ccitt", "group3", "group4"])
@pytest.mark.parametrize("width", [8, 37, 64])
def test_fax(compression: str, width: int):
    image = photo((width, 20)).convert("1")
    assert apart(read(save(image, "tiff", compression=compression)).image, image) == 0


@pytest.mark.parametrize(
    ("compression", "bits", "content"), [(32_809, 4, b"\xc5\xca\xcf\xc0"), (32_766, 2, b"\x00\x1b")]
)
def test_scanners_of_old(compression: int, bits: int, content: bytes):
    """ThunderScan: each byte a literal; NeXT: a literal row."""
    wanted = [5, 10, 15, 0] if bits == 4 else [0, 1, 2, 3]
    entries: Entries = {
        256: ("I", [4]),
        257: ("I", [1]),
        258: ("H", [bits]),
        259: ("H", [compression]),
        262: ("H", [GREY]),
        273: ("I", [8]),
        277: ("H", [1]),
        278: ("I", [1]),
        279: ("I", [len(content)]),
    }
    white = (1 << bits) - 1
    pixels = read(directory(content, entries, "<")).image.tobytes()
    assert list(pixels) == [255 * value // white for value in wanted]


@pytest.mark.parametrize(
    "compression",
    ["raw", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits", "lzma", "zstd"],
)
@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "LAB", "YCbCr", "I;16", "I;16B"]
)
def test_what_pillow_writes(mode: str, compression: str):
    image = photo((37, 23)).convert("RGB")
    deep = mode.startswith("I")
    image = (
        image.convert("L").convert("I;16")
        if deep
        else image.quantize()
        if mode == "P"
        else (image if mode == "LAB" else image.convert(mode))
    )
    if deep:
        image = image.convert("I").point(lambda value: value * 257).convert(mode)
    if mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        converted = ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
        assert converted
        image = converted
    wanted = photo((37, 23)).convert("L" if deep or mode == "L" else "RGB")
    if mode in ("1", "P"):
        wanted = image.convert("RGB")
    picture = read(save(image, "tiff", compression=compression))
    assert picture.probe.complete
    assert apart(picture.image, wanted) <= (3 if mode == "LAB" else 1)
