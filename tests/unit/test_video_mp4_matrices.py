"""How an MP4 is turned: by the matrix of a track, then by the movie's, each once."""

from __future__ import annotations

import io
import struct

import pytest

from lib.video.isobmff import box
from lib.video.probe.mp4_tracks import read_facts

Matrix = tuple[float, float, float, float]
UPRIGHT: Matrix = (1, 0, 0, 1)
RIGHT: Matrix = (0, 1, -1, 0)
AROUND: Matrix = (-1, 0, 0, -1)
LEFT: Matrix = (0, -1, 1, 0)
MIRRORED: Matrix = (-1, 0, 0, 1)
UPSIDE_DOWN: Matrix = (1, 0, 0, -1)


def matrix(values: Matrix) -> bytes:
    a, b, c, d = (round(each * 65_536) for each in values)
    return struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)


def movie(track: Matrix, whole: Matrix, version: int = 0) -> io.BytesIO:
    wide = bytes(12 * version)
    mvhd = box(b"mvhd", bytes([version, 0, 0, 0]), bytes(32), wide, matrix(whole), bytes(28))
    number = struct.pack(">I", 7)
    head = bytes([version, 0, 0, 1]) + bytes(16 if version else 8) + number
    tkhd = box(b"tkhd", head, bytes(24 + 4 * version), matrix(track), bytes(8))
    hdlr = box(b"hdlr", bytes(8), b"vide", bytes(13))
    stbl = box(b"stbl", box(b"stsd", bytes(8), box(b"avc1", bytes(78))))
    mdia = box(b"mdia", hdlr, box(b"minf", stbl))
    return io.BytesIO(box(b"moov", mvhd, box(b"trak", tkhd, mdia)))


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(
    ("track", "whole", "turned", "is_mirrored"),
    [
        (UPRIGHT, UPRIGHT, 0, False),
        (RIGHT, UPRIGHT, 90, False),
        (UPRIGHT, RIGHT, 90, False),
        (RIGHT, RIGHT, 180, False),
        (LEFT, RIGHT, 0, False),
        (LEFT, UPRIGHT, 270, False),
        (AROUND, UPRIGHT, 180, False),
        (MIRRORED, UPRIGHT, 180, True),
        (UPSIDE_DOWN, UPRIGHT, 0, True),
        (MIRRORED, RIGHT, 270, True),
        (MIRRORED, MIRRORED, 0, False),
        ((0, 0, 0, 0), UPRIGHT, 0, False),
    ],
)
def test_both_matrices_count(track, whole, turned, is_mirrored, version):
    fact = read_facts(movie(track, whole, version))[7]
    assert round(fact.turned) % 360 == turned
    assert fact.is_mirrored is is_mirrored
