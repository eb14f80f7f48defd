"""Read what an MP4's index says of its tracks (ISO/IEC 14496-12, 23001-7)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from math import atan2, degrees
from typing import IO

from lib.domain.errors import ErrorCode, PermanentError
from lib.video.isobmff import children, find, read_boxes, read_content
from lib.video.probe.track_facts import Facts, TrackFacts

MOVIE_MATRIX, TRACK_MATRIX, UNIT = 36, 40, 65_536
"""Where the matrices lie in version 0 of `mvhd` (8.2.2) and `tkhd` (8.3.2), and a one in them."""

Matrix = tuple[float, float, float, float]

ENABLED = 1
"""The first flag of `tkhd` (8.3.2)."""
CHAPTERS = b"chap"
"""Kind of reference to the track that holds the chapters' titles, or their pictures."""
BESIDE = frozenset((b"auxv", b"pict"))
"""Handlers of pictures that go with those of another track."""

SCHEMES = {
    b"cenc": "Common Encryption, cenc",
    b"cens": "Common Encryption, cens",
    b"cbc1": "Common Encryption, cbc1",
    b"cbcs": "Common Encryption, cbcs",
    b"itun": "Apple FairPlay",
    b"adkm": "Adobe Access",
    b"piff": "PlayReady",
    b"odkm": "OMA DRM",
}
ENCRYPTED = frozenset((b"encv", b"enca", b"enct", b"drmi", b"drms", b"encs", b"encm"))
"""Sample entries that stand for those of the codec (8.12)."""
ENTRY_BYTES = {b"vide": 78, b"soun": 28}
"""Bytes before the boxes in a sample entry, by the handler (12.1.3, 12.2.3)."""
SOUND_V1, SOUND_V2 = 16, 36
"""Bytes more of a sound's entry in QuickTime, versions 1 and 2."""


def read_facts(file: IO[bytes]) -> Facts:
    """Return the facts of each track by its id; none where there is no index that can be followed.

    Only `moov` is read.
    """
    try:
        moov = next(read_content(file, each) for each in read_boxes(file) if each.kind == b"moov")
        tracks = [content for kind, content in children(moov) if kind == b"trak"]
        # The samples of a fragmented file are not in its index.
        is_whole = all(kind != b"mvex" for kind, _ in children(moov))
        beside = {each for track in tracks for each in _chapter_tracks(track)}
        movie = _read_matrix(find(moov, b"mvhd"), MOVIE_MATRIX)
    except (ValueError, StopIteration, struct.error, IndexError):
        return {}
    found: dict[int, TrackFacts] = {}
    for track in tracks:
        # One that can't be followed says nothing of the others.
        with suppress(ValueError, struct.error, IndexError):
            number, matrix, fact = _facts(track, beside, is_whole)
            found[number] = _turn(fact, matrix, movie)
    return found


def explain_silence(file: IO[bytes]) -> PermanentError:
    """Say why an MP4 in which no track was found has none. Reads the outermost boxes' headers."""
    kinds, is_cut = set[bytes](), False
    try:
        for box in read_boxes(file):
            kinds.add(box.kind)
    except ValueError:
        is_cut = True
    if b"moof" in kinds and b"moov" not in kinds:
        reason = "it is a part of a stream: the segment with its index (moov) is missing"
    elif b"moov" in kinds:
        reason = "its index (moov) names neither a picture nor a sound"
    elif is_cut:
        reason = "the file is cut short: no index (moov) has arrived, which comes last in it"
    else:
        reason = (
            "there is no index (moov): the recording was never finished, or the file is cut short"
        )
    return PermanentError(ErrorCode.CORRUPT_MEDIA, reason)


def _facts(track: bytes, beside: set[int], is_whole: bool) -> tuple[int, Matrix, TrackFacts]:
    header = find(track, b"tkhd")
    (number,) = struct.unpack_from(">I", header, 20 if header[0] else 12)
    media = find(track, b"mdia")
    handler = find(media, b"hdlr")[8:12]
    table = find(media, b"minf", b"stbl")
    # Pictures of chapters are no film of their own; their titles are no subtitles either.
    is_beside = handler in BESIDE or (number in beside and handler == b"vide")
    return (
        number,
        _read_matrix(header, TRACK_MATRIX),
        TrackFacts(
            is_enabled=bool(header[3] & ENABLED),
            is_empty=is_whole and _count_samples(table) == 0,
            is_beside=is_beside,
            encryption=_encryption(table, handler),
        ),
    )


def _read_matrix(header: bytes, at: int) -> Matrix:
    """Read how a point is turned: (x, y) becomes (ax + cy, bx + dy)."""
    start = at + (12 if header[0] else 0)
    a, b, _, c, d = struct.unpack_from(">5i", header, start)
    return a / UNIT, b / UNIT, c / UNIT, d / UNIT


def _turn(fact: TrackFacts, track: Matrix, movie: Matrix) -> TrackFacts:
    """Add the turn of a track, and then of the movie, one after the other."""
    (a, b, c, d), (e, f, g, h) = track, movie
    a, b, c, d = a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h
    # What is mirrored, top to bottom, has its second axis reversed.
    is_mirrored = a * d < b * c
    turned = degrees(atan2(b, a)) if (a, b) != (0, 0) else 0.0
    return replace(fact, turned=turned, is_mirrored=is_mirrored)


def _chapter_tracks(track: bytes) -> Iterator[int]:
    """Yield the ids of the tracks that hold the chapters of one."""
    with suppress(ValueError):
        references = (content for kind, content in children(track) if kind == b"tref")
        for kind, ids in (each for content in references for each in children(content)):
            if kind == CHAPTERS:
                whole = ids[: len(ids) // 4 * 4]
                yield from (number for (number,) in struct.iter_unpack(">I", whole))


def _count_samples(table: bytes) -> int | None:
    boxes = dict(children(table))
    sizes = boxes.get(b"stsz") or boxes.get(b"stz2")
    return int(struct.unpack_from(">I", sizes, 8)[0]) if sizes else None


def _encryption(table: bytes, handler: bytes) -> str | None:
    """Return how the first sample entry of a track is encrypted, None where it is not."""
    kind, entry = next(children(find(table, b"stsd")[8:]), (b"", b""))
    if kind not in ENCRYPTED:
        return None
    at = ENTRY_BYTES.get(handler, 8)
    if handler == b"soun":
        at += {1: SOUND_V1, 2: SOUND_V2}.get(int.from_bytes(entry[8:10], "big"), 0)
    try:
        scheme = find(entry[at:], b"sinf", b"schm")[4:8]
    except ValueError:
        # The first files that iTunes sold have no scheme.
        scheme = b"itun" if kind in (b"drms", b"drmi") else b""
    return SCHEMES.get(scheme, "a scheme that is not known")
