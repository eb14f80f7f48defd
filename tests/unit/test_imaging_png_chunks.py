"""A PNG is what its critical chunks make it: no other one fails it. As Chromium 156 shows them."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.domain.png import SIGNATURE
from lib.imaging.decoders.png_chunks import MOST_BROKEN_TEXTS, PROFILE_BYTES
from lib.imaging.load import Picture, read_picture
from tests.support.images import LIMITS
from tests.support.pngs import chunk, ihdr, noise, palette, png
from tests.support.profiles import grey_profile

SIZE = (4, 3)
RAW = b"\0" + b"\xc8\x28\x28" * 4 + b"\0" + b"\x28\x28\xc8" * 4 + b"\0" + b"\x28\xc8\x28" * 4
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b"<x><dc:rights><rdf:li>me</rdf:li></dc:rights></x>"

RIGHTS = b"XML:com.adobe.xmp\0\1\0\0\0"

ANCILLARY = {
    b"pHYs": bytes(9),
    b"tEXt": b"Software\0me",
    b"zTXt": b"Comment\0\0" + zlib.compress(b"text"),
    b"iTXt": b"Comment\0\0\0\0\0text",
    b"iCCP": b"sRGB\0\0" + zlib.compress(SRGB),
    b"gAMA": struct.pack(">I", 100_000),
    b"cHRM": struct.pack(">8I", *range(1, 9)),
    b"sRGB": b"\0",
    b"tRNS": struct.pack(">3H", 200, 40, 40),
    b"cICP": bytes((9, 16, 0, 1)),
    b"eXIf": b"II*\0\x08\0\0\0\0\0\0\0\0\0",
    b"tIME": bytes(7),
    b"bKGD": bytes(6),
    b"hIST": bytes(2),
    b"sBIT": bytes(3),
    b"sPLT": b"name\0\x08",
    b"oFFs": bytes(9),
    b"prVt": b"private",
}
COUNTS = {b"iCCP", b"gAMA", b"cHRM", b"sRGB", b"tRNS", b"cICP", b"eXIf"}


def read(data: bytes) -> Picture:
    return read_picture(data, "png", LIMITS)


def shows_the_pixels(picture: Picture) -> bool:
    found = picture.image.convert("RGB")
    near = [(200, 40, 40), (40, 40, 200), (40, 200, 40)]
    return all(
        abs(a - b) <= 2
        for y, color in enumerate(near)
        for a, b in zip(found.getpixel((1, y)), color, strict=True)  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("kind", ANCILLARY)
def test_a_wrong_checksum_in_an_ancillary_chunk_leaves_it_out(kind: bytes) -> None:
    found = read(png(SIZE, 8, 2, RAW, before=chunk(kind, ANCILLARY[kind], wrong=True)))
    assert shows_the_pixels(found)
    assert found.probe.complete is True
    assert found.probe.has_alpha is False
    assert [each.code for each in found.probe.warnings] == [WarningCode.DAMAGED] * (kind in COUNTS)


@pytest.mark.parametrize("kind", ANCILLARY)
@pytest.mark.parametrize("length", [0, 1, 3])
def test_one_that_is_too_short_does_no_harm(kind: bytes, length: int) -> None:
    found = read(png(SIZE, 8, 2, RAW, before=chunk(kind, ANCILLARY[kind][:length])))
    assert shows_the_pixels(found)


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"prVt", b"iCCP"])
@pytest.mark.parametrize("wrong", [True, False])
def test_nor_does_one_behind_the_pixels(kind: bytes, wrong: bool) -> None:
    found = read(png(SIZE, 8, 2, RAW, after=chunk(kind, ANCILLARY[kind], wrong=wrong)))
    assert shows_the_pixels(found)


BOMB = zlib.compress(b" " * (2 << 20))


@pytest.mark.parametrize(
    "large",
    [
        chunk(b"zTXt", b"Comment\0\0" + BOMB),
        chunk(b"iTXt", b"Comment\0\1\0\0\0" + BOMB),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + BOMB),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + BOMB),
        chunk(b"tEXt", b"Comment\0" + b" " * (2 << 20)),
        chunk(b"zTXt", b"Comment\0\0" + BOMB) * 80,
        chunk(b"zTXt", b"Comment\0\7" + BOMB),
        chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(PROFILE_BYTES + 1))),
        chunk(b"iCCP", b"x\0\0" + b"no zlib"),
        chunk(b"iCCP", b"x\0\7" + zlib.compress(SRGB)),
        chunk(b"iCCP", b"a name and nothing else"),
    ],
)
@pytest.mark.parametrize("behind", [False, True])
def test_much_that_is_compressed_into_little_does_no_harm(large: bytes, behind: bool) -> None:
    before, after = (b"", large) if behind else (large, b"")
    found = read(png(SIZE, 8, 2, RAW, before=before, after=after))
    assert shows_the_pixels(found)
    assert found.probe.complete is True


def test_a_profile_of_more_than_a_megabyte_counts() -> None:
    with_more = SRGB + bytes(1_400_000)
    with_more = struct.pack(">I", len(with_more)) + with_more[4:]
    profile = chunk(b"iCCP", b"large\0\0" + zlib.compress(with_more))
    found = read(png(SIZE, 8, 2, RAW, before=profile))
    assert found.probe.color_space == "sRGB built-in"
    assert found.probe.warnings == ()


def test_the_rights_are_found_in_front_of_a_long_history() -> None:
    long = XMP + b" " * (3 << 20)
    text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(long))
    for before, after in ((text, b""), (b"", text)):
        assert read(png(SIZE, 8, 2, RAW, before=before, after=after)).probe.copyright == "me"


@pytest.mark.parametrize("head", [b"zTXt" + b"Raw profile type exif\0\0", b"iTXt" + RIGHTS])
def test_after_some_texts_that_break_no_other_is_inflated(head: bytes) -> None:
    packer = zlib.compressobj()
    text = packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    broken = chunk(head[:4], head[4:] + text + b"\xff")  # no kind of block
    right = chunk(b"iTXt", RIGHTS + zlib.compress(XMP))
    for times, found in ((0, "me"), (MOST_BROKEN_TEXTS - 1, "me"), (MOST_BROKEN_TEXTS, None)):
        picture = read(png(SIZE, 8, 2, RAW, before=broken * times + right))
        assert picture.probe.copyright == found
        assert picture.probe.complete is True


def test_exif_is_read_before_and_behind_the_pixels_and_from_its_old_place() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    raw = exif.tobytes()
    old = b"Raw profile type exif\0\0" + zlib.compress(
        b"\nexif\n%8d\n" % len(raw) + raw.hex().encode()
    )
    bare = raw.removeprefix(b"Exif\0\0")
    for before, after in (
        (chunk(b"eXIf", bare), b""),
        (b"", chunk(b"eXIf", bare)),
        (chunk(b"eXIf", raw), b""),
        (chunk(b"zTXt", old), b""),
        (b"", chunk(b"zTXt", old)),
    ):
        probe = read(png(SIZE, 8, 2, RAW, before=before, after=after)).probe
        assert (probe.orientation, probe.camera) == (6, "Maker")
        assert (probe.width, probe.height) == (3, 4)


def test_pixels_count_whatever_their_checksums_say() -> None:
    stream = zlib.compress(RAW)
    for pixels in (
        chunk(b"IDAT", stream, wrong=True),
        chunk(b"IDAT", stream[:-4] + b"\1\2\3\4"),
        chunk(b"IDAT", stream[:-4]),
        chunk(b"IDAT", b"\x18\x19" + stream[2:]),  # a window that is too small
        chunk(b"IDAT", stream[:7], wrong=True) + chunk(b"IDAT", stream[7:]),
        chunk(b"IDAT", b"") + chunk(b"IDAT", stream + b"more"),
    ):
        found = read(SIGNATURE + ihdr(SIZE, 8, 2) + pixels + chunk(b"IEND", b""))
        assert shows_the_pixels(found)
        assert found.probe.complete is True


def test_an_end_that_is_missing_or_behind_garbage_is_no_loss() -> None:
    whole = png(SIZE, 8, 2, RAW)
    for data in (whole[:-12], whole[:-13], whole[:-12] + b"\0\0\1\0junk" * 99, whole + b"junk"):
        assert shows_the_pixels(read(data))
        assert read(data).probe.complete is True


@pytest.mark.parametrize("kind", [b"IHDR", b"PLTE"])
def test_a_wrong_checksum_in_what_pixels_hang_on_is_corrupt(kind: bytes) -> None:
    header = ihdr(SIZE, 8, 3)
    colors = palette()
    if kind == b"IHDR":
        header = header[:-1] + bytes((header[-1] ^ 1,))
    else:
        colors = colors[:-1] + bytes((colors[-1] ^ 1,))
    pixels = chunk(b"IDAT", zlib.compress(bytes(15)))
    with pytest.raises(PermanentError) as raised:
        read(SIGNATURE + header + colors + pixels + chunk(b"IEND", b""))
    assert raised.value.code == ErrorCode.CORRUPT_MEDIA
    assert kind.decode() in raised.value.message


def test_what_only_a_few_read_is_called_unsupported() -> None:
    apple = SIGNATURE + chunk(b"CgBI", bytes(4)) + png(SIZE, 8, 2, RAW)[8:]
    with pytest.raises(PermanentError) as raised:
        read(apple)
    assert raised.value.code == ErrorCode.UNSUPPORTED_MEDIA
    assert "CgBI" in raised.value.message


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_headers_and_palettes_that_come_again_change_nothing(times: int) -> None:
    other = chunk(b"PLTE", bytes(768)) * times
    found = read(png((2, 1), 8, 3, b"\0\1\2", before=palette() + other))
    assert [found.image.getpixel((x, 0)) for x in (0, 1)] == [(21, 28, 35), (42, 49, 56)]


def test_every_chunk_at_once_in_any_order_is_read_without_an_exception() -> None:
    chunks = [chunk(kind, content) for kind, content in ANCILLARY.items() if kind != b"tRNS"]
    for turn in range(len(chunks)):
        turned = b"".join((*chunks[turn:], *chunks[:turn]))
        picture = read(png(SIZE, 8, 2, RAW, before=turned))
        assert picture.image.size == SIZE
        assert io.BytesIO(turned).read(4)


def test_grey_with_alpha_of_16_bits_follows_a_grey_profile() -> None:
    """Its pixels are decoded as colours, and are grey all the same."""
    grey = grey_profile("linear grey", 1.0)
    raw = b"\0" + struct.pack(">2H", 0x8000, 0x4000) * 2
    before = chunk(b"iCCP", b"grey\0\0" + zlib.compress(grey))
    found = read(png((2, 1), 16, 4, raw, before=before))
    assert found.probe.color_space == "linear grey"
    assert found.image.mode == "LA"
    assert found.image.getpixel((0, 0)) == (188, 64)  # half the light


def test_grey_with_alpha_of_16_bits_that_is_cut_is_shown() -> None:
    raw = noise((4, 20), 16, 4)
    data = png((4, 20), 16, 4, raw[: len(raw) // 2])
    assert read(data).probe.warnings[0].message == "cut short: 10 of 20 lines are there"


@pytest.mark.parametrize("name", [b"a\x01bc", b"\0\0\0\0", b"ab d", b"t\xe9st"])
def test_a_chunk_whose_name_is_none_is_left(name: bytes) -> None:
    for before, after in ((chunk(name, b"xyz"), b""), (b"", chunk(name, b"xyz"))):
        found = read(png(SIZE, 8, 2, RAW, before=before, after=after))
        assert shows_the_pixels(found)
        assert found.probe.complete is True


def test_a_critical_chunk_behind_the_pixels_is_too_late_to_count() -> None:
    assert shows_the_pixels(read(png(SIZE, 8, 2, RAW, after=chunk(b"ABCD", b"x"))))
