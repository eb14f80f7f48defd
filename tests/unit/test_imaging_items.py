"""The picture of a HEIC or AVIF is its primary item: cropped as it says, in its own colours.

Right values: ISO/IEC 23008-12, 6.5; libheif 1.23 for HEIC; Chromium 156 for AVIF, but for crops
that begin elsewhere than at the top left, which it leaves.
"""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds import av1
from lib.imaging.bounds.boxes import only, read_top
from lib.imaging.bounds.heif_items import read_meta
from lib.imaging.decoders.heif import _join_associations
from lib.imaging.decoders.item_properties import CODED_BYTES, read_properties
from lib.imaging.load import Picture, read_picture
from tests.media.hostile_images import Item, ispe, obu, sequence_header
from tests.support.boxes import box
from tests.support.image_items import (
    ALPHA,
    clap,
    coded_item,
    icc,
    imir,
    irot,
    nclx,
    with_properties,
    write,
)
from tests.support.images import LIMITS
from tests.support.profiles import ADOBE_RGB, profile

SIZE = WIDTH, HEIGHT = 160, 120
FULL: dict[str, dict[str, object]] = {"avif": {"subsampling": "4:4:4"}, "heif": {"chroma": 444}}


def places() -> Image.Image:
    """Red tells how far to the right a pixel is, green how far down."""
    across = Image.linear_gradient("L").rotate(90).crop((0, 0, WIDTH, 256)).resize(SIZE)
    down = Image.linear_gradient("L").crop((0, 0, 256, HEIGHT)).resize(SIZE)
    return Image.merge("RGB", (across, down, Image.new("L", SIZE, 90)))


ITEMS = {container: coded_item(places(), container, **FULL[container]) for container in FULL}
GREY = coded_item(Image.new("L", SIZE, 200), "avif")


def read(data: bytes, container: str) -> Picture:
    picture = read_picture(data, container, LIMITS)
    assert (picture.probe.width, picture.probe.height) == picture.image.size
    return picture


def seen(container: str, *properties: bytes) -> tuple[tuple[int, int], tuple[int, int]]:
    """The size, and which pixel of the stored picture is at the top left."""
    image = read(write(container, with_properties(ITEMS[container], *properties)), container).image
    # The corner's own pixel is further from its value after coding than one inside.
    red, green, _ = image.crop((2, 2, 3, 3)).tobytes()
    return image.size, (red, green)


def near(place: tuple[int, int], wanted: tuple[int, int]) -> bool:
    return all(abs(a - b) <= 2 for a, b in zip(place, wanted, strict=True))


TOP_LEFT = clap((80, 1), (60, 1), (-40, 1), (-30, 1))


@pytest.mark.parametrize("container", ["avif", "heif"])
@pytest.mark.parametrize(
    ("properties", "size", "corner"),
    [
        ([], SIZE, (2, 2)),
        ([clap((80, 1), (60, 1))], (80, 60), (42, 32)),
        ([TOP_LEFT], (80, 60), (2, 2)),
        ([clap((100, 1), (120, 1), (-30, 1))], (100, 120), (2, 2)),
        ([clap((100, 1), (120, 1), (30, 1))], (100, 120), (62, 2)),
        ([clap((80, 1), (60, 1), (-35, 1), (-20, 1))], (80, 60), (7, 12)),
        ([clap((81, 1), (61, 1))], (81, 61), (41, 31)),
        ([clap((161, 2), (121, 2))], (81, 61), (41, 31)),
        ([clap((159, 2), (119, 2))], (80, 60), (42, 32)),
        ([clap((80, 1), (60, 1), (1, 2), (1, 2))], (80, 60), (42, 32)),
        ([clap((80, 1), (60, 1), (-1, 2), (-1, 2))], (80, 60), (41, 31)),
        ([clap((160, 2), (180, 3), (-80, 2), (-90, 3))], (80, 60), (2, 2)),
        ([clap(*[(each, 1) for each in SIZE])], SIZE, (2, 2)),
    ],
)
def test_a_clean_aperture_is_what_is_seen(
    container: str, properties: list[bytes], size: tuple[int, int], corner: tuple[int, int]
):
    received = seen(container, *properties)
    assert received[0] == size
    assert near(received[1], corner), received


@pytest.mark.parametrize("container", ["avif", "heif"])
@pytest.mark.parametrize(
    ("turns", "size", "corner"),
    [
        ([irot(1)], (60, 80), (77, 2)),
        ([irot(2)], (80, 60), (77, 57)),
        ([irot(3)], (60, 80), (2, 57)),
        ([imir(1)], (80, 60), (77, 2)),
        ([imir(0)], (80, 60), (2, 57)),
        ([irot(1), imir(0)], (60, 80), (2, 2)),
    ],
)
def test_a_crop_comes_before_turns(
    container: str, turns: list[bytes], size: tuple[int, int], corner: tuple[int, int]
):
    received = seen(container, TOP_LEFT, *turns)
    assert received[0] == size
    assert near(received[1], corner), received


HUGE = 2**31 - 1


@pytest.mark.parametrize("container", ["avif", "heif"])
@pytest.mark.parametrize(
    "wrong",
    [
        clap((80, 0), (60, 1)),
        clap((80, 1), (60, 0)),
        clap((80, 1), (60, 1), (0, 0)),
        clap((80, 1), (60, 1), (40, 2**32 - 1)),
        clap((0, 1), (60, 1)),
        clap((80, 1), (1, HUGE)),
        clap((2**32 - 80, 1), (60, 1)),
        clap((80, 1), (60, 1), (-HUGE, 1)),
        clap((80, 1), (60, 1), (0, 1), (200, 1)),
    ],
    ids=[
        *("no-width", "no-height", "no-offset", "offset-below-0", "empty", "thin", "negative"),
        *("far-left", "far-below"),
    ],
)
def test_a_clean_aperture_of_nothing_is_ignored(container: str, wrong: bytes):
    size, corner = seen(container, wrong)
    assert size == SIZE
    assert near(corner, (2, 2))


@pytest.mark.parametrize(
    ("over", "size", "corner"),
    [
        (clap((200, 1), (60, 1)), (160, 60), (2, 32)),
        (clap((80, 1), (60, 1), (60, 1)), (60, 60), (102, 32)),
    ],
)
def test_one_that_reaches_over_the_edge(
    over: bytes, size: tuple[int, int], corner: tuple[int, int]
):
    """libheif crops to what is there; libavif, and so browsers, ignore it."""
    received = seen("heif", over)
    assert received[0] == size
    assert near(received[1], corner), received
    assert seen("avif", over)[0] == SIZE


# Colours

RED = (200, 60, 40)
# As Chromium 156 shows them.
RED_IN_P3, RED_IN_ADOBE = (217, 43, 23), (231, 58, 34)
P3 = nclx(12, 13, 6)
SRGB = nclx(1, 13, 6)


def red(container: str, *properties: bytes) -> Item:
    item = coded_item(Image.new("RGB", SIZE, RED), container, quality=100, **FULL[container])
    return with_properties(item, *properties)


def alpha(*properties: bytes) -> Item:
    return replace(with_properties(GREY, ALPHA, *properties), references={b"auxl": [1]})


def color(data: bytes, container: str) -> tuple[int, ...]:
    image = read(data, container).image.convert("RGB")
    return tuple(image.crop((80, 60, 81, 61)).tobytes())


def assert_near(received: tuple[int, ...], wanted: tuple[int, int, int]):
    assert all(abs(a - b) <= 3 for a, b in zip(received, wanted, strict=True)), received


@pytest.mark.parametrize("container", ["avif", "heif"])
@pytest.mark.parametrize(
    ("properties", "wanted"),
    [
        ([], RED),
        ([SRGB], RED),
        ([P3], RED_IN_P3),
        ([nclx(2, 2, 2)], RED),
        ([icc(profile(ADOBE_RGB))], RED_IN_ADOBE),
        ([P3, icc(profile(ADOBE_RGB))], RED_IN_ADOBE),
        ([icc(profile(ADOBE_RGB)), P3], RED_IN_ADOBE),
    ],
    ids=["none", "srgb", "p3", "unspecified", "profile", "p3-profile", "profile-p3"],
)
def test_the_colours_of_the_picture(
    container: str, properties: list[bytes], wanted: tuple[int, int, int]
):
    assert_near(color(write(container, red(container, *properties)), container), wanted)


@pytest.mark.parametrize("others", [P3, nclx(9, 16, 9)], ids=["p3", "pq"])
@pytest.mark.parametrize("own", [[], [SRGB]], ids=["none", "srgb"])
def test_the_colours_of_its_transparency_are_not_its_own(others: bytes, own: list[bytes]):
    data = write("avif", red("avif", *own), alpha(others))
    picture = read(data, "avif")
    assert_near(color(data, "avif"), RED)
    assert picture.probe.color_space == "sRGB"
    assert picture.probe.has_alpha


@pytest.mark.parametrize("container", ["avif", "heif"])
def test_the_colours_of_a_thumbnail_are_not_its_own(container: str):
    thumbnail = replace(red(container, P3), references={b"thmb": [1]})
    assert_near(color(write(container, red(container), thumbnail), container), RED)


@pytest.mark.parametrize("container", ["avif", "heif"])
def test_a_grid_has_the_colours_of_its_first_tile(container: str):
    tiles = [red(container, P3)] * 2
    grid = Item(
        b"grid",
        struct.pack(">BBBBHH", 0, 0, 0, 1, 2 * WIDTH, HEIGHT),
        [ispe(2 * WIDTH, HEIGHT)],
        {b"dimg": [2, 3]},
    )
    data = write(container, grid, *tiles)
    assert_near(color(data, container), RED_IN_P3)
    own = replace(grid, properties=[*grid.properties, SRGB])
    assert_near(color(write(container, own, *tiles), container), RED)


@pytest.mark.parametrize("reduced", [True, False])
def test_code_points_of_the_codec_count_where_no_property_has_any(reduced: bool):
    def known(*properties: bytes, points: tuple[int, ...] = ()) -> tuple[int, int] | None:
        header = sequence_header(64, 48, reduced=reduced, code_points=points)
        item = Item(b"av01", header, [ispe(64, 48), box(b"av1C", b"\x81\0\x0c\0"), *properties])
        return read_properties(write("avif", item)).code_points()

    assert known(points=(9, 16, 9)) == (9, 16)
    assert known(SRGB, points=(9, 16, 9)) == (1, 13)
    assert known() is None


def test_code_points_as_an_encoder_writes_them():
    data = write("avif", red("avif"))
    assert read_properties(data).code_points() == (1, 13)


# Associations


@pytest.mark.parametrize("properties", [[], [P3]], ids=["none", "p3"])
def test_a_box_of_properties_for_each_item(properties: list[bytes]):
    data = write("avif", red("avif", *properties), alpha(), split=True)
    picture = read(data, "avif")
    assert data.count(b"ipma") == 2
    assert_near(color(data, "avif"), RED_IN_P3 if properties else RED)
    assert picture.image.getchannel("A").getextrema() == (200, 200)


@pytest.mark.parametrize("container", ["avif", "heif"])
def test_two_boxes_of_properties_for_an_item(container: str):
    data = write(container, with_properties(ITEMS[container], P3, TOP_LEFT), halved=True)
    assert data.count(b"ipma") == 2
    assert read(data, container).image.size == (80, 60)
    assert read(data, container).probe.color_space == "Display P3"


def test_a_box_of_properties_for_each_tile_of_a_heic():
    thumbnail = replace(red("heif", P3), references={b"thmb": [1]})
    data = write("heif", with_properties(ITEMS["heif"], TOP_LEFT), thumbnail, split=True)
    assert data.count(b"ipma") == 2
    assert read(data, "heif").image.size == (80, 60)


def spread(data: bytes, entries: bytes, boxes: int, count: int) -> bytes:
    """Put so many boxes of properties more into a file, each with `count` entries."""
    more = boxes * box(b"ipma", bytes(3) + b"\1" + struct.pack(">I", count) + entries)
    at = data.index(b"iprp") - 4
    whole = bytearray(data + more)
    for kind in (b"iprp", b"meta"):  # its items lie before its end, as far as from the begin
        place = data.index(kind) - 4
        whole[place : place + 4] = (int.from_bytes(data[place : place + 4]) + len(more)).to_bytes(4)
    end = at + int.from_bytes(data[at : at + 4])
    moved = whole[:end] + more + whole[end : len(data)]
    meta = data.index(b"iloc") + 8
    for number in range(int.from_bytes(data[meta + 2 : meta + 4])):
        place = meta + 4 + 14 * number + 6
        start = int.from_bytes(data[place : place + 4])
        moved[place : place + 4] = (start + len(more)).to_bytes(4)
    return bytes(moved)


def associations(data: bytes) -> dict[int, list[int]]:
    meta = only(read_top(data), b"meta")
    assert meta
    return read_meta(data, meta).associations


def test_properties_of_items_that_are_not_there_are_left_out():
    entries = b"".join(struct.pack(">HBH", item, 1, 1) for item in range(100, 1100))
    data = spread(write("avif", ITEMS["avif"]), entries, 3, 1000)
    assert len(associations(data)) == 1001
    joined = _join_associations(data)
    assert joined.count(b"ipma", len(data)) == 1
    assert associations(joined) == {1: [1, 2]}
    assert read(data, "avif").image.size == SIZE


def test_the_items_of_all_boxes_are_bounded_together():
    entries = struct.pack(">HBH", 9, 0, 0)[:3] * 5000
    data = spread(write("avif", ITEMS["avif"]), entries, 3, 5000)
    with pytest.raises(PermanentError) as raised:
        read(data, "avif")
    assert raised.value.code is ErrorCode.LIMIT_EXCEEDED


@pytest.mark.parametrize("container", ["avif", "heif"])
@pytest.mark.parametrize("behind", [b"", b"\0", bytes(8), b"\0\0\0\x05what is this" * 9])
@pytest.mark.parametrize("length", ["told", "to the end", "wide"])
def test_boxes_of_properties_before_a_last_box_of_any_kind(
    container: str, behind: bytes, length: str
):
    data = write(container, with_properties(ITEMS[container], TOP_LEFT), halved=True)
    at = data.index(b"mdat") - 4
    content = data[at + 8 :]
    if length == "to the end":
        data = data[:at] + bytes(4) + b"mdat" + content
    elif length == "wide":
        wide = struct.pack(">I4sQ", 1, b"mdat", len(content) + 24) + bytes(8) + content
        data = move_items(data[:at], 16) + wide
    assert read(data + behind, container).image.size == (80, 60)


def move_items(head: bytes, by: int) -> bytes:
    """Have the one item of a file lie further behind."""
    at = head.index(b"iloc") + 8 + 4 + 6
    return head[:at] + (int.from_bytes(head[at : at + 4]) + by).to_bytes(4) + head[at + 4 :]


def test_what_is_missing_of_an_item_is_not_taken_from_elsewhere():
    data = write("avif", ITEMS["avif"], halved=True)
    at = data.index(b"mdat") - 4
    open_end = data[:at] + bytes(4) + data[at + 4 :]
    for cut in (1, 40, len(data[at:]) // 2):
        with pytest.raises(PermanentError) as raised:
            read(open_end[:-cut], "avif")
        assert raised.value.code is ErrorCode.CORRUPT_MEDIA


@pytest.mark.parametrize("before", [380, 385, 390, 393, 395, 398, 400, 5000])
def test_a_header_behind_metadata(before: int):
    header = sequence_header(64, 48, code_points=(9, 16, 9))
    content = obu(5, bytes(before)) + header
    item = Item(b"av01", content, [ispe(64, 48), box(b"av1C", b"\x81\0\x0c\0")])
    assert read_properties(write("avif", item)).code_points() == (9, 16)


@pytest.mark.parametrize("there", range(9))
def test_a_header_that_is_cut_off_is_passed(there: int):
    header = sequence_header(64, 48, code_points=(9, 16, 9))
    coded = av1.Coded()
    coded.read(sequence_header(32, 24) + header[:there])
    assert coded.size == (32, 24)


def test_a_picture_whose_header_lies_across_what_is_looked_through():
    item = coded_item(Image.new("RGB", SIZE, RED), "avif", quality=90)
    for before in range(CODED_BYTES - 20, CODED_BYTES + 1):
        content = obu(5, b"\4\xb5" + bytes(before - 3) + b"\x80") + item.content
        found = replace(item, content=content)
        assert read_properties(write("avif", found)).code_points() in (None, (1, 13))
