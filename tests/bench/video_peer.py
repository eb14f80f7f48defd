"""The same files by bare ffmpeg, as an expert writes it: in one process, and one for each file."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from lib.presets import VideoPreset
from lib.video.encode.codecs import video_options
from lib.video.plan.ladder import Rung

POSTERS = {
    "poster.jpg": ("-c:v", "mjpeg", "-q:v", "2"),
    "poster.webp": ("-c:v", "libwebp", "-quality", "78"),
    "poster.avif": ("-c:v", "libaom-av1", "-still-picture", "1", "-cpu-used", "6", "-crf", "28"),
}
SHEET = "fps=1,scale=160:-2,tile=10x10"
PREVIEW = "fps=12,scale=320:-2"
PREVIEW_OPTIONS = ("-t", "3", "-c:v", "libwebp_anim", "-loop", "0", "-an")
SOUND = ("-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000")
MP4_SIDE = 720


def in_one(
    ffmpeg: str, source: Path, folder: Path, rungs: Sequence[Rung], preset: VideoPreset
) -> None:
    """Make all in one process: HLS and DASH, the progressive file, poster, storyboard, preview."""
    ladder = list(reversed(rungs))
    taps = "".join(f"[v{n}]" for n in range(len(ladder)))
    graph = [f"[0:V]split={len(ladder) + 3}{taps}[p][s][m]"]
    graph += [
        f"[v{n}]scale={each.width}:{each.height}:flags=bicubic,format=yuv420p[o{n}]"
        for n, each in enumerate(ladder)
    ]
    graph += ["[p]thumbnail=100,split=3[p0][p1][p2]", f"[s]{SHEET}[sheet]", f"[m]{PREVIEW}[moving]"]
    command: list[str | Path] = ["-i", source, "-filter_complex", ";".join(graph)]
    for number, rung in enumerate(ladder):
        command += ["-map", f"[o{number}]", *_options(rung, preset, str(number))]
    plain = next(n for n, each in enumerate(ladder) if min(each.width, each.height) <= MP4_SIDE)
    stream = f"[f=dash:hls_playlist=1:seg_duration={preset.segment_seconds}]{folder}/dash.mpd"
    file = f"[f=mp4:movflags=+faststart:select=\\'v:{plain},a:0\\']{folder}/720p.mp4"
    command += [
        "-map",
        "0:a:0",
        *SOUND,
        "-flags",
        "+global_header",
        "-f",
        "tee",
        f"{stream}|{file}",
    ]
    for number, (name, options) in enumerate(POSTERS.items()):
        command += ["-map", f"[p{number}]", "-frames:v", "1", *options, *_muxer(name)]
        command += [folder / name]
    command += ["-map", "[sheet]", "-q:v", "5", folder / "storyboard-%d.jpg"]
    command += ["-map", "[moving]", *PREVIEW_OPTIONS, folder / "preview.webp"]
    _run(ffmpeg, command)


def apart(
    ffmpeg: str, source: Path, folder: Path, rungs: Sequence[Rung], preset: VideoPreset
) -> None:
    """Make each file by a process of its own, which decodes the source again."""
    for arguments in _each(folder, rungs, preset):
        _run(ffmpeg, ["-i", source, *arguments])


def _each(folder: Path, rungs: Sequence[Rung], preset: VideoPreset) -> Iterator[list[str | Path]]:
    hls = ["-f", "hls", "-hls_segment_type", "fmp4", "-hls_playlist_type", "vod"]
    hls += ["-hls_time", str(preset.segment_seconds)]
    for rung in rungs:
        scaled = ["-an", "-vf", f"scale={rung.width}:{rung.height}:flags=bicubic,format=yuv420p"]
        below = folder / rung.name
        below.mkdir()
        yield [*scaled, *_options(rung, preset, ""), *hls, below / "playlist.m3u8"]
    (folder / "audio").mkdir()
    yield ["-vn", *SOUND, *hls, folder / "audio" / "playlist.m3u8"]
    plain = max((each for each in rungs if min(each.width, each.height) <= MP4_SIDE), key=_area)
    scaled = ["-vf", f"scale={plain.width}:{plain.height}:flags=bicubic,format=yuv420p"]
    whole = [*_options(plain, preset, ""), *SOUND, "-movflags", "+faststart"]
    yield [*scaled, *whole, folder / "720p.mp4"]
    for name, options in POSTERS.items():
        yield ["-vf", "thumbnail=100", "-frames:v", "1", *options, *_muxer(name), folder / name]
    yield ["-vf", SHEET, "-q:v", "5", folder / "storyboard-%d.jpg"]
    yield ["-vf", PREVIEW, *PREVIEW_OPTIONS, folder / "preview.webp"]


def _muxer(name: str) -> tuple[str, str]:
    return ("-f", "avif") if name.endswith("avif") else ("-update", "1")


def _area(rung: Rung) -> int:
    return rung.width * rung.height


def _options(rung: Rung, preset: VideoPreset, stream: str) -> list[str]:
    """Spell the encoder's options, for one of several streams of an output or for its only one."""
    suffix = f":v:{stream}" if stream else ""
    spelt: list[str] = []
    for name, value in video_options(rung, preset, None).items():
        spelt += [f"-{name.removesuffix(':v')}{suffix or ':v'}", str(value)]
    return spelt


def _run(ffmpeg: str, arguments: Sequence[str | Path]) -> None:
    command = [ffmpeg, "-nostdin", "-y", "-v", "error", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the peer failed: {done.stderr.strip()}")
