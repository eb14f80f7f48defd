"""Uncompressed sound lasts as long as its samples, whatever follows or is missing."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.video.probe.audio_headers import read_au_ms, read_caf_ms


def chunk(kind: bytes, content: bytes, length: int | None = None) -> bytes:
    return kind + struct.pack(">q", len(content) if length is None else length) + content


def caf(rate: float, packet_bytes: int, sound: bytes, *, length: int | None = None) -> bytes:
    desc = struct.pack(">d4sIIIII", rate, b"lpcm", 0, packet_bytes, 1, 1, 16)
    data = chunk(b"data", bytes(4) + sound, length)
    return b"caff\0\1\0\0" + chunk(b"desc", desc) + chunk(b"free", bytes(70)) + data


def au(encoding: int, rate: int, channels: int, sound: bytes, length: int | None = None) -> bytes:
    said = len(sound) if length is None else length
    return b".snd" + struct.pack(">5I", 32, said, encoding, rate, channels) + bytes(8) + sound


def ms_of(read, data: bytes) -> int | None:
    found: int | None = read(io.BytesIO(data), len(data))
    return found


@pytest.mark.parametrize(
    ("data", "ms"),
    [
        (caf(44_100.0, 2, bytes(88_200)), 1000),
        (caf(8000.0, 6, bytes(6 * 4000)), 500),
        (caf(8000.0, 2, bytes(16_000)) + chunk(b"info", bytes(900)), 1000),
        (caf(8000.0, 2, bytes(16_000), length=-1), 1000),  # written by a pipe: to the end
        (caf(8000.0, 2, bytes(8000), length=16_004), 500),  # cut short
        (caf(8000.0, 0, bytes(16_000)), None),  # packets of any size
        (caf(0.0, 2, bytes(16_000)), None),
        (caf(float("nan"), 2, bytes(16_000)), None),
        (caf(8000.0, 2, b""), None),
        (caf(8000.0, 2, bytes(16))[:40], None),
        (b"caff\0\1\0\0" + chunk(b"free", b"", -5), None),
        (b"caff\0\1\0\0" + chunk(b"free", b"", 2**62), None),
    ],
)
def test_a_caf_lasts_as_long_as_its_samples(data: bytes, ms: int | None):
    assert ms_of(read_caf_ms, data) == ms


@pytest.mark.parametrize(
    ("data", "ms"),
    [
        *(
            (au(code, 8000, 1, bytes(8000 * width)), 1000)
            for code, width in ((1, 1), (2, 1), (3, 2), (4, 3), (5, 4), (6, 4), (7, 8), (27, 1))
        ),
        (au(3, 44_100, 2, bytes(4 * 22_050)), 500),
        (au(3, 8000, 1, bytes(16_000), 0xFFFFFFFF), 1000),  # not known when it was written
        (au(3, 8000, 1, bytes(8000), 16_000), 500),  # cut short
        (au(23, 8000, 1, bytes(8000)), None),  # ADPCM
        (au(3, 0, 1, bytes(8000)), None),
        (au(3, 8000, 0, bytes(8000)), None),
        (au(3, 8000, 1, b""), None),
        (au(3, 8000, 1, b"")[:20], None),
    ],
)
def test_an_au_lasts_as_long_as_its_samples(data: bytes, ms: int | None):
    assert ms_of(read_au_ms, data) == ms


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(tail: bytes):
    for read, head in ((read_caf_ms, b"caff\0\1\0\0"), (read_au_ms, b".snd")):
        found = ms_of(read, head + tail)
        assert found is None or found > 0
