"""A HEIC or an AVIF is refused by what its items, or the frames of its tracks, take."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.bounds import av1, hevc
from lib.imaging.bounds.boxes import by_kind, only
from lib.imaging.bounds.heif_items import read_meta
from lib.imaging.decode import check_work
from lib.imaging.load import read_picture
from tests.media.hostile_images import (
    SLICE,
    Item,
    avif_of,
    avif_sequence,
    frame,
    full,
    hevc_configuration,
    ispe,
    item_file,
    obu,
    parameter_set,
    sequence_header,
    unit,
)
from tests.support.boxes import box
from tests.support.images import LIMITS, photo, save

SIZE = (640, 480)
SMALL = hevc_configuration(parameter_set(*SIZE))
HUGE = parameter_set(16_000, 16_000)


def refusal(data: bytes, container: str = "heif") -> str:
    with pytest.raises(PermanentError) as caught:
        check_work(data, container, LIMITS)
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED
    return caught.value.message


def passes(data: bytes, container: str = "heif") -> bool:
    check_work(data, container, LIMITS)
    return True


def still(*more: bytes, content: bytes = unit(SLICE)) -> Item:
    return Item(b"hvc1", content, [ispe(*SIZE), SMALL, *more])


def grid(rows: int, columns: int, size: tuple[int, int], tiles: Sequence[int]) -> Item:
    content = bytes((0, 1, rows - 1, columns - 1)) + b"".join(side.to_bytes(4) for side in size)
    return Item(b"grid", content, [ispe(*size)], {b"dimg": tiles})


@pytest.mark.parametrize("layers", [0, 3])
@pytest.mark.parametrize("size", [(64, 48), (4096, 2304), (8192, 8192), (16_000, 9_000)])
def test_sizes_are_read_from_hevc(size: tuple[int, int], layers: int):
    assert hevc.read_size(parameter_set(*size, layers)) == size


@pytest.mark.parametrize("timing", [False, True])
def test_sizes_and_frames_are_read_from_av1(timing: bool):
    coded = av1.Coded()
    header = sequence_header(4000, 300, reduced=False, bits=12, timing=timing)
    coded.read(obu(2, b"") + header + frame(timing=timing) + frame(shown=False))
    assert (coded.size, coded.frames) == ((4000, 300), 2)
    coded.read(frame(overrides=True, timing=timing))
    assert coded.size == (4096, 4096)


def test_real_items_are_read():
    for container, frames in (("heif", 1), ("avif", 1)):
        data = save(photo((320, 200)), container)
        meta = only(by_kind(data, 0, len(data)), b"meta")
        assert meta
        items = read_meta(data, meta)
        extents = items.extents[items.primary]
        content = b"".join(data[start:end] for start, end in extents)
        if container == "avif":
            coded = av1.Coded()
            coded.read(content)
            assert (coded.size, coded.frames) == ((320, 200), frames)
        else:
            (properties,) = (each for each in items.properties if each.kind == b"hvcC")
            sizes, width = hevc.read_configuration(data[properties.start : properties.end])
            assert sizes == [(320, 200)]
            assert hevc.read_pictures(content, width)[1] == frames


def test_properties_of_an_item_are_bounded():
    turn = box(b"irot", b"\1")
    assert passes(item_file([still(turn, turn, turn, turn)]))
    assert "5 rotations" in refusal(item_file([still(*[turn] * 5)]))
    mixed = [turn, box(b"imir", b"\0"), box(b"clap", bytes(32))] * 2
    assert "6 rotations" in refusal(item_file([still(*mixed)]))
    assert "properties" in refusal(item_file([still(*[box(b"free", b"")] * 63)]))
    # Whichever item has them, and in however many lists they come.
    assert "rotations" in refusal(item_file([still(), still(*[turn] * 5)]))


def test_the_coded_size_counts():
    assert "16000 × 16000" in refusal(
        item_file([Item(b"hvc1", unit(SLICE), [ispe(64, 48), hevc_configuration(HUGE)])])
    )
    assert "16000 × 16000" in refusal(item_file([still(content=unit(HUGE) + unit(SLICE))]))
    many = hevc_configuration(parameter_set(*SIZE), HUGE)
    assert "16000 × 16000" in refusal(item_file([Item(b"hvc1", unit(SLICE), [ispe(1, 1), many])]))
    assert "16000 × 16000" in refusal(item_file([still(ispe(16_000, 16_000))]))
    assert "16000 × 16000" in refusal(avif_of(sequence_header(16_000, 16_000)), "avif")
    later = sequence_header(64, 48) + frame() + sequence_header(16_000, 16_000) + frame()
    assert "16000 × 16000" in refusal(avif_of(later), "avif")
    own_size = sequence_header(64, 48, reduced=False) + frame(overrides=True)
    assert "65536 × 65536" in refusal(avif_of(own_size), "avif")
    assert passes(avif_of(sequence_header(64, 48, reduced=False) + frame()), "avif")


def test_the_size_of_the_av1_configuration_counts():
    huge = box(b"av1C", b"\x81\0\x0c\0" + sequence_header(16_000, 16_000))
    item = Item(b"av01", sequence_header(64, 48), [ispe(64, 48), huge])
    assert "16000 × 16000" in refusal(item_file([item], b"avif"), "avif")


def test_pictures_in_one_item_are_bounded():
    assert passes(item_file([still(content=unit(SLICE) * 4)]))
    assert "pictures coded" in refusal(item_file([still(content=unit(SLICE) * 5)]))
    hidden = sequence_header(64, 48, reduced=False) + frame(shown=False) * 5
    assert "pictures coded" in refusal(avif_of(hidden), "avif")


def test_a_grid_may_not_show_one_tile_for_ever():
    assert passes(item_file([grid(60, 60, (60, 60), [2] * 3600), Item(b"hvc1", b"", [ispe(1, 1)])]))
    data = item_file([grid(256, 255, (255, 256), [2] * 65_280), Item(b"hvc1", b"", [ispe(1, 1)])])
    assert "references" in refusal(data)
    data = item_file([grid(70, 70, (70, 70), [2] * 4_900), Item(b"hvc1", b"", [ispe(1, 1)])])
    assert "tiles and other items" in refusal(data)


def test_all_pixels_of_a_picture_count():
    large = Item(b"hvc1", b"", [ispe(9000, 9000)])
    assert passes(item_file([large]))
    assert "300 MP in all items" in refusal(item_file([grid(2, 2, (9000, 9000), [2] * 4), large]))
    assert "20000 × 20000" in refusal(item_file([grid(1, 1, (20_000, 20_000), [2]), still()]))
    alphas = [Item(b"hvc1", b"", [ispe(9000, 9000)], {b"auxl": [1]}) for _ in range(4)]
    assert "300 MP in all items" in refusal(item_file([large, *alphas]))


def test_items_in_circles_and_chains_are_refused():
    assert "made of items" in refusal(item_file([Item(b"iden", b"", [], {b"dimg": [1]})]))
    chain = [Item(b"iden", b"", [], {b"dimg": [number + 2]}) for number in range(6)]
    assert "made of items" in refusal(item_file([*chain, still()]))
    assert passes(item_file([*chain[:3], Item(b"hvc1", unit(SLICE), [ispe(*SIZE)])]))
    wide = [Item(b"iden", b"", [], {b"dimg": [number + 2] * 9}) for number in range(4)]
    assert "tiles and other items" in refusal(item_file([*wide, Item(b"hvc1", b"", [ispe(8, 8)])]))
    beside = Item(b"hvc1", b"", [ispe(8, 8)], {b"auxl": [1, 2]})
    assert refusal(item_file([still(), beside]))


def test_bytes_may_not_be_read_for_ever():
    padded = still(content=unit(SLICE) + bytes(20_000))
    padded.repeated = 100
    assert "bytes of all items" in refusal(item_file([padded]))
    described = Item(b"Exif", bytes(50_000), [], {b"cdsc": [1] * 100})
    assert "bytes of all items" in refusal(item_file([still(), described]))


def test_boxes_items_and_references_are_bounded():
    assert "boxes" in refusal(item_file([still()], more=box(b"free", b"") * 20_000))
    locations = full(b"iloc", b"\x44\0" + (65_535).to_bytes(2) + bytes(6) * 20_000)
    assert "items" in refusal(box(b"ftyp", b"heic") + full(b"meta", locations))


def test_what_is_there_twice_is_corrupt():
    twice = item_file([still()])
    at = twice.index(b"meta") - 4
    meta = twice[at : at + int.from_bytes(twice[at : at + 4])]
    entry = full(b"infe", bytes((0, 1, 0, 0)) + b"hvc1\0", 2)
    items = box(b"ftyp", b"heic") + full(b"meta", full(b"iinf", b"\0\2" + entry * 2))
    places = full(b"iloc", b"\x44\0\0\2" + (bytes((0, 1, 0, 0, 0, 1)) + bytes(8)) * 2)
    located = box(b"ftyp", b"heic") + full(b"meta", places)
    for data in (twice + meta, items, located, item_file([still(SMALL)])):
        with pytest.raises(PermanentError) as caught:
            read_picture(data, "heif", LIMITS)
        assert caught.value.code is ErrorCode.CORRUPT_MEDIA
        with pytest.raises(ValueError, match=r"boxes|twice|two places|decoder configurations"):
            check_work(data, "heif", LIMITS)


def test_values_of_exif_in_an_item_are_bounded():
    rationals = struct.pack("<HHII", 0x9000, 5, 100_000, 26) + bytes(800_000)
    exif = bytes(4) + b"II*\0\x08\0\0\0\1\0" + rationals
    described = Item(b"Exif", exif, [], {b"cdsc": [1]})
    assert "values of tags" in refusal(item_file([still(), described]))


def test_the_primary_item_is_the_one_that_is_decoded():
    large = Item(b"hvc1", unit(SLICE), [ispe(64, 48), hevc_configuration(HUGE)])
    for first in (
        Item(b"hvc1", unit(SLICE), [ispe(*SIZE), SMALL], {b"thmb": [2]}),
        Item(b"hvc1", unit(SLICE), [ispe(*SIZE), SMALL], {b"auxl": [2]}),
        Item(b"hvc1", unit(SLICE), [ispe(*SIZE), SMALL], hidden=True),
    ):
        with pytest.raises(PermanentError) as caught:
            read_picture(item_file([first, large]), "heif", LIMITS)
        assert caught.value.code is ErrorCode.CORRUPT_MEDIA
        assert "primary item is hidden" in caught.value.message


def test_items_that_cannot_be_judged_are_not_supported():
    with pytest.raises(PermanentError) as caught:
        check_work(item_file([still()], more=box(b"mini", b"")), "avif", LIMITS)
    assert caught.value.code is ErrorCode.UNSUPPORTED_MEDIA
    for kind in (b"unci", b"j2k1", b"vvc1"):
        with pytest.raises(PermanentError) as caught:
            check_work(item_file([Item(kind)]), "heif", LIMITS)
        assert caught.value.code is ErrorCode.UNSUPPORTED_MEDIA


SHOT = sequence_header(64, 48, reduced=False) + frame()


def test_frames_of_a_sequence_are_bounded():
    assert passes(avif_sequence([SHOT] * 20), "avif")
    large = sequence_header(10_000, 10_000, reduced=False) + frame()
    assert "9 coded frames" in refusal(avif_sequence([large] * 9), "avif")
    hidden = SHOT + sequence_header(3_000, 3_000, reduced=False) + frame(shown=False) * 100
    assert "coded frames of 3000 × 3000" in refusal(avif_sequence([hidden]), "avif")
    assert "16000 × 16000" in refusal(
        avif_sequence([SHOT, sequence_header(16_000, 16_000)]), "avif"
    )
    assert "16000 × 16000" in refusal(avif_sequence([SHOT], (16_000, 16_000)), "avif")


def test_samples_of_a_sequence_are_bounded():
    assert "more than 1000 frames" in refusal(avif_sequence([SHOT], repeated=1001), "avif")
    padded = SHOT + obu(15, bytes(60_000))
    assert "bytes of all frames" in refusal(avif_sequence([padded], repeated=100), "avif")
