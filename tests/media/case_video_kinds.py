"""Make more videos of tests/conformance/cases: those that no command of ffmpeg's writes by itself.

They are joined, cut, packed or changed after ffmpeg wrote them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from tests.media.case_videos import AAC, TS_PACKET, Maker, part, run

PACKET_192 = 4
"""Bytes of a time stamp before each packet of camcorders and Blu-ray discs."""

PACKET_204 = 16
"""Bytes of parity behind each packet of DVB."""

PLAIN_S = 4
AC3 = ("-c:a", "ac3")
STEREO, MONO = (*AC3, "-ac", "2"), (*AC3, "-ac", "1")
SURROUND = (*AC3, "-af", "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0")
MP2 = ("-c:a", "mp2", "-ac", "2", "-b:a", "96k")
RATES = (32_000, 44_100, 48_000)
UNKNOWN = b"\xff" * 4
"""All ones: a duration that is not known (ISO/IEC 14496-12, 8.2.2)."""


def _with_stamps(content: bytes) -> bytes:
    packets = (content[at : at + TS_PACKET] for at in range(0, len(content), TS_PACKET))
    return b"".join(struct.pack(">I", 1000 * at) + each for at, each in enumerate(packets))


def _with_parity(content: bytes) -> bytes:
    packets = (content[at : at + TS_PACKET] for at in range(0, len(content), TS_PACKET))
    return b"".join(each + bytes(PACKET_204) for each in packets)


def _packed(ffmpeg: str, path: Path, pack: Callable[[bytes], bytes], skip: int) -> None:
    """A transport stream in another packing, that starts within a packet."""
    path.write_bytes(pack(part(ffmpeg, PLAIN_S, 0, *AAC))[skip:])


def _parts(ffmpeg: str, path: Path, parts: Iterable[tuple[float, float, tuple[str, ...]]]) -> None:
    """Recordings of so many seconds, each from a time on, with its own sound, one after another."""
    path.write_bytes(b"".join(part(ffmpeg, *each[:2], *each[2]) for each in parts))


def _rates(ffmpeg: str, path: Path) -> None:
    parts = (
        part(ffmpeg, 2, 2 * at, *MP2, rate=rate) for at, rate in enumerate((32_000, 44_100, 48_000))
    )
    path.write_bytes(b"".join(parts))


def _turned(ffmpeg: str, path: Path) -> None:
    """A phone that is turned while it records."""
    sizes = ("320x180", "180x320")
    parts = (part(ffmpeg, 3, 3 * at, *AAC, size=size) for at, size in enumerate(sizes))
    path.write_bytes(b"".join(parts))


def _sounds(ffmpeg: str, path: Path, options: Iterable[tuple[str, ...]]) -> None:
    """Sounds alone, joined as they are."""
    content = b""
    for each in options:
        run(ffmpeg, "-f", "lavfi", "-i", "sine=440:r=48000:d=5", *each, path)
        content += path.read_bytes()
    path.write_bytes(content)


def _plain(ffmpeg: str, path: Path) -> bytearray:
    inputs = ("-f", "lavfi", "-i", f"testsrc2=s=320x180:r=25:d={PLAIN_S}")
    sound = ("-f", "lavfi", "-i", f"sine=440:r=48000:d={PLAIN_S}")
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25")
    run(ffmpeg, *inputs, *sound, *codecs, *AAC, path)
    return bytearray(path.read_bytes())


def _durations(ffmpeg: str, path: Path, boxes: Iterable[bytes], value: bytes) -> None:
    """Write another duration into all boxes of some kinds: 32 bits, version 0."""
    content = _plain(ffmpeg, path)
    for kind in boxes:
        at = content.find(kind)
        while at >= 0:
            start = at + 4 + (20 if kind == b"tkhd" else 16)
            content[start : start + 4] = value
            at = content.find(kind, at + 1)
    path.write_bytes(content)


def _movie_matrix(ffmpeg: str, path: Path, a: int, b: int, c: int, d: int) -> None:
    """Turn by the matrix of the movie, not by that of a track."""
    content = _plain(ffmpeg, path)
    start = content.find(b"mvhd") + 4 + 36
    matrix = (a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    content[start : start + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(content)


def _damaged(ffmpeg: str, path: Path) -> None:
    """A hole in the middle of the samples."""
    content = _plain(ffmpeg, path)
    middle = (content.find(b"mdat") + content.find(b"moov")) // 2
    content[middle : middle + 300] = bytes(300)
    path.write_bytes(content)


def _without_index(ffmpeg: str, path: Path) -> None:
    content = _plain(ffmpeg, path)
    path.write_bytes(content[: content.find(b"moov") // 2])


MONO_AAC, STEREO_AAC = (("-c:a", "aac", "-ac", count, "-f", "adts") for count in "12")
OPUS = ("-c:a", "libopus", "-ac", "2")
MP3 = ("-c:a", "libmp3lame", "-b:a", "64k")
MVHD, TKHD, MDHD = b"mvhd", b"tkhd", b"mdhd"

MAKERS: dict[str, Maker] = {
    "m2ts-mid.m2ts": partial(_packed, pack=_with_stamps, skip=77),
    "ts204-mid.ts": partial(_packed, pack=_with_parity, skip=150),
    "layout-51-2.ts": partial(_parts, parts=((3, 0, SURROUND), (3, 3, STEREO))),
    "layout-1-51.ts": partial(_parts, parts=((3, 0, MONO), (3, 3, SURROUND))),
    "rate-32-44-48.ts": _rates,
    "turned-mid.ts": _turned,
    "adts-1-2.aac": partial(_sounds, options=(MONO_AAC, STEREO_AAC)),
    "chained-opus.ogg": partial(_sounds, options=(OPUS,) * 3),
    "joined.mp3": partial(_sounds, options=(MP3,) * 3),
    "clips-2.ts": partial(_parts, parts=((2, 10, AAC), (3, 0, AAC))),
    "jump-2.ts": partial(_parts, parts=((3, 0, AAC), (3, 40_000, AAC))),
    "jump-back-2.ts": partial(_parts, parts=((3, 90, AAC), (3, 20, AAC))),
    "mvhd-short.mp4": partial(_durations, boxes=(MVHD,), value=struct.pack(">I", 1000)),
    "mvhd-zero.mp4": partial(_durations, boxes=(MVHD,), value=bytes(4)),
    "mdhd-unknown.mp4": partial(_durations, boxes=(MDHD,), value=UNKNOWN),
    "all-unknown.mp4": partial(_durations, boxes=(MVHD, TKHD, MDHD), value=UNKNOWN),
    "mvhd-270.mp4": partial(_movie_matrix, a=0, b=-1, c=1, d=0),
    "mvhd-180.mp4": partial(_movie_matrix, a=-1, b=0, c=0, d=-1),
    "bad-middle.mp4": _damaged,
    "no-index.mov": _without_index,
}
