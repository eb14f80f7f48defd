"""No value of a header is more than a value: any field may have any type, count and range."""

from __future__ import annotations

import io
import json
import random
import re
import struct
from collections.abc import Callable

import pillow_heif
import pytest
from PIL import Image

from lib.domain.errors import PermanentError
from lib.domain.serialized_probe import probe_to_values
from lib.imaging.load import Picture, read_picture
from tests.support.exif_values import COUNTS, VALUES, exif_block, exif_blocks
from tests.support.images import LIMITS
from tests.support.pngs import chunk, png

COLOR = (200, 40, 40)
SIZE = (8, 4)
ROOM = 2600
"""Bytes of the longest block of all."""

MARK = (b"II*\0\x08\0\0\0\0\0\0\0\0\0mark" * ROOM)[:ROOM]


def embed_in(container: str) -> Callable[[bytes], bytes]:
    """Return what makes a picture with a block of Exif."""
    if container == "png":
        rows = (b"\0" + bytes(COLOR) * 8) * 4
        return lambda block: png(SIZE, 8, 2, rows, before=chunk(b"eXIf", block))
    pillow_heif.register_heif_opener()
    file = io.BytesIO()
    Image.new("RGB", SIZE, COLOR).save(file, container, exif=b"Exif\0\0" + MARK)
    whole = file.getvalue()
    assert whole.count(MARK) == 1
    return lambda block: whole.replace(MARK, block.ljust(ROOM, b"\0"))


def is_shown(picture: Picture) -> bool:
    """Tell whether it is the picture, and its facts are of the types that go to the catalog."""
    facts = probe_to_values(picture.probe)
    assert json.loads(json.dumps(facts, allow_nan=False))["width"] in SIZE
    assert type(facts["orientation"]) in (int, type(None))
    pixel = picture.image.convert("RGB").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return max(abs(a - b) for a, b in zip(pixel, COLOR, strict=True)) < 20


@pytest.mark.parametrize("container", ["jpeg", "png", "webp", "avif", "heif"])
def test_any_field_of_exif_may_have_any_type(container: str) -> None:
    embed = embed_in(container)
    for number, (named, block) in enumerate(exif_blocks()):
        if container in ("avif", "heif") and number % 4:
            continue  # they take longer; what reads the block is the same
        picture = read_picture(embed(block), container, LIMITS)
        assert is_shown(picture), named
        assert picture.probe.warnings == ()


@pytest.mark.parametrize("container", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("count", COUNTS)
def test_only_one_short_number_turns_a_picture(
    container: str, order: str, kind: int, count: int
) -> None:
    """As Chromium 156 takes it in JPEG and PNG."""
    value = None if kind in (2, 5, 10) else 6
    block = exif_block(order, None, 0x0112, kind, count, value=value)
    probe = read_picture(embed_in(container)(block), container, LIMITS).probe
    turns = (kind, count) == (3, 1)
    assert probe.orientation == (6 if turns else None)
    assert (probe.width, probe.height) == ((4, 8) if turns else SIZE)


TIFF_TAGS = (
    *(254, 256, 257, 258, 259, 262, 263, 266, 273, 274, 277, 278, 279, 280, 284, 290, 292),
    *(296, 301, 305, 317, 318, 319, 320, 322, 323, 324, 325, 330, 332, 338, 339, 340, 347),
    *(529, 530, 531, 532, 700, 33_432, 33_723, 34_377, 34_675, 34_665, 34_853, 50_706),
)


def tiff_with(order: str, tag: int, kind: int, count: int) -> bytes:
    """Return a TIFF of one strip in which one tag is something else."""
    letters, numbers = VALUES[kind]
    entries = {
        tag: (3, 1, struct.pack(order + "H", value))
        for tag, value in ((256, 8), (257, 4), (259, 1), (262, 2), (277, 3), (278, 4), (279, 96))
    }
    entries[258] = 3, 3, struct.pack(order + "3H", 8, 8, 8)
    entries[273] = 4, 1, bytes(4)
    entries[tag] = kind, count, struct.pack(order + letters, *numbers) * min(count, 300)
    start = 8 + 2 + 12 * len(entries) + 4
    beside = b"".join(value for _, _, value in entries.values() if len(value) > 4)
    pixels_at = start + len(beside)
    directory, beside_at = b"", start
    for name, (type_, number, value) in sorted(entries.items()):
        place = value.ljust(4, b"\0")
        if len(value) > 4:
            place = struct.pack(order + "I", beside_at)
            beside_at += len(value)
        elif name == 273 and tag != 273:
            place = struct.pack(order + "I", pixels_at)
        directory += struct.pack(order + "HHI", name, type_, number) + place
    beside = b"".join(value for _, (_, _, value) in sorted(entries.items()) if len(value) > 4)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(entries))
    return head + directory + bytes(4) + beside + bytes(COLOR) * 32


def refusal(data: bytes) -> str:
    """Return why a TIFF is refused; nothing where it is shown."""
    try:
        picture = read_picture(data, "tiff", LIMITS)
    except PermanentError as exc:
        return exc.message
    assert json.dumps(probe_to_values(picture.probe), allow_nan=False)
    assert picture.image.mode in ("L", "LA", "RGB", "RGBA")
    return ""


@pytest.mark.parametrize("tag", TIFF_TAGS)
def test_any_tag_of_a_tiff_may_have_any_type(tag: int) -> None:
    """What comes of it is a picture, or an error of ours that tells nothing of code."""
    for kind in VALUES:
        for count in COUNTS:
            for order in "<>":
                reason = refusal(tiff_with(order, tag, kind, count))
                assert not re.search("object|instance|operand|attribute", reason)


def test_the_tiff_that_is_varied_is_right() -> None:
    for order in "<>":
        data = tiff_with(order, 65_000, 3, 1)
        assert is_shown(read_picture(data, "tiff", LIMITS))


NO_EXIF = {
    "zeros": bytes(ROOM),
    "ones": b"\xff" * ROOM,
    "text": b"garbage" * 300,
    "nothing": b"",
    "prefix twice": b"Exif\0\0Exif\0\0II*\0\x08\0\0\0\0\0",
    "a head alone": b"II*\0",
    "too many entries": b"II*\0\x08\0\0\0\xff\xff" + b"\x12\1\3\0\1\0\0\0\6\0\0\0" * 200,
    "itself": b"II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\0\0\0\0",
    "the next is the first": b"MM\0*\0\0\0\x08\0\0\0\0\0\x08",
}


@pytest.mark.parametrize("container", ["jpeg", "png", "webp", "avif", "heif"])
@pytest.mark.parametrize("name", NO_EXIF)
def test_what_is_no_exif_at_all_is_passed_over(container: str, name: str) -> None:
    picture = read_picture(embed_in(container)(NO_EXIF[name]), container, LIMITS)
    assert is_shown(picture)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("container", ["jpeg", "png", "webp", "avif", "heif"])
def test_so_is_any_other_block_of_bytes(container: str, seed: int) -> None:
    block = random.Random(seed).randbytes(300)
    for head in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        picture = read_picture(embed_in(container)(head + block), container, LIMITS)
        assert picture.image.size in (SIZE, SIZE[::-1])
