"""Make a clip that flashes and beeps at known moments, and find both again in what came of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

MOMENTS_S = (1.0, 3.96, 6.0, 8.0)
"""Some at a border of segments, one so that it crosses the border."""
LENGTH_S = 0.2
SECONDS = 9.6
FRAME_RATE = 25
SIZE = (640, 360)
WHITE = 220
"""Mean luma that only a flash has: the picture besides has some 120."""
SILENCE = "-40dB"
SUBTITLES = """WEBVTT

00:00:01.000 --> 00:00:02.000
One

00:00:06.000 --> 00:00:07.500
Two
"""


def make_source(path: Path) -> None:
    """Write a Matroska file with a picture, sound in English and German, and English subtitles.

    FLAC, which unlike AAC starts where it says.
    """
    moments = "+".join(f"between(t,{at},{at + LENGTH_S - 0.001:.3f})" for at in MOMENTS_S)
    width, height = SIZE
    picture = f"testsrc2=s={width}x{height}:r={FRAME_RATE}:d={SECONDS}"
    flash = f"drawbox=color=white:t=fill:enable='{moments}'"
    sounds = [
        f"aevalsrc='0.5*sin(2*PI*{hertz}*t)*({moments})':s=48000:d={SECONDS}:c=stereo"
        for hertz in (1000, 600)
    ]
    text = path.with_suffix(".vtt")
    text.write_text(SUBTITLES)
    inputs = [f"{picture},{flash}", *sounds]
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y"),
            *(argument for each in inputs for argument in ("-f", "lavfi", "-i", each)),
            *("-i", text, "-map", "0", "-map", "1", "-map", "2", "-map", "3"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
            *("-c:a", "flac", "-c:s", "srt"),
            *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"),
            *("-metadata:s:s:0", "language=eng", path),
        ],
        check=True,
    )


def find_flashes(parts: Sequence[Path]) -> list[float]:
    """Return the times in s of the first frame of each flash in a track or a file."""
    found = _filter(parts, "-an", "-vf", "signalstats,metadata=print:key=lavfi.signalstats.YAVG")
    frames = re.findall(r"pts_time:(\S+)\s.*?YAVG=(\S+)", found, re.DOTALL)
    white = [(float(at), float(luma) > WHITE) for at, luma in frames]
    before = [False, *(is_white for _, is_white in white)]
    return [at for (at, now), was in zip(white, before, strict=False) if now and not was]


def find_beeps(parts: Sequence[Path]) -> list[float]:
    """Return the times in s at which a silence ends in a track or a file."""
    found = _filter(parts, "-vn", "-af", f"silencedetect=n={SILENCE}:d=0.3")
    return [float(at) for at in re.findall(r"silence_end: (\S+)", found)][: len(MOMENTS_S)]


def _filter(parts: Sequence[Path], *filters: str) -> str:
    joined = "concat:" + "|".join(map(str, parts))
    # -copyts: as a player sees it, and not moved so that the first frame comes at 0.
    command = ["ffmpeg", "-v", "info", "-nostats", "-copyts", "-i", joined, *filters]
    return subprocess.run(
        [*command, "-f", "null", "-"], capture_output=True, text=True, check=True
    ).stderr
