"""How good each rung looks, and how much memory an encode takes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lib.video.package.streams import EncodedFolder
from tests.bench.clips import make_deep
from tests.bench.process import measure
from tests.bench.report import Result
from tests.bench.video_setup import Bench, probe_file
from tests.bench.vmaf import measure_vmaf

FUNCTION_MB, MEMORY_PART = 3008, 0.8
EVERY = 5
"""Frames, of which one is judged."""


def run_memory(bench: Bench) -> Iterator[Result]:
    """Measure the peak of encoding a 4K source of 10 bits: this code's and ffmpeg's together."""
    deep = make_deep(bench.ffmpeg, bench.folder)
    for label, highest in (("the default ladder", 1080), ("2160 in the ladder", 2160)):
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "tests.bench.video_memory",
            deep,
            str(highest),
        ]
        peak = measure(command).peak
        most = FUNCTION_MB * MEMORY_PART
        yield Result(f"memory: 4K, 10 bits, {label}", peak, "MB", most)


def run_quality(bench: Bench, label: str, clip: Path) -> Iterator[Result]:
    """Measure VMAF and rates of each rung of a clip."""
    folder, probe = bench.scratch(), probe_file(clip)
    plan = replace(bench.planned(clip), audio=(), subtitles=())
    bench.encode(clip, folder)
    tracks = [EncodedFolder(folder).read_track(each.name) for each in plan.rungs]
    for rung, track in zip(plan.rungs, tracks, strict=True):
        made, size = folder / f"{rung.name}.mp4", (probe.width or 0, probe.height or 0)
        scores = measure_vmaf(bench.ffmpeg, made, clip, size, every=EVERY)
        name = f"{label}: {rung.name}"
        yield Result(f"{name}, mean of VMAF", sum(scores) / len(scores), "")
        yield Result(f"{name}, average", track.average_bandwidth / 1000, "kbit/s")
        yield Result(f"{name}, peak", track.bandwidth / 1000, "kbit/s", rung.max_kbps)
