"""What asks for more work than its bytes are worth is refused before a decoder sees it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from lib.domain.errors import ErrorCode, PermanentError
from lib.imaging.decode import DECODERS, check_work
from lib.imaging.load import read_picture
from lib.presets import Limits
from lib.sniff import HEAD_BYTES, sniff
from tests.media import hostile_images as hostile
from tests.support.images import LIMITS, MEDIA, icon, photo, psd, save

HOSTILE = Path(__file__).parents[3] / "shared" / "cases" / "hostile"
IMAGES = (".j2k", ".jpg", ".heic", ".avif")
KNOWN = sorted(each for each in HOSTILE.glob("*") if each.suffix in IMAGES)


def refusal(data: bytes, container: str, limits: Limits = LIMITS) -> str:
    """Return why the checks refuse a source for good, by its limits."""
    with pytest.raises(PermanentError) as caught:
        check_work(data, container, limits)
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED
    return caught.value.message


def passes(data: bytes, container: str) -> bool:
    check_work(data, container, LIMITS)
    return True


def refuse_to_open(_file: BytesIO) -> Image.Image:
    raise AssertionError("a decoder has seen it")


@pytest.mark.parametrize("container", [name for name, decoder in DECODERS.items() if decoder.check])
def test_nothing_is_decoded_of_what_is_refused(
    container: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DECODERS, container, replace(DECODERS[container], open=refuse_to_open))
    refused = {
        "jpeg": hostile.jpeg_of_scans(201),
        "png": hostile.png_of_chunks(20_000, hostile.chunk(b"IDAT")),
        "webp": hostile.webp_of_chunks(20_000),
        "gif": hostile.gif_of(b"!\xfe\0", 20_000),
        "tiff": hostile.tiff_of_tiles(9000, 16),
        "jpeg2000": hostile.codestream((9000, 9000), main=hostile.coding(block=0)),
        "psd": psd(photo(), resources=hostile.photoshop_resources(20_000)),
        "avif": hostile.avif_of(hostile.sequence_header(16_000, 16_000)),
        "heif": hostile.item_file([hostile.Item(b"hvc1", b"", [hostile.ispe(1, 1)] * 70)]),
    }
    with pytest.raises(PermanentError) as caught:
        read_picture(refused[container], container, LIMITS)
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="needs ../shared/cases; made ones stand for them")
@pytest.mark.parametrize("path", KNOWN or [HOSTILE], ids=lambda path: path.name)
def test_known_files_are_refused(path: Path):
    data = path.read_bytes()
    refusal(data, sniff(data[:HEAD_BYTES]).container)


@pytest.mark.parametrize(
    "path", sorted(path for path in MEDIA.iterdir() if path.is_file()), ids=lambda p: p.name
)
def test_samples_pass(path: Path):
    data = path.read_bytes()
    container = sniff(data[:HEAD_BYTES]).container
    assert container not in DECODERS or passes(data, container)


# JPEG


def test_scans_of_a_jpeg_are_bounded():
    assert passes(hostile.jpeg_of_scans(200), "jpeg")
    assert refusal(hostile.jpeg_of_scans(201), "jpeg") == "201 scans of 0.0 MP, the limit is 200"


def test_arithmetic_scans_cost_more():
    assert passes(hostile.jpeg_of_scans(50, frame=0xCA), "jpeg")
    assert "the limit is 50" in refusal(hostile.jpeg_of_scans(51, frame=0xCA), "jpeg")


def test_arithmetic_scans_within_a_tiff_cost_more():
    strip = hostile.jpeg_of_scans(60, frame=0xCA)
    entries = {256: (4, [64]), 257: (4, [48]), 258: (3, [8]), 259: (3, [7]), 262: (3, [1])}
    entries |= {273: (4, [8]), 277: (3, [1]), 278: (4, [48]), 279: (4, [len(strip)])}
    assert "the limit is 50" in refusal(hostile.tiff_of(entries, strip), "tiff")


def test_tiles_that_lie_beyond_the_edge_are_bounded():
    assert passes(hostile.tiff_of_tiles(600, 1024), "tiff")
    assert "px of all tiles" in refusal(hostile.tiff_of_tiles(100_000, 8192, 1), "tiff")


def test_a_large_jpeg_may_have_fewer_scans():
    large = (10_000, 9_999)
    assert passes(hostile.jpeg_of_scans(100, large), "jpeg")
    assert "101 scans of 100.0 MP, the limit is 100" in refusal(
        hostile.jpeg_of_scans(101, large), "jpeg"
    )


def test_scans_of_a_jpeg_are_those_of_its_picture():
    """Not those of a thumbnail in a segment, and not those of what follows the end."""
    inner = hostile.jpeg_of_scans(150)
    assert len(inner) < 65_000
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(inner)) + inner
    whole = hostile.jpeg_of_segments(1, segment) + hostile.jpeg_of_scans(150)
    assert passes(whole, "jpeg")


def test_scans_between_restarts_and_padding_are_found():
    data = hostile.jpeg_of_scans(201).replace(b"\xff\xda", b"\xff\xff\xff\xda")
    assert "201 scans" in refusal(data, "jpeg")
    hidden = hostile.jpeg_of_scans(201).replace(b"\xff\xda", b"\xff\xd3\xff\xda")
    assert "201 scans" in refusal(hidden, "jpeg")
    restarting = save(photo((640, 480)), "jpeg", restart_marker_blocks=1)
    assert restarting.count(b"\xff\xd3") > 100
    assert passes(restarting, "jpeg")


def test_segments_of_a_jpeg_are_bounded():
    assert passes(hostile.jpeg_of_segments(9_000), "jpeg")
    assert "segments" in refusal(hostile.jpeg_of_segments(20_000), "jpeg")
    exif = b"\xff\xe1\0\x08Exif\0\0"
    assert "257 Exif" in refusal(hostile.jpeg_of_segments(257, exif), "jpeg")


# PNG


@pytest.mark.parametrize("kind", [b"IDAT", b"prVt", b"tEXt", b"fcTL"])
def test_chunks_of_a_png_are_bounded(kind: bytes):
    assert passes(hostile.png_of_chunks(9_000, hostile.chunk(kind)), "png")
    assert "chunks" in refusal(hostile.png_of_chunks(20_000, hostile.chunk(kind)), "png")


def test_profiles_of_a_png_are_bounded():
    bomb = hostile.chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(1_000_000), 9))
    assert "9 colour profiles" in refusal(hostile.png_of_chunks(9, bomb), "png")


def test_a_png_in_an_icon_is_bounded_too():
    data = hostile.icon_of(hostile.png_of_chunks(20_000, hostile.chunk(b"IDAT")))
    with pytest.raises(PermanentError, match="chunks") as caught:
        read_picture(data, "ico", LIMITS)
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED


# GIF, WebP, Photoshop


@pytest.mark.parametrize(
    "blocks",
    [b"!\xfe\0", b"!\xfe\1a\0", b"\0", b"!\xf9\4\0\0\0\0\0", b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0"],
    ids=["empty", "comments", "stray", "controls", "loops"],
)
def test_blocks_of_a_gif_are_bounded(blocks: bytes):
    assert passes(hostile.gif_of(blocks, 3_000), "gif")
    assert "blocks" in refusal(hostile.gif_of(blocks, 30_000), "gif")


@pytest.mark.parametrize("start", [b"!\xfe", b",\0\0\0\0\1\0\1\0\0\2"], ids=["comment", "pixels"])
def test_sub_blocks_of_a_gif_are_bounded(start: bytes):
    assert "blocks" in refusal(hostile.gif_of(start + b"\1\0" * 20_000 + b"\0", 1), "gif")
    assert passes(hostile.gif_of(start + (b"\xff" + bytes(255)) * 9_000 + b"\0", 1), "gif")


def test_chunks_of_a_webp_are_bounded():
    assert passes(hostile.webp_of_chunks(5_000), "webp")
    assert "chunks" in refusal(hostile.webp_of_chunks(20_000), "webp")


def test_resources_of_a_photoshop_document_are_bounded():
    for count, expected in ((9_000, passes), (20_000, refusal)):
        resources = hostile.photoshop_resources(count)
        assert expected(psd(photo(), resources=resources), "psd")


# TIFF


def test_strips_of_a_tiff_are_bounded():
    size = (1, 1_000_000)
    one_byte_each = [(8, 1)] * size[1]
    assert "values of tags" in refusal(hostile.tiff_of_strips(size, one_byte_each, b"\0"), "tiff")
    claimed = hostile.tiff_of_strips(size, [(8, 1)], b"\0")
    assert "strips" in refusal(claimed, "tiff")
    assert passes(hostile.tiff_of_strips((1, 4_000), [(8, 1)] * 4_000, b"\0"), "tiff")


def test_tiles_of_a_tiff_are_bounded():
    assert passes(hostile.tiff_of_tiles(9_000, 256), "tiff")
    assert "tiles" in refusal(hostile.tiff_of_tiles(9_000, 1), "tiff")


def test_strips_of_a_tiff_may_not_lie_on_each_other():
    pixels = zlib.compress(bytes(100)) + bytes(50_000)
    size = (100, 1000)
    apart = [(8 + 50 * row, 50) for row in range(1000)]
    assert passes(hostile.tiff_of_strips(size, apart, pixels, compression=8), "tiff")
    together = [(8, len(pixels))] * 1000
    data = hostile.tiff_of_strips(size, together, pixels, compression=8)
    assert "bytes of all strips" in refusal(data, "tiff")


def test_scans_of_a_jpeg_in_a_tiff_are_bounded():
    inner = hostile.jpeg_of_scans(150)
    for scans, expected in ((50, passes), (250, refusal)):
        inner = hostile.jpeg_of_scans(scans)
        data = hostile.tiff_of_strips((64, 48), [(8, len(inner))], inner, compression=7, rows=48)
        assert expected(data, "tiff")


def test_a_big_tiff_of_any_number_of_entries_is_bounded():
    data = struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, 2**40) + bytes(100)
    assert "entries" in refusal(data, "tiff")


def test_values_of_exif_are_bounded():
    rationals = struct.pack("<HHII", 0x9000, 5, 100_000, 26)
    exif = b"II*\0\x08\0\0\0\1\0" + rationals + bytes(4) + bytes(800_000)
    data = save(photo(), "png", exif=exif)
    with pytest.raises(PermanentError, match="values of tags") as caught:
        read_picture(data, "png", LIMITS)
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED


@pytest.mark.parametrize("pointer", [0x8769, 0x8825])
def test_values_of_the_directories_behind_are_bounded(pointer: int):
    behind = struct.pack("<HHHIII", 1, 0x9000, 5, 100_000, 40, 0) + bytes(800_000)
    entries = [(256, 4, 1), (257, 4, 1), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
    data = hostile.tiff_of({tag: (kind, [value]) for tag, kind, value in entries}, behind)
    assert passes(data, "tiff")
    pointed = {tag: (kind, [value]) for tag, kind, value in [*entries, (pointer, 4, 8)]}
    assert "values of tags" in refusal(hostile.tiff_of(pointed, behind), "tiff")


# All


@pytest.mark.parametrize("container", DECODERS)
def test_what_encoders_write_passes(container: str):
    image = photo((900, 600))
    options: dict[str, Callable[[], list[dict[str, object]]]] = {
        "jpeg": lambda: [{"progressive": True}, {"restart_marker_rows": 1}, {"quality": 100}],
        "png": lambda: [{"compress_level": 0}],
        "tiff": lambda: [
            {"compression": "tiff_deflate", "strip_size": 1},
            {"compression": "jpeg"},
            {"compression": "tiff_lzw", "tile": True, "strip_size": 1},
        ],
        "jpeg2000": lambda: [
            {"tile_size": (256, 256), "quality_layers": [60, 40, 20]},
            {"codeblock_size": (32, 32), "precinct_size": (128, 128)},
        ],
        "gif": lambda: [{"save_all": True, "append_images": [image.rotate(90)]}],
    }
    for chosen in [{}, *options.get(container, list)()]:
        small = image.resize((64, 48)) if container == "ico" else image
        data = icon(small, small) if container == "ico" else save(small, container, **chosen)
        assert passes(data, container)


def test_a_flat_picture_of_the_largest_size_passes():
    """Compression is no attack: 100 megapixels of one colour are a few kilobytes."""
    flat = Image.new("L", (10_000, 10_000), 99)
    for container, options in (("png", {}), ("gif", {}), ("tiff", {"compression": "tiff_lzw"})):
        assert passes(save(flat, container, **options), container)
