"""No application segment of a JPEG fails its picture, however short it is."""

from __future__ import annotations

import struct

import pytest

from lib.domain.media import WarningCode
from lib.imaging.bounds.jpeg_scans import RESTART_MARKER, find_scans
from lib.imaging.decoders.jpeg import without_damaged
from lib.imaging.load import read_picture
from tests.support.images import LIMITS, photo, save

SEGMENTS = {
    "JFIF": (0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0"),
    "Exif": (0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\1\0\0\0\0\0\0\0"),
    "XMP": (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
    "profile": (0xE2, b"ICC_PROFILE\0\1\1" + bytes(20)),
    "several pictures": (0xE2, b"MPF\0II*\0\x08\0\0\0\1\0\1\xb0\4\0\1\0\0\0\2\0\0\0"),
    "FlashPix": (0xE2, b"FPXR\0\1\2"),
    "Photoshop": (0xED, b"Photoshop 3.0\x008BIM\x03\xed\0\0\0\0\0\x10" + bytes(16)),
    "Adobe": (0xEE, b"Adobe\0\x64\0\0\0\0\1"),
    "comment": (0xFE, b"hello"),
    "other": (0xE9, b"other"),
}


@pytest.mark.parametrize("name", SEGMENTS)
@pytest.mark.parametrize("with_jfif", [True, False])
def test_a_segment_of_any_length(name: str, with_jfif: bool) -> None:
    whole = save(photo((32, 24)), "jpeg")
    shown = read_picture(whole, "jpeg", LIMITS).image
    if not with_jfif:
        whole = whole[:2] + whole[2 + 2 + int.from_bytes(whole[4:6]) :]
    kind, content = SEGMENTS[name]
    for length in range(len(content)):
        for tail in (b"", b"\xff" * (len(content) - length)):
            short = content[:length] + tail
            segment = struct.pack(">BBH", 0xFF, kind, len(short) + 2) + short
            found = read_picture(whole[:2] + segment + whole[2:], "jpeg", LIMITS)
            assert found.image.tobytes() == shown.tobytes(), (length, tail)
            assert found.probe.complete is True
            assert {each.code for each in found.probe.warnings} <= {WarningCode.DAMAGED}


def test_what_was_passed_over_is_told_and_the_profile_is_kept() -> None:
    whole = save(photo((32, 24)), "jpeg", icc_profile=b"profile")
    damaged = whole[:2] + b"\xff\xee\0\7Adobe" + whole[2:]
    found = read_picture(damaged, "jpeg", LIMITS)
    (warning,) = found.probe.warnings
    assert (warning.code, "segment" in warning.message) == (WarningCode.DAMAGED, True)


RIGHTS = '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© A</rdf:li></rdf:Alt></dc:rights>'
XMP = b"http://ns.adobe.com/xap/1.0/\0" + RIGHTS.encode()
NOTICE = b"8BIM\x04\x04\0\0" + struct.pack(">IBBBH", 8, 0x1C, 2, 116, 3) + b"(c)"
IPTC = b"Photoshop 3.0\0" + NOTICE


def segment(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(content) + 2) + content


@pytest.mark.parametrize(
    "damaged",
    [
        *(segment(0xEE, b"Adobe\0"[:length]) for length in (5, 6)),
        *(segment(0xE0, b"JFIF\0\1"[:length]) for length in (4, 5, 6)),
        segment(0xE2, b"ICC_PROFILE\0"),
        segment(0xED, b"Photoshop 3.0\0008BIM\4\4"),
        b"\xff\xff" + segment(0xEE, b"Adobe"),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(
    ("notice", "wanted"), [(segment(0xE1, XMP), "© A"), (segment(0xED, IPTC), "(c)")]
)
def test_the_copyright_beside_a_damaged_segment_is_kept(
    damaged: bytes, is_first: bool, notice: bytes, wanted: str
) -> None:
    whole = save(photo((32, 24)), "jpeg")
    both = damaged + notice if is_first else notice + damaged
    found = read_picture(whole[:2] + both + whole[2:], "jpeg", LIMITS)
    assert found.probe.copyright == wanted
    assert {each.code for each in found.probe.warnings} == {WarningCode.DAMAGED}


def test_of_a_segment_of_photoshop_the_whole_resources_are_kept() -> None:
    whole = save(photo((32, 24)), "jpeg")
    damaged = segment(0xED, IPTC + b"8BIM\3\xed")
    found = read_picture(whole[:2] + damaged + whole[2:], "jpeg", LIMITS)
    assert found.probe.copyright == "(c)"
    assert {each.code for each in found.probe.warnings} == {WarningCode.DAMAGED}


def test_the_place_of_a_name_counts() -> None:
    other = segment(0xE9, b"Adobe")
    damaged = segment(0xEE, b"Adobe")
    assert without_damaged(b"\xff\xd8" + other + damaged) == b"\xff\xd8" + other


def without_interval(whole: bytes, number: int) -> bytes:
    """Take out what lies between two restart markers, and one of them."""
    start = find_scans(whole).scans[0].start
    places = [match.start() for match in RESTART_MARKER.finditer(whole, start)]
    return whole[: places[number]] + whole[places[number + 1] :]


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("interval", [1, 2, 5])
def test_what_is_gone_between_restart_markers_is_told(
    mode: str, subsampling: int, interval: int
) -> None:
    options = {"subsampling": subsampling, "restart_marker_blocks": interval, "quality": 90}
    whole = save(photo((150, 117)).convert(mode), "jpeg", **options)
    assert read_picture(whole, "jpeg", LIMITS).probe.warnings == ()
    scans = find_scans(whole)
    there, intervals = scans.count_intervals(whole)
    assert there == intervals > 8
    found = read_picture(without_interval(whole, 6), "jpeg", LIMITS)
    (warning,) = found.probe.warnings
    assert warning.code == WarningCode.INCOMPLETE
    assert warning.message == f"damaged: 1 of {intervals} restart intervals are missing"
    assert found.probe.complete is False
