"""How good a rendition looks: Netflix's VMAF, by the libvmaf that the ffmpeg of the layer has."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

MODEL = "version=vmaf_v0.6.1"
"""Built into libvmaf: a 1080p screen, seen from three times its height."""

Size = tuple[int, int]


def measure_vmaf(
    ffmpeg: str, rendition: Path, source: Path, size: Size, *, every: int = 1
) -> list[float]:
    """Return the VMAF of `every` n-th frame, 0 to 100: the rendition, scaled to the source's size.

    The scaling is bicubic, as a player's. Frames are paired by their number, and the shorter of the
    two ends the comparison. Raises RuntimeError where ffmpeg fails.
    """
    width, height = size
    # Unlike tags, unlike matrices: a filter would convert what was only tagged.
    alike = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
    fit = f"{alike},scale={width}:{height}:flags=bicubic,format=yuv420p,settb=1/1000,setpts=N"
    with TemporaryDirectory(prefix="vmaf-") as name:
        log = Path(name, "vmaf.json")
        graph = (
            f"[0:V:0]{fit}[made];[1:V:0]{fit}[source];"
            f"[made][source]libvmaf=model={MODEL}:n_threads=2:n_subsample={every}:shortest=1:"
            f"log_fmt=json:log_path={log}"
        )
        command: list[str | Path] = [
            ffmpeg,
            "-nostdin",
            "-v",
            "error",
            "-i",
            rendition,
            "-i",
            source,
        ]
        command += ["-lavfi", graph, "-f", "null", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"no VMAF of {rendition}: {done.stderr.strip()}")
        frames = json.loads(log.read_text())["frames"]
    return [frame["metrics"]["vmaf"] for frame in frames]
