"""What an MP4's index says of its tracks: enabled, empty, of chapters, encrypted."""

from __future__ import annotations

import io
import random
import struct

import pytest

from lib.domain.errors import ErrorCode
from lib.video.isobmff import box
from lib.video.probe.mp4_tracks import explain_silence, read_facts
from lib.video.probe.track_facts import Facts, TrackFacts

MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
AVC = box(b"avc1", bytes(78))
AAC = box(b"mp4a", bytes(28))


def protected(kind: bytes, scheme: bytes | None, lead: int = 78, version: int = 0) -> bytes:
    schm = [box(b"schm", bytes(4) + scheme + bytes(4))] if scheme else []
    entry = bytes(8) + version.to_bytes(2, "big") + bytes(lead - 10)
    return box(kind, entry, box(b"esds", bytes(9)), box(b"sinf", box(b"frma", b"avc1"), *schm))


def track(
    number: int = 1,
    entry: bytes = AVC,
    *,
    handler: bytes = b"vide",
    flags: int = 7,
    samples: int | None = 9,
    chapters: tuple[int, ...] = (),
    version: int = 0,
) -> bytes:
    times = bytes(16 if version else 8)
    flagged = bytes([version, 0, 0, flags])
    tkhd = box(b"tkhd", flagged, times, struct.pack(">I", number), bytes(64), MATRIX, bytes(8))
    sizes = [] if samples is None else [box(b"stsz", struct.pack(">III", 0, 0, samples))]
    stsd = box(b"stsd", bytes(4), struct.pack(">I", 1), entry)
    hdlr = box(b"hdlr", bytes(8), handler, bytes(13))
    mdia = box(b"mdia", hdlr, box(b"minf", box(b"stbl", stsd, *sizes)))
    references = box(b"chap", struct.pack(f">{len(chapters)}I", *chapters))
    tref = [box(b"tref", box(b"hint", bytes(4)), references)] if chapters else []
    return box(b"trak", tkhd, *tref, mdia)


def movie(*tracks: bytes, before: bytes = b"") -> bytes:
    mvhd = box(b"mvhd", bytes(36), MATRIX, bytes(28))
    return box(b"ftyp", b"isom", bytes(4)) + before + box(b"moov", mvhd, *tracks)


def facts_of(*tracks: bytes) -> Facts:
    return read_facts(io.BytesIO(movie(*tracks)))


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(("flags", "is_enabled"), [(0, False), (1, True), (6, False), (15, True)])
def test_a_track_says_whether_it_is_enabled(version: int, flags: int, is_enabled: bool):
    found = facts_of(track(70_000, flags=flags, version=version))
    assert found[70_000].is_enabled is is_enabled


@pytest.mark.parametrize(("samples", "is_empty"), [(0, True), (1, False), (None, False)])
def test_a_track_without_samples_is_empty(samples: int | None, is_empty: bool):
    assert facts_of(track(samples=samples))[1].is_empty is is_empty


def test_a_fragmented_file_has_its_samples_elsewhere():
    assert not facts_of(track(samples=0), box(b"mvex"))[1].is_empty


@pytest.mark.parametrize("owner", [b"soun", b"vide"])
def test_pictures_of_chapters_are_those_that_a_track_refers_to(owner: bytes):
    found = facts_of(
        track(1, handler=owner, chapters=(9, 2)), track(2), track(3), track(9, handler=b"text")
    )
    assert {number: each.is_beside for number, each in found.items()} == {
        1: False,
        2: True,
        3: False,
        9: False,
    }


@pytest.mark.parametrize("handler", [b"auxv", b"pict"])
def test_pictures_that_go_with_another_track_are_beside_it(handler: bytes):
    assert facts_of(track(handler=handler))[1].is_beside


@pytest.mark.parametrize(
    ("entry", "handler", "said"),
    [
        (AVC, b"vide", None),
        (AAC, b"soun", None),
        *(
            (protected(b"encv", scheme), b"vide", f"Common Encryption, {scheme.decode()}")
            for scheme in (b"cenc", b"cens", b"cbc1", b"cbcs")
        ),
        (protected(b"enca", b"cenc", 28), b"soun", "Common Encryption, cenc"),
        (protected(b"enca", b"cbcs", 28 + 16, 1), b"soun", "Common Encryption, cbcs"),
        (protected(b"enca", b"cbcs", 28 + 36, 2), b"soun", "Common Encryption, cbcs"),
        (protected(b"drms", b"itun", 28), b"soun", "Apple FairPlay"),
        (protected(b"drms", None, 28), b"soun", "Apple FairPlay"),
        (protected(b"drmi", b"itun"), b"vide", "Apple FairPlay"),
        (protected(b"encv", b"piff"), b"vide", "PlayReady"),
        (protected(b"encv", b"????"), b"vide", "a scheme that is not known"),
        (box(b"encv", bytes(78)), b"vide", "a scheme that is not known"),
    ],
)
def test_encryption_is_called_by_its_name(entry: bytes, handler: bytes, said: str | None):
    assert facts_of(track(entry=entry, handler=handler))[1].encryption == said


def test_a_track_that_cannot_be_followed_says_nothing_of_the_others():
    found = facts_of(box(b"trak", box(b"tkhd", bytes(3))), track(2, flags=0), box(b"trak"))
    assert found == {2: TrackFacts(is_enabled=False)}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (movie()[:-50], "cut short: no index (moov)"),
        (box(b"ftyp", bytes(8)) + box(b"mdat", bytes(500))[:300], "cut short: no index (moov)"),
        (box(b"ftyp", bytes(8)) + bytes(100), "cut short: no index (moov)"),
        (box(b"ftyp", bytes(8)) + box(b"mdat", bytes(500)), "no index (moov): the recording"),
        (box(b"styp", b"msdh") + box(b"moof", bytes(9)) + box(b"mdat", b"x"), "a part of a stream"),
        (movie(), "names neither a picture nor a sound"),
    ],
)
def test_what_has_no_tracks_says_why(data: bytes, said: str):
    problem = explain_silence(io.BytesIO(data))
    assert problem.code is ErrorCode.CORRUPT_MEDIA
    assert said in problem.message


def test_damage_is_read_over():
    whole = movie(track(1, protected(b"encv", b"cenc")), track(2, AAC, chapters=(1,)))
    for seed in range(1500):
        chance = random.Random(seed)
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        file = io.BytesIO(bytes(damaged[: chance.randrange(len(damaged) + 1)]))
        assert all(isinstance(each, TrackFacts) for each in read_facts(file).values())
        assert explain_silence(file).permanent
