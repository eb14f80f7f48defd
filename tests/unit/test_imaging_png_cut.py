"""Of a PNG that is cut or broken the lines that are there are shown, and counted."""

from __future__ import annotations

import zlib

import pytest

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.domain.png import SIGNATURE
from lib.imaging.decoders.png_chunks import Parts
from lib.imaging.decoders.png_stream import MORE_BYTES, Layout, Stream
from lib.imaging.load import read_picture
from tests.support.images import LIMITS
from tests.support.pngs import CHANNELS, chunk, ihdr, noise, palette, png

SIZE = (40, 30)
KINDS = [(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (1, 3), (4, 3), (8, 3), (8, 4)]
KINDS += [(16, 4), (8, 6), (16, 6)]


def stream_of(raw: bytes, rows: float, row_bytes: int) -> bytes:
    """Return compressed pixels that stop in or behind a row."""
    packer = zlib.compressobj()
    return packer.compress(raw[: int(rows * row_bytes)]) + packer.flush(zlib.Z_SYNC_FLUSH)


def cut(stream: bytes, depth: int, model: int, interlaced: bool = False) -> bytes:
    colors = palette(1 << depth) if model == 3 else b""
    return SIGNATURE + ihdr(SIZE, depth, model, interlaced) + colors + chunk(b"IDAT", stream)


@pytest.mark.parametrize(("depth", "model"), KINDS)
@pytest.mark.parametrize("rows", [3.0, 14.5, 29.99])
def test_lines_that_are_there_are_shown(depth: int, model: int, rows: float) -> None:
    raw = noise(SIZE, depth, model)
    row_bytes = len(raw) // SIZE[1]
    before = palette(1 << depth) if model == 3 else b""
    whole = read_picture(png(SIZE, depth, model, raw, before=before), "png", LIMITS).image
    found = read_picture(cut(stream_of(raw, rows, row_bytes), depth, model), "png", LIMITS)
    lines = int(rows * row_bytes) // row_bytes
    shown = (0, 0, SIZE[0], lines)
    assert found.image.convert("RGBA").crop(shown).tobytes() == (
        whole.convert("RGBA").crop(shown).tobytes()
    )
    assert found.probe.complete is False
    warning = found.probe.warnings[0]
    assert warning.code == WarningCode.INCOMPLETE
    assert f"{lines} of 30 lines" in warning.message
    assert found.image.size == SIZE


@pytest.mark.parametrize("interlaced", [False, True])
def test_one_that_ends_early_in_good_order_is_cut_too(interlaced: bool) -> None:
    raw = noise(SIZE, 8, 2, interlaced=interlaced)
    data = cut(zlib.compress(raw[: 20 * 121]), 8, 2, interlaced)
    found = read_picture(data, "png", LIMITS).probe.warnings[0].message
    assert ("pass 7 of 7" if interlaced else "20 of 30 lines") in found


@pytest.mark.parametrize("model", [0, 2, 3, 4, 6])
def test_zeros_at_the_end_are_lines_as_others(model: int) -> None:
    raw = bytes((1 + 40 * CHANNELS[model]) * 30)
    data = png(SIZE, 8, model, raw, before=palette() if model == 3 else b"")
    assert read_picture(data, "png", LIMITS).probe.complete is True


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.8, 0.99])
def test_files_cut_at_any_byte_end_as_a_picture_or_as_corrupt(share: float) -> None:
    whole = png(SIZE, 8, 2, noise(SIZE, 8, 2))
    data = whole[: round(len(whole) * share)]
    lines = len(zlib.decompressobj().decompress(data[41:])) // 121
    if lines < 3:
        with pytest.raises(PermanentError) as raised:
            read_picture(data, "png", LIMITS)
        assert raised.value.code == ErrorCode.CORRUPT_MEDIA
        return
    assert f"{lines} of 30" in read_picture(data, "png", LIMITS).probe.warnings[0].message


@pytest.mark.parametrize(("lines", "is_shown"), [(3, True), (2, False), (0, False)])
def test_less_than_a_tenth_is_corrupt(lines: int, is_shown: bool) -> None:
    data = cut(stream_of(noise(SIZE, 8, 2), lines, 121), 8, 2)
    if is_shown:
        assert read_picture(data, "png", LIMITS).probe.complete is False
        return
    with pytest.raises(PermanentError, match="lines are there"):
        read_picture(data, "png", LIMITS)


def test_a_stream_that_breaks_is_as_one_that_ends() -> None:
    raw = noise(SIZE, 8, 2)
    data = cut(stream_of(raw, 12.3, 121) + b"\xff" * 99 + zlib.compress(raw), 8, 2)
    found = read_picture(data, "png", LIMITS)
    assert "12 of 30 lines" in found.probe.warnings[0].message


@pytest.mark.parametrize("row", [4, 17, 29])
def test_an_unknown_filter_ends_a_picture(row: int) -> None:
    raw = bytearray(noise(SIZE, 8, 2))
    raw[row * 121] = 9
    found = read_picture(png(SIZE, 8, 2, bytes(raw)), "png", LIMITS)
    assert f"{row} of 30 lines" in found.probe.warnings[0].message


@pytest.mark.parametrize("passes", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("more", [0, 1])
def test_of_an_interlaced_one_whole_passes_are_shown_as_coarse_as_they_are(
    passes: int, more: int
) -> None:
    """Each pixel of the grid that is there fills its cell, as browsers show it while it loads."""
    raw = noise(SIZE, 8, 0, interlaced=True)
    picture = read_picture(png(SIZE, 8, 0, raw, interlaced=True), "png", LIMITS).image
    grids = ((8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2))
    across, down = grids[passes - 1]
    length = sum(high * row for high, row in Layout(*SIZE, 8, True).passes()[:passes])
    data = cut(stream_of(raw, length + more, 1), 8, 0, interlaced=True)
    found = read_picture(data, "png", LIMITS)
    assert f"pass {passes + 1} of 7" in found.probe.warnings[0].message
    for x, y in ((0, 0), (39, 29), (13, 7), (24, 16)):
        source = x // across * across, y // down * down
        assert found.image.getpixel((x, y)) == picture.getpixel(source)


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize("rows", [1, 3])
def test_of_a_pass_that_is_cut_the_rows_that_are_there_are_shown(number: int, rows: int) -> None:
    """As Chromium 156 shows them, to the pixel."""
    raw = noise(SIZE, 8, 2, interlaced=True)
    picture = read_picture(png(SIZE, 8, 2, raw, interlaced=True), "png", LIMITS).image
    passes = Layout(*SIZE, 24, True).passes()
    length = sum(high * row for high, row in passes[:number]) + rows * passes[number][1]
    found = read_picture(cut(stream_of(raw, length, 1), 8, 2, True), "png", LIMITS)
    grids = ((8, 8), (4, 8), (4, 4), (2, 4), (2, 2), (1, 2), (1, 1))
    lines = rows * (8, 8, 8, 4, 4, 2, 2)[number]
    for x, y in ((0, 0), (39, 0), (13, lines - 1), (24, lines), (7, 29)):
        across, down = grids[number if y < lines else number - 1]
        expected = picture.getpixel((x // across * across, y // down * down))
        if y >= lines and not number:
            expected = (0, 0, 0)
        assert found.image.getpixel((x, y)) == expected, (x, y)
    if not number:
        assert f"{lines} of 30 lines" in found.probe.warnings[0].message


def test_a_small_file_that_promises_much_costs_little() -> None:
    data = SIGNATURE + ihdr((10_000, 9_999), 8, 0) + chunk(b"IDAT", zlib.compress(bytes(10_001)))
    with pytest.raises(PermanentError, match="1 of 9,999 lines"):
        read_picture(data, "png", LIMITS)


def test_channels_are_those_of_the_standard() -> None:
    assert CHANNELS == {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@pytest.mark.parametrize("size", [SIZE, (700, 600)])
@pytest.mark.parametrize("end", [b"", b"\1\2\3\4", b"more" * 9])
@pytest.mark.parametrize("is_flat", [False, True])
def test_a_whole_stream_ends_where_it_ends(
    size: tuple[int, int], end: bytes, is_flat: bool
) -> None:
    """In one piece and in several; what follows is its checksum, or anything."""
    raw = noise(size, 8, 2)
    raw = bytes(len(raw)) if is_flat else raw
    right = zlib.compress(raw)
    layout = Layout(*size, 24, False)
    stream = Stream(layout, right[:-4] + end)
    assert stream.is_whole
    assert not stream.is_checked
    assert Stream(layout, right + end).is_checked
    (mended,) = stream.mend(Parts()).pixels
    assert zlib.decompress(mended.content) == raw


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("more", "is_checked"), [(0, True), (MORE_BYTES, True), (1, False)])
def test_of_a_stream_that_goes_on_and_on_the_end_is_not_looked_for(
    more: int, is_checked: bool, interlaced: bool
) -> None:
    raw = noise(SIZE, 8, 2, interlaced=interlaced)
    behind = bytes(more if is_checked else MORE_BYTES + more)
    stream = Stream(Layout(*SIZE, 24, interlaced), zlib.compress(raw + behind))
    assert stream.is_whole
    assert stream.is_checked is is_checked
    (mended,) = stream.mend(Parts()).pixels
    assert zlib.decompress(mended.content) == (raw + behind if is_checked else raw)


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("depth", "model"), KINDS)
@pytest.mark.parametrize("behind", [b"", b"\xff" * 9, b"\x07" * 200, bytes(9)])
def test_rows_that_are_whole_are_shown_though_the_stream_breaks_behind_them(
    depth: int, model: int, behind: bytes, interlaced: bool
) -> None:
    raw = noise(SIZE, depth, model, interlaced=interlaced)
    colors = palette(1 << depth) if model == 3 else b""
    whole = png(SIZE, depth, model, raw, before=colors, interlaced=interlaced)
    stream = stream_of(raw, len(raw), 1) + behind
    found = read_picture(cut(stream, depth, model, interlaced), "png", LIMITS)
    assert found.image.tobytes() == read_picture(whole, "png", LIMITS).image.tobytes()
    assert found.probe.complete is True


@pytest.mark.parametrize("colors", [b"", chunk(b"tRNS", bytes(6))])
@pytest.mark.parametrize("end", [b"", chunk(b"IEND", b"")])
def test_one_without_any_pixels_is_cut_short(colors: bytes, end: bytes) -> None:
    with pytest.raises(PermanentError, match="0 of 30 lines") as raised:
        read_picture(SIGNATURE + ihdr(SIZE, 16, 2) + colors + end, "png", LIMITS)
    assert raised.value.code == ErrorCode.CORRUPT_MEDIA
