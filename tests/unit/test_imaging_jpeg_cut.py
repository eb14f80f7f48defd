"""Of a JPEG that is cut the lines that are there are shown, and counted (ITU-T T.81)."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.media import WarningCode
from lib.imaging.bounds.jpeg_scans import find_scans
from lib.imaging.load import Picture, read_picture
from tests.support.images import LIMITS, photo
from tests.support.jpegs import FULL, HALF, flat_jpeg

SIZE = (150, 117)
KINDS: dict[str, tuple[str, dict[str, object], int]] = {
    "4:4:4": ("RGB", {"subsampling": 0}, 8),
    "4:2:2": ("RGB", {"subsampling": 1}, 8),
    "4:2:0": ("RGB", {"subsampling": 2}, 16),
    "best": ("RGB", {"quality": 100, "subsampling": 0}, 8),
    "coarse": ("RGB", {"quality": 20, "subsampling": 2}, 16),
    "optimized": ("RGB", {"optimize": True, "subsampling": 2}, 16),
    "restarts": ("RGB", {"restart_marker_blocks": 3, "subsampling": 2}, 16),
    "restarts in rows": ("RGB", {"restart_marker_rows": 1, "subsampling": 0}, 8),
    "grey": ("L", {}, 8),
    "grey with restarts": ("L", {"restart_marker_blocks": 5}, 8),
    "cmyk": ("CMYK", {}, 8),
}
"""Mode, how it is saved, lines that are coded together."""


def jpeg(name: str, **more: object) -> bytes:
    mode, options, _ = KINDS[name]
    file = io.BytesIO()
    photo(SIZE).convert(mode).save(file, "JPEG", **{"quality": 85, **options, **more})
    return file.getvalue()


def read(data: bytes) -> Picture:
    return read_picture(data, "jpeg", LIMITS)


def lines_alike(one: Image.Image, other: Image.Image, top: int, bottom: int) -> bool:
    box = (0, top, one.width, bottom)
    return ImageChops.difference(one.crop(box), other.crop(box)).getbbox() is None


def lines_told(picture: Picture) -> int:
    (warning,) = picture.probe.warnings
    assert warning.code == WarningCode.INCOMPLETE
    assert warning.message.endswith(f" of {SIZE[1]} lines are there")
    assert picture.probe.complete is False
    return int(warning.message.split()[2])


@pytest.mark.parametrize("name", KINDS)
def test_every_line_is_there_without_an_end(name: str) -> None:
    whole = jpeg(name)
    picture = read(whole)
    for behind in (b"", b"\xff", b"\xff" * 99, b"trailer" * 99, bytes(999), bytes(9), whole):
        data = whole[:-2] + behind
        found = read(data)
        assert found.probe.complete is True
        assert found.probe.warnings == ()
        assert lines_alike(found.image, picture.image, 0, SIZE[1])


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("share", [0.25, 0.5, 0.75, 0.9])
@pytest.mark.parametrize("behind", [b"", b"\xff\xd9", b"\xff", b"\xff\xd8\xff\xe1\0\4xx\xff\xd9"])
def test_as_many_lines_are_told_as_are_right(name: str, share: float, behind: bytes) -> None:
    """To the row of blocks: those above are the picture's, in the next one something is not."""
    whole = jpeg(name)
    rows = KINDS[name][2]
    start = find_scans(whole).scans[0].start
    picture = read(whole).image
    found = read(whole[: start + round((len(whole) - start) * share)] + behind)
    lines = lines_told(found)
    assert lines % rows == 0
    assert lines_alike(found.image, picture, 0, lines - 1)
    assert not lines_alike(found.image, picture, lines, min(lines + rows, SIZE[1]))
    assert found.image.size == SIZE


@pytest.mark.parametrize("row", [2, 5, 9])
def test_a_cut_at_a_restart_loses_what_follows_and_no_more(row: int) -> None:
    whole = jpeg("restarts in rows")
    at = [
        place
        for place in range(find_scans(whole).scans[0].start, len(whole) - 2)
        if whole[place] == 0xFF and 0xD0 <= whole[place + 1] <= 0xD7
    ][row]
    for data in (whole[:at], whole[: at + 2], whole[: at + 2] + b"\xff\xd9"):
        assert lines_told(read(data)) == 8 * (row + 1)


@pytest.mark.parametrize(("share", "is_shown"), [(0.03, False), (0.2, True)])
@pytest.mark.parametrize("behind", [b"", b"\xff\xd9"])
def test_less_than_a_tenth_is_corrupt(share: float, is_shown: bool, behind: bytes) -> None:
    whole = jpeg("4:4:4")
    start = find_scans(whole).scans[0].start
    data = whole[: start + round((len(whole) - start) * share)] + behind
    if is_shown:
        assert read(data).probe.complete is False
        return
    with pytest.raises(PermanentError, match="lines are there") as raised:
        read(data)
    assert raised.value.code == ErrorCode.CORRUPT_MEDIA


def test_a_cut_in_the_header_is_corrupt() -> None:
    whole = jpeg("4:2:0")
    start = find_scans(whole).scans[0].start
    for end in (2, 20, 100, start - 1, start, start + 1):
        with pytest.raises(PermanentError) as raised:
            read(whole[:end])
        assert raised.value.code == ErrorCode.CORRUPT_MEDIA


def test_the_end_of_a_thumbnail_is_not_the_pictures() -> None:
    """Nor are its scans: it lies in a segment, which is passed over whole."""
    small = io.BytesIO()
    photo((40, 30)).save(small, "JPEG")
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    whole = jpeg("4:2:0", exif=exif.tobytes() + small.getvalue())
    assert whole.count(b"\xff\xd9") == 2
    assert lines_told(read(whole[: len(whole) * 2 // 3])) < SIZE[1]
    assert read(whole[:-2]).probe.complete is True


SCANS = {"4:4:4": 10, "4:2:0": 10, "grey": 6, "cmyk": 17}
"""Of libjpeg's progressive pictures those in which there is something: black is nowhere."""


@pytest.mark.parametrize(
    ("name", "scan"), [(name, scan) for name, count in SCANS.items() for scan in range(1, count)]
)
@pytest.mark.parametrize("part", [0.0, 0.5])
def test_of_a_progressive_one_all_lines_are_there_after_the_first_scan(
    name: str, scan: int, part: float
) -> None:
    whole = jpeg(name, progressive=True)
    scans = find_scans(whole)
    assert len(scans.scans) >= SCANS[name]
    starts = [each.start for each in scans.scans] + [scans.end]
    found = read(whole[: starts[scan] + round((starts[scan + 1] - starts[scan]) * part)])
    (warning,) = found.probe.warnings
    assert warning.code == WarningCode.INCOMPLETE
    assert "all lines are there" in warning.message
    picture = read(whole).image.convert("L")
    difference = ImageChops.difference(found.image.convert("L"), picture).histogram()
    assert sum(value * count for value, count in enumerate(difference)) / sum(difference) < 12


@pytest.mark.parametrize("name", ["4:4:4", "4:2:0", "grey"])
def test_a_progressive_one_without_its_end_is_complete(name: str) -> None:
    whole = jpeg(name, progressive=True)
    for data in (whole[:-2], whole[:-2] + b"trailer", whole[:-2] + whole):
        found = read(data)
        assert (found.probe.complete, found.probe.warnings) == (True, ())


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_cut_in_the_first_scan_of_a_progressive_one_loses_lines(share: float) -> None:
    whole = jpeg("4:4:4", progressive=True)
    scans = find_scans(whole).scans
    start, end = scans[0].start, scans[1].start
    assert 0 < lines_told(read(whole[: start + round((end - start) * share)])) < SIZE[1]


def test_a_grey_picture_is_no_cut_one() -> None:
    """Its last block is what a block is that was never decoded."""
    file = io.BytesIO()
    Image.new("RGB", SIZE, (128, 128, 128)).save(file, "JPEG")
    found = read(file.getvalue())
    assert (found.probe.complete, found.probe.warnings) == (True, ())


def test_lines_are_counted_at_a_part_of_a_large_picture() -> None:
    file = io.BytesIO()
    photo((400, 300)).resize((6000, 4000)).save(file, "JPEG", quality=60)
    whole = file.getvalue()
    found = read_picture(whole[: len(whole) // 2], "jpeg", LIMITS, widest=320)
    lines = int(found.probe.warnings[0].message.split()[2].replace(",", ""))
    assert lines % 16 == 0
    assert 1000 < lines < 3000


def damaged(whole: bytes, at: int, byte: int) -> bytes:
    """Have the first stuffed byte from a place on be a marker."""
    place = whole.index(b"\xff\0", at) + 1
    return whole[:place] + bytes((byte,)) + whole[place + 1 :]


@pytest.mark.parametrize("marker", [0x37, 0x02, 0xBF, 0xD0, 0xD7, 0xD8, 0xD9, 0xF3])
def test_a_marker_where_there_is_none_ends_the_picture(marker: int) -> None:
    whole = jpeg("best")
    start = find_scans(whole).scans[0].start
    data = damaged(whole, start + (len(whole) - start) // 2, marker)
    found, picture = read(data), read(whole).image
    lines = lines_told(found)
    assert 30 < lines < 90
    assert lines_alike(found.image, picture, 0, lines - 1)


@pytest.mark.parametrize("scan", [1, 4, 9])
@pytest.mark.parametrize("what", [b"\xff\xda\0\3\7", b"\xff\xc4\0\x04\x55\1"])
def test_a_damaged_scan_leaves_those_before_it(scan: int, what: bytes) -> None:
    whole = jpeg("4:2:0", progressive=True)
    scans = find_scans(whole).scans
    place = whole.rindex(b"\xff\xda", 0, scans[scan].start)
    found = read_picture(whole[:place] + what + whole[place + len(what) :], "jpeg", LIMITS)
    assert found.probe.complete is False
    assert "coarser" in found.probe.warnings[0].message


def test_it_does_so_at_a_part_of_the_size() -> None:
    file = io.BytesIO()
    photo((400, 300)).resize((1600, 1200)).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    place = whole.rindex(b"\xff\xda", 0, find_scans(whole).scans[3].start)
    data = whole[:place] + b"\xff\xda\0\3\7" + whole[place + 5 :]
    found = read_picture(data, "jpeg", LIMITS, widest=320)
    assert (found.image.width, found.probe.width, found.probe.complete) == (320, 1600, False)


@pytest.mark.parametrize("name", ["4:4:4", "4:2:0", "restarts", "grey"])
def test_what_fills_a_file_that_was_made_longer_first_is_no_picture(name: str) -> None:
    whole = jpeg(name)
    start = find_scans(whole).scans[0].start
    there = whole[: start + (len(whole) - start) // 2]
    for fill in (b"\0", b"\xff"):
        assert lines_told(read(there + fill * 4096)) == lines_told(read(there))


@pytest.mark.parametrize("sampling", [FULL, HALF])
def test_scans_of_one_component_each_are_as_those_of_a_progressive_one(sampling: object) -> None:
    whole = flat_jpeg(SIZE, sampling, apart=True)  # type: ignore[arg-type]
    assert read(whole).probe.complete is True
    assert read(whole[:-2]).probe.complete is True
    ends = find_scans(whole).ends(whole)
    for end in ends[:2]:
        (warning,) = read(whole[:end]).probe.warnings
        assert "all lines are there" in warning.message
