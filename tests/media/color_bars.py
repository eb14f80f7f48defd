"""Films of four known colours, in codecs and signals of every kind: see `BARS`."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

COLORS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (220, 220, 30))
"""Top left, top right, bottom left, bottom right."""

HD, SD = (1280, 720), (320, 180)
SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Bars:
    """One film. `matrix` and `levels` are ffmpeg's names; without a matrix it is RGB."""

    name: str
    size: tuple[int, int]
    pixels: str
    encoder: tuple[str, ...]
    matrix: str | None = None
    levels: str = "tv"
    is_told: bool = True
    """Whether the file names matrix and levels, as far as codec and container can."""


def _vp9(*more: str) -> tuple[str, ...]:
    return ("libvpx-vp9", "-b:v", "2M", "-cpu-used", "8", *more)


BARS = (
    # What nobody describes: by the codec, else by the size.
    Bars("vp8-hd.webm", HD, "yuv420p", ("libvpx", "-b:v", "2M"), "bt601", is_told=False),
    Bars("vp8-sd.webm", SD, "yuv420p", ("libvpx", "-b:v", "2M"), "bt601", is_told=False),
    Bars("theora-hd.ogv", HD, "yuv420p", ("libtheora", "-q:v", "9"), "bt601", is_told=False),
    Bars("jpeg-hd.avi", HD, "yuvj420p", ("mjpeg", "-q:v", "2"), "bt601", "pc"),
    Bars("jpeg-hd-422.mov", HD, "yuvj422p", ("mjpeg", "-q:v", "2"), "bt601", "pc"),
    Bars("vp9-hd.webm", HD, "yuv420p", _vp9(), "bt709", is_told=False),
    Bars("vp9-sd.webm", SD, "yuv420p", _vp9(), "bt601", is_told=False),
    Bars("h264-hd.mp4", HD, "yuv420p", ("libx264",), "bt709", is_told=False),
    Bars("h264-sd.mkv", SD, "yuv420p", ("libx264",), "bt601", is_told=False),
    Bars("prores-hd.mov", HD, "yuv422p10le", ("prores_ks",), "bt709", is_told=False),
    Bars("mpeg2-hd.ts", HD, "yuv420p", ("mpeg2video", "-q:v", "2"), "bt709", is_told=False),
    Bars("cineform-hd.mov", HD, "yuv422p10le", ("cfhd",), "bt709", is_told=False),
    Bars("v210-sd.mov", SD, "yuv422p10le", ("v210",), "bt601", is_told=False),
    # What a codec fixes in any size, and its decoder knows.
    Bars("dnxhr-sd.mov", SD, "yuv422p", ("dnxhd", "-profile:v", "dnxhr_hq"), "bt709"),
    Bars("dnxhr-sd-444.mov", SD, "yuv444p10le", ("dnxhd", "-profile:v", "dnxhr_444"), "bt709"),
    Bars("utvideo-sd.avi", SD, "yuv422p", ("utvideo",), "bt709"),
    # What is described is believed, in any size.
    Bars("vp9-sd-709.webm", SD, "yuv420p", _vp9(), "bt709"),
    Bars("vp9-hd-601.webm", HD, "yuv420p", _vp9(), "smpte170m"),
    Bars("vp9-sd-full.webm", SD, "yuv420p", _vp9(), "bt709", "pc"),
    Bars("h264-hd-601-full.mkv", HD, "yuvj420p", ("libx264",), "smpte170m", "pc"),
    Bars("h264-sd-240m.mp4", SD, "yuv420p", ("libx264",), "smpte240m"),
    Bars("h264-sd-444.mkv", SD, "yuv444p10le", ("libx264",), "bt709", "pc"),
    Bars("av1-sd.mp4", SD, "yuv420p", ("libsvtav1", "-preset", "12"), "bt709"),
    Bars("prores-sd-444.mov", SD, "yuv444p10le", ("prores_ks", "-profile:v", "4"), "bt709"),
    # RGB has no matrix.
    Bars("h264-hd-rgb.mp4", HD, "rgb24", ("libx264rgb",), levels="pc"),
    Bars("vp9-sd-rgb.webm", SD, "gbrp", _vp9(), levels="pc"),
    Bars("cineform-sd-rgb.mov", SD, "gbrp12le", ("cfhd",), levels="pc"),
    Bars("png-sd.mov", SD, "rgb24", ("png",), levels="pc"),
    Bars("raw-sd.avi", SD, "bgr24", ("rawvideo",), levels="pc"),
)


def make(bars: Bars, folder: Path, ffmpeg: str) -> Path:
    """Write one film into a folder."""
    width, height = bars.size
    quarters = [
        f"color=c=#{bytes(each).hex()}:s={width // 2}x{height // 2}:r=12[c{number}]"
        for number, each in enumerate(COLORS)
    ]
    graph = ";".join([*quarters, "[c0][c1]hstack[over]", "[c2][c3]hstack[under]"])
    steps = ["[over][under]vstack", "format=gbrp", "setparams=range=pc"]
    if bars.matrix:
        exact = "flags=accurate_rnd+full_chroma_int+full_chroma_inp"
        steps.append(f"scale=out_color_matrix={bars.matrix}:out_range={bars.levels}:{exact}")
    steps.append(f"format={bars.pixels}")
    if not bars.is_told:
        steps.append("setparams=colorspace=unknown:range=unknown")
    path = folder / bars.name
    command = [
        ffmpeg,
        "-v",
        "error",
        "-nostdin",
        "-filter_complex",
        f"{graph};{','.join(steps)}[o]",
    ]
    written = ["-map", "[o]", "-t", str(SECONDS), "-c:v", *bars.encoder, str(path)]
    subprocess.run([*command, *written], check=True)
    return path
