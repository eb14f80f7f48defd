"""JPEG 2000 files: what lies beside the picture in boxes of its own, and what was cut."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.imaging.load import Picture, read_picture
from tests.support.images import LIMITS, photo, save
from tests.support.jpeg2000 import (
    EXIF_UUID,
    IPTC_UUID,
    SRGB,
    XMP_UUID,
    Part,
    box,
    codestream,
    color,
    jp2,
)

SIZE = (24, 16)
ADOBE_EXIF = bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e")
RIGHTS = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:rights><rdf:Alt><rdf:li xml:lang="x-default">'
    "© Ada</rdf:li></rdf:Alt></dc:rights></x:xmpmeta>"
).encode()


def read(data: bytes) -> Picture:
    return read_picture(data, "jpeg2000", LIMITS)


def stream() -> bytes:
    return codestream(SIZE, [Part(channel) for channel in photo(SIZE).split()])


def exif(orientation: int = 1) -> bytes:
    found = Image.Exif()
    found[0x0110], found[0x8298], found[0x0112] = "Camera", "Ada", orientation
    found.get_ifd(0x8769)[0x9003] = "2024:05:06 07:08:09"
    return found.tobytes()


@pytest.mark.parametrize("kind", [EXIF_UUID, ADOBE_EXIF])
@pytest.mark.parametrize("has_prefix", [True, False])
def test_exif(kind: bytes, has_prefix: bool):
    content = exif() if has_prefix else exif().removeprefix(b"Exif\0\0")
    picture = read(jp2(SIZE, stream(), color(SRGB), behind=box(b"uuid", kind + content)))
    assert picture.probe.camera == "Camera"
    assert picture.probe.captured_at == "2024-05-06T07:08:09"
    assert picture.probe.copyright == "Ada"


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_picture_on_its_side_is_turned(orientation: int):
    behind = box(b"uuid", EXIF_UUID + exif(orientation))
    picture = read(jp2(SIZE, stream(), color(SRGB), behind=behind))
    assert picture.probe.orientation == orientation
    assert picture.image.size == (SIZE if orientation < 5 else SIZE[::-1])


@pytest.mark.parametrize(
    "behind",
    [
        box(b"uuid", XMP_UUID + RIGHTS),
        box(b"xml ", RIGHTS),
        box(b"uuid", IPTC_UUID + b"\x1c\2\x74\0\6" + "© Ada".encode()),
    ],
)
def test_rights(behind: bytes):
    assert read(jp2(SIZE, stream(), color(SRGB), behind=behind)).probe.copyright == "© Ada"


@pytest.mark.parametrize("content", [b"", b"II*\0", b"\xff" * 60, b"MM\0*\xff\xff\xff\xff"])
def test_exif_that_is_none_is_passed_over(content: bytes):
    picture = read(jp2(SIZE, stream(), color(SRGB), behind=box(b"uuid", EXIF_UUID + content)))
    assert picture.probe.camera is None
    assert picture.probe.complete


def test_a_box_of_64_bits_holds_the_codestream():
    content = stream()
    whole = jp2(SIZE, content, color(SRGB))
    long = struct.pack(">I4sQ", 1, b"jp2c", len(content) + 16) + content
    data = whole[: whole.index(b"jp2c") - 4] + long
    assert read(data).image.tobytes() == read(whole).image.tobytes()
    assert read(data[:-40]).probe.complete is False


def test_a_box_up_to_the_end_holds_the_codestream():
    data = bytearray(jp2(SIZE, stream(), color(SRGB)))
    struct.pack_into(">I", data, data.index(b"jp2c") - 4, 0)
    assert read(bytes(data)).probe.complete


@pytest.mark.parametrize("is_boxed", [True, False])
@pytest.mark.parametrize(
    "options", [{}, {"tile_size": (64, 64)}, {"progression": "RPCL"}, {"quality_layers": [9, 3]}]
)
class TestCut:
    """A codestream that ends early is shown as far as it goes."""

    def data(self, is_boxed: bool, options: dict[str, object]) -> bytes:
        return save(photo((200, 150)), "jpeg2000", no_jp2=not is_boxed, **options)

    @pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
    def test_within(self, is_boxed: bool, options: dict[str, object], share: float):
        data = self.data(is_boxed, options)
        picture = read(data[: int(len(data) * share)])
        assert picture.image.size == (200, 150)
        assert picture.probe.complete is False
        assert picture.probe.warnings[0].code is WarningCode.INCOMPLETE

    def test_without_its_end_marker(self, is_boxed: bool, options: dict[str, object]):
        data = self.data(is_boxed, options)
        picture = read(data[:-2])
        assert picture.image.tobytes() == read(data).image.tobytes()
        assert picture.probe.complete

    def test_below_a_tenth(self, is_boxed: bool, options: dict[str, object]):
        data = self.data(is_boxed, options)
        with pytest.raises(PermanentError) as caught:
            read(data[: int(len(data) * 0.08)])
        assert caught.value.code is ErrorCode.CORRUPT_MEDIA


def open_ended() -> bytearray:
    """Return a codestream whose one tile-part does not say how long it is."""
    data = bytearray(stream())
    struct.pack_into(">I", data, data.index(b"\xff\x90") + 6, 0)
    return data


def test_a_tile_that_does_not_say_its_length_is_whole_with_an_end_marker():
    assert read(bytes(open_ended())).probe.complete
    (warning,) = read(bytes(open_ended()[:-20])).probe.warnings
    assert "its end is missing" in warning.message


def tile_parts(numbers: list[int], promised: int) -> bytes:
    """Return a codestream with empty tile-parts behind the first."""
    data = bytearray(stream())
    at = data.index(b"\xff\x90")
    data[at + 10], data[at + 11] = numbers[0], promised
    more = [
        struct.pack(">HHHIBBH", 0xFF90, 10, 0, 14, part, promised, 0xFF93) for part in numbers[1:]
    ]
    return bytes(data[:-2]) + b"".join(more) + b"\xff\xd9"


def test_a_tile_of_one_part_more_than_promised():
    assert read(tile_parts([0, 1, 2], 2)).image.tobytes() == read(stream()).image.tobytes()


@pytest.mark.parametrize("numbers", [[0, 1, 2, 2], [0, 1, 2, 3], [0, 1, 1], [0, 1, 0]])
def test_parts_of_a_tile_that_is_complete_are_refused(numbers: list[int]):
    with pytest.raises(PermanentError, match="more than all parts of tile 0"):
        read(tile_parts(numbers, 2))


def test_the_size_is_refused_before_what_is_missing():
    data = bytearray(stream())
    struct.pack_into(">2I8x2I", data, 8, 60_000, 60_000, 60_000, 60_000)
    with pytest.raises(PermanentError) as caught:
        read(bytes(data[:-100]))
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED
