"""Make sources with several tracks, with some that nobody decodes, or with something before them.

Each maker takes a function that runs ffmpeg on arguments and an extension, and returns a source.
"""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

Make = Callable[[str, str], bytes]
"""Returns the bytes of what ffmpeg makes of arguments, in a container."""
Maker = Callable[[Make], bytes]

FILM = "-f lavfi -i testsrc2=s=160x90:r=25:d=2"
SMALL = "-f lavfi -i testsrc=s=96x54:r=25:d=2"
STILL = "-f lavfi -i testsrc=s=320x180:r=25:d=0.04"
SOUND = "-f lavfi -i sine=440:r=48000:d=2"
OTHER = "-f lavfi -i sine=880:r=48000:d=2"
X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 -c:a aac"
BOTH = f"{FILM} {SOUND} {X264}"

TS_PACKET = 188
NOISE = random.Random(5).randbytes(5000)
APE_TAG = b"APETAGEX" + bytes((0xD0, 7, 0, 0, 200, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 160)) + bytes(208)
"""A header of APEv2, and items."""


def make(name: str, ffmpeg: str, folder: Path) -> Path:
    """Make one of `MAKERS` in a folder; return its path."""
    path = folder / name
    path.write_bytes(MAKERS[name](partial(_run, ffmpeg)))
    return path


def _run(ffmpeg: str, arguments: str, extension: str) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"made.{extension}"
        always = [ffmpeg, "-v", "error", "-nostdin", "-y"]
        command = [*always, *arguments.split(), "-threads", "1", "-bitexact", str(path)]
        subprocess.run(command, check=True)
        return path.read_bytes()


def _stamped(arguments: str, lost: int = 0) -> Maker:
    options = "-f mpegts -mpegts_m2ts_mode 1"
    return lambda run: run(f"{arguments} {options}", "m2ts")[lost:]


def _packets(before: bytes = b"", lost: int = 0, parity: int = 0) -> Maker:
    def write(run: Make) -> bytes:
        whole = run(BOTH, "ts")
        starts = range(0, len(whole), TS_PACKET)
        packets = (whole[each : each + TS_PACKET] + bytes(parity) for each in starts)
        return before + b"".join(packets)[lost:]

    return write


def _behind(before: bytes, arguments: str, extension: str) -> Maker:
    return lambda run: before + run(f"{SOUND} {arguments}", extension)


def tag(length: int) -> bytes:
    """Return an ID3v2 tag of so many bytes."""
    size = length - 10
    return b"ID3\4\0\0" + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + bytes(size)


def _tracks(arguments: str, extension: str, change: Callable[[bytes], bytes]) -> Maker:
    return lambda run: change(run(arguments, extension))


def disable(*numbers: int) -> Callable[[bytes], bytes]:
    """Return what clears the flag of tracks of an MP4, by their ids."""

    def change(data: bytes) -> bytes:
        for number in numbers:
            header = rb"(?s)(tkhd\x00\x00\x00)[\x01\x03\x07\x0f](.{8}" + re.escape(
                number.to_bytes(4)
            )
            data, count = re.subn(header + b")", rb"\1\0\2", data)
            assert count == 1, number
        return data

    return change


def rename(codec: bytes, new: bytes, which: int) -> Callable[[bytes], bytes]:
    """Return what calls a sample entry of an MP4 otherwise: the first, second … of its kind."""

    def change(data: bytes) -> bytes:
        entries = [each.start() + 20 for each in re.finditer(b"(?s)stsd.{12}" + codec, data)]
        at = entries[which] - 4
        assert data[at : at + 4] == codec
        after = data[at + 4 :]
        if codec == b"mp4a":  # nor does the box say that follows which codec it is
            after = after.replace(b"esds", b"free", 1)
        return data[:at] + new + after

    return change


def _whole(data: bytes) -> bytes:
    return data


def _cut(part: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: round(len(data) * part)]


def _without_index(data: bytes) -> bytes:
    return data[: data.index(b"moov") - 4]


ENABLED = "-disposition:v default"
"""Or ffmpeg disables all but the first of a kind."""
TWO_PICTURES = f"{SMALL} {FILM} {SOUND} -map 0 -map 1 -map 2 {X264} {ENABLED}"
LARGE_FIRST = f"{FILM} {SMALL} {SOUND} -map 0 -map 1 -map 2 {X264} {ENABLED}"
COVER_FIRST = f"{STILL} {FILM} {SOUND} -map 0 -map 1 -map 2 {X264} -c:v:0 mjpeg"
TWO_SOUNDS = f"{FILM} {SOUND} {OTHER} -map 0 -map 1 -map 2 {X264}"
ENCRYPTED = (
    f"{BOTH} -encryption_scheme cenc-aes-ctr -encryption_key 00112233445566778899aabbccddeeff"
    " -encryption_kid 112233445566778899aabbccddeeff00"
)
PROGRAMS = (
    f"{SMALL} {FILM} {SOUND} {OTHER} -map 0 -map 2 -map 1 -map 3 {X264}"
    " -program title=One:st=0:st=1 -program title=Two:st=2:st=3"
)
LIVE_COVER = COVER_FIRST.replace("mjpeg", "png") + " -live 1"

MAKERS: Mapping[str, Maker] = {
    "stamped-ac3.m2ts": _stamped(BOTH.replace("-c:a aac", "-c:a ac3")),
    "stamped-mid-packet.mts": _stamped(BOTH, 100),
    "stamped-after-stamp.mts": _stamped(BOTH, 4),
    "stamped-mpeg2.m2t": _stamped(f"{FILM} {SOUND} -c:v mpeg2video -c:a mp2"),
    "protected.ts": _packets(parity=16),
    "protected-mid-packet.ts": _packets(parity=16, lost=150),
    "lost-one-byte.ts": _packets(lost=1),
    "behind-noise.ts": _packets(NOISE),
    "behind-zeros.ts": _packets(bytes(3000)),
    "two-programs.ts": lambda run: run(PROGRAMS, "ts"),
    "first-disabled.mp4": _tracks(TWO_PICTURES, "mp4", disable(1)),
    "large-disabled.mp4": _tracks(LARGE_FIRST, "mp4", disable(1)),
    "both-disabled.mp4": _tracks(TWO_PICTURES, "mp4", disable(1, 2)),
    "small-first.mov": _tracks(TWO_PICTURES, "mov", _whole),
    "cover-first.mp4": _tracks(COVER_FIRST, "mp4", _whole),
    "cover-first.mkv": _tracks(COVER_FIRST, "mkv", _whole),
    "cover-first-live.mkv": _tracks(LIVE_COVER, "mkv", _whole),
    "default-second.mkv": _tracks(
        f"{LARGE_FIRST} -disposition:v:0 0 -disposition:v:1 default", "mkv", _whole
    ),
    "frame-first.mp4": _tracks(COVER_FIRST.replace(" -c:v:0 mjpeg", ""), "mp4", _whole),
    "cover-alone.m4a": _tracks(f"{STILL} {SOUND} -map 0 -map 1 -c:v mjpeg -c:a aac", "mp4", _whole),
    "cover-png.mkv": _tracks(f"{STILL} {SOUND} -map 0 -map 1 -c:v png -c:a aac", "mkv", _whole),
    "apac-first.mov": _tracks(TWO_SOUNDS, "mov", rename(b"mp4a", b"apac", 0)),
    "apac-second.mp4": _tracks(TWO_SOUNDS, "mp4", rename(b"mp4a", b"apac", 1)),
    "apac-only.mov": _tracks(BOTH, "mov", rename(b"mp4a", b"apac", 0)),
    "apac-alone.m4a": _tracks(f"{SOUND} -c:a aac", "m4a", rename(b"mp4a", b"apac", 0)),
    "unknown-second.mp4": _tracks(TWO_SOUNDS, "mp4", rename(b"mp4a", b"zzzz", 1)),
    "unknown-second.mkv": _tracks(
        TWO_SOUNDS.replace("-c:a aac", "-c:a:0 aac -c:a:1 flac"),
        "mkv",
        lambda data: data.replace(b"A_FLAC", b"A_ZZZZ"),
    ),
    "unknown-picture.mp4": _tracks(BOTH, "mp4", rename(b"avc1", b"zzzz", 0)),
    "unknown-picture.mkv": _tracks(
        BOTH, "mkv", lambda data: data.replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/ZZZ")
    ),
    "unknown-first-picture.mp4": _tracks(LARGE_FIRST, "mp4", rename(b"avc1", b"encv", 0)),
    "unknown-large.mp4": _tracks(LARGE_FIRST, "mp4", rename(b"avc1", b"zzzz", 0)),
    "unknown-large.mkv": _tracks(
        LARGE_FIRST, "mkv", lambda data: data.replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/ZZZ", 1)
    ),
    "unknown-first.m4a": _tracks(
        f"{SOUND} {OTHER} -map 0 -map 1 -c:a aac", "m4a", rename(b"mp4a", b"zzzz", 0)
    ),
    **{
        f"empty-picture.{each}": _tracks(f"{BOTH} -vf select=0", each, _whole)
        for each in ("mp4", "mkv", "ts", "avi", "flv")
    },
    **{
        f"empty-sound.{each}": _tracks(f"{BOTH} -af aselect=0", each, _whole)
        for each in ("mov", "mkv", "ts", "flv")
    },
    "encrypted.mp4": _tracks(ENCRYPTED, "mp4", _whole),
    "encrypted-cbcs.mp4": _tracks(
        ENCRYPTED, "mp4", lambda data: data.replace(b"schm\0\0\0\0cenc", b"schm\0\0\0\0cbcs")
    ),
    "no-index.mp4": _tracks(BOTH, "mp4", _without_index),
    "cut-early.mp4": _tracks(BOTH, "mp4", _cut(0.1)),
    "cut-late.mov": _tracks(BOTH, "mov", _cut(0.8)),
    "big-tag.flac": _behind(tag(300_000), "-c:a flac", "flac"),
    "big-tag.wav": _behind(tag(90_000), "-c:a pcm_s16le", "wav"),
    "small-tag.aiff": _behind(tag(500), "-c:a pcm_s16be", "aiff"),
    "big-tag.aac": _behind(tag(150_000), "-c:a aac", "aac"),
    "big-tag.mp3": _behind(tag(200_000), "-c:a libmp3lame", "mp3"),
    "tag-and-zeros.mp3": _behind(tag(4000) + bytes(900), "-c:a libmp3lame", "mp3"),
    "two-tags.aac": _behind(tag(70_000) + tag(30), "-c:a aac", "aac"),
    "tag.wv": _behind(tag(2000), "-c:a wavpack", "wv"),
    "tag.ac3": _behind(tag(2000), "-c:a ac3", "ac3"),
    "ape-tag.mp3": _behind(APE_TAG, "-c:a libmp3lame", "mp3"),
    "endless-tag.mp3": _behind(tag(900_000)[:500], "-c:a libmp3lame", "mp3"),
    "mid-pack.vob": lambda run: run(f"{FILM} {SOUND} -c:v mpeg2video -c:a mp2 -f vob", "vob")[
        1111:
    ],
    "mid-pack.mpg": lambda run: run(f"{FILM} {SOUND} -c:v mpeg1video -c:a mp2 -f mpeg", "mpg")[
        999:
    ],
    "noise.mp3": _behind(NOISE, "-c:a libmp3lame -b:a 64k", "mp3"),
    "ones.aac": _behind(b"\xff" * 777, "-c:a aac", "aac"),
    "half-a-frame.dts": lambda run: run(f"{SOUND} -c:a dca -strict -2 -ac 2", "dts")[300:],
    "zeros.ac3": _behind(bytes(1234), "-c:a ac3", "ac3"),
    "half-a-frame.mp2": lambda run: run(f"{SOUND} -c:a mp2", "mp2")[200:],
}
