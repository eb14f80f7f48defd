"""Make the videos of tests/conformance/cases that are too large to keep, with the fault put in.

Each maker takes ffmpeg's path and the path to write.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

Maker = Callable[[str, Path], None]

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-x264-params", "threads=1")
TS_PACKET = 188
IDR_S = 1.9
"""Until where a stream without IDR pictures is cut off: behind its only one, within a refresh."""


def _picture(seconds: float, size: str = "320x180") -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d={seconds}")


def _sound(seconds: float, rate: int = 48_000) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=440:r={rate}:d={seconds}")


def run(ffmpeg: str, *arguments: str | Path) -> None:
    """Let ffmpeg write a file, the last argument."""
    *others, path = arguments
    # The same bytes each time.
    command = [ffmpeg, "-v", "error", "-nostdin", "-y", *others, "-bitexact", path]
    subprocess.run(command, check=True)


def part(
    ffmpeg: str,
    seconds: float,
    from_s: float,
    *sound: str,
    rate: int = 48_000,
    size: str = "320x180",
) -> bytes:
    """Return a transport stream of picture and sound, whose time starts at `from_s`."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "part.ts"
        offset = ("-muxdelay", "0", "-muxpreload", "0", "-output_ts_offset", str(from_s))
        inputs = (*_picture(seconds, size), *_sound(seconds, rate))
        run(ffmpeg, *inputs, *X264, *sound, *offset, "-f", "mpegts", path)
        return path.read_bytes()


AAC = ("-c:a", "aac", "-ac", "2")


def _clips(ffmpeg: str, path: Path) -> None:
    """Three recordings in one file, as they are: each starts its time anew."""
    each = (2.72, 2.64, 2.64)  # s; 200 frames
    path.write_bytes(b"".join(part(ffmpeg, seconds, 0, *AAC) for seconds in each))


def _jump(first_s: float, second_s: float) -> Maker:
    def write(ffmpeg: str, path: Path) -> None:
        starts = (first_s, second_s)
        path.write_bytes(b"".join(part(ffmpeg, 4, start, *AAC) for start in starts))

    return write


def _layout_change(ffmpeg: str, path: Path) -> None:
    """A broadcast whose sound is stereo, then 5.1, then stereo again."""
    surround = ("-af", "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0")
    layouts = ((2.72, ("-ac", "2")), (2.64, surround), (2.64, ("-ac", "2")))
    parts, start = [], 0.0
    for seconds, layout in layouts:
        parts.append(part(ffmpeg, seconds, start, "-c:a", "ac3", "-b:a", "64k", *layout))
        start += seconds
    path.write_bytes(b"".join(parts))


def _rate_change(ffmpeg: str, path: Path) -> None:
    mp2 = ("-c:a", "mp2", "-b:a", "64k", "-ac", "2")
    parts = (part(ffmpeg, 3, 3 * number, *mp2, rate=rate) for number, rate in enumerate(RATES))
    path.write_bytes(b"".join(parts))


RATES = (48_000, 44_100)


def _intra_refresh(ffmpeg: str, path: Path) -> None:
    """A stream that was joined late: a band of each frame is refreshed, no frame is an IDR."""
    refresh = ("-x264-params", "threads=1:intra-refresh=1:keyint=50:scenecut=0")
    inputs = (*_picture(10), *_sound(10))
    run(ffmpeg, *inputs, *X264[:4], *refresh, *AAC, "-f", "mpegts", path)
    content = path.read_bytes()
    packets = len(content) // TS_PACKET
    path.write_bytes(content[round(packets * IDR_S / 10) * TS_PACKET :])


def _short_picture(seconds: float) -> Maker:
    def write(ffmpeg: str, path: Path) -> None:
        run(ffmpeg, *_picture(seconds), *_sound(10), *X264, *AAC, "-b:a", "64k", path)

    return write


def _cover_track(ffmpeg: str, path: Path) -> None:
    """A cover that is written as an ordinary track, as some downloaders do."""
    inputs = (*_sound(10), *_picture(0.04))
    run(ffmpeg, *inputs, "-map", "0", "-map", "1", *AAC, "-c:v", "mjpeg", "-f", "mp4", path)


def _two_pictures(ffmpeg: str, path: Path) -> None:
    """A small picture that is disabled, or not the default, before the one that is meant."""
    inputs = (*_picture(4, "160x90"), *_picture(4), *_sound(4))
    every = ("-map", "0", "-map", "1", "-map", "2")
    meant = ("-disposition:v:0", "0", "-disposition:v:1", "default")
    run(ffmpeg, *inputs, *every, *X264, *AAC, *meant, path)


def _apac(ffmpeg: str, path: Path) -> None:
    """Apple's spatial sound as a second, disabled track, which no decoder has."""
    inputs = (*_picture(4), *_sound(4), *_sound(4))
    every = ("-map", "0", "-map", "1", "-map", "2")
    meant = ("-disposition:a:0", "default", "-disposition:a:1", "0")
    run(ffmpeg, *inputs, *every, *X264, *AAC, *meant, "-f", "mp4", path)
    content = bytearray(path.read_bytes())
    for before, after in ((b"mp4a", b"apac"), (b"esds", b"dapa")):
        at = content.rindex(before)
        content[at : at + 4] = after
    path.write_bytes(content)


MAKERS: dict[str, Maker] = {
    "apac-second.mov": _apac,
    "clips.ts": _clips,
    "cover-track.m4a": _cover_track,
    "intra-refresh.ts": _intra_refresh,
    "jump-back.ts": _jump(5000, 0),
    "jump.ts": _jump(0, 100),
    "layout-change.ts": _layout_change,
    "one-picture-25.mp4": _short_picture(0.04),
    "rate-change.ts": _rate_change,
    "short-picture.mp4": _short_picture(2),
    "two-pictures.mkv": _two_pictures,
    "two-pictures.mp4": _two_pictures,
}
