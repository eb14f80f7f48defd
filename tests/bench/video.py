"""How long a video takes beside bare ffmpeg, in ranges beside one pass, and how good it looks."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from lib import presets
from lib.adapters.local.folder import FolderRenditions, FolderSources
from lib.adapters.local.memory_catalog import MemoryCatalog
from lib.application.context import Delivery, Pipeline
from lib.application.process_video import VideoTools, process_video
from lib.domain.asset import AssetStatus
from lib.imaging.in_process import InProcess
from lib.video.encode.ffmpeg import Ffmpeg
from tests.bench import video_peer
from tests.bench.clips import fetch, make_pan
from tests.bench.report import FEWEST_RUNS, Result, median
from tests.bench.video_long import PLENTY, cpu_seconds, upload
from tests.bench.video_quality import run_memory, run_quality
from tests.bench.video_ranges import run_ranges
from tests.bench.video_setup import Bench
from tests.support.ffmpeg_binary import find_ffmpeg

AT_ONE, AT_APART = 1.05, 0.8


def run() -> Iterator[Result]:
    """Measure videos: a short source beside bare ffmpeg, a long one in ranges, VMAF, memory.

    short: the whole job from probe to commit, in folders, in this warm process; the peer is one
    ffmpeg process with the same rungs, encoder options and pictures, or one for each file. They run
    in turn; a ratio is the median of the ratios of the rounds, and wall depends on what else runs.

    ranges: 21 s of 1080p in ranges of 8 s, each worker on a processor of its own; the model learns
    from 11 s in one range, alone and beside another, and is compared with 1 and 2 workers.
    VMAF is that of a rung scaled to its source, of every fifth frame where no border is looked at.
    """
    with TemporaryDirectory(prefix="video-") as name:
        bench = Bench(Path(name), find_ffmpeg(), presets.load(presets.PACKAGED))
        clips = fetch(bench.folder)
        film = clips["720p film"]
        yield from _short(bench, film)
        yield from run_ranges(bench, film)
        yield from run_memory(bench)
        for label, clip in {**clips, "1080p pan": make_pan(bench.ffmpeg, bench.folder)}.items():
            yield from run_quality(bench, label, clip)


def _short(bench: Bench, source: Path) -> Iterator[Result]:
    rungs = bench.planned(source).rungs

    def ours(folder: Path) -> None:
        renditions = FolderRenditions(folder)
        pipeline = Pipeline(FolderSources(), renditions, MemoryCatalog(), bench.presets)
        tools = VideoTools(
            InProcess(), lambda deadline: Ffmpeg(bench.ffmpeg, deadline, bench.folder)
        )
        finished = process_video(upload(source), pipeline, Delivery(lambda: PLENTY), tools)
        outcome = finished.outcome
        if outcome is None or outcome.status is not AssetStatus.READY:
            raise RuntimeError(f"expected READY but received {outcome}")

    def one(folder: Path) -> None:
        video_peer.in_one(bench.ffmpeg, source, folder, rungs, bench.preset.video)

    def apart(folder: Path) -> None:
        video_peer.apart(bench.ffmpeg, source, folder, rungs, bench.preset.video)

    ways: dict[str, Callable[[Path], None]] = {"ours": ours, "one": one, "apart": apart}
    ours(bench.scratch())  # imports what it needs
    costs: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(FEWEST_RUNS):
        for name, way in ways.items():
            folder, started, cpu = bench.scratch(), time.perf_counter(), cpu_seconds()
            way(folder)
            costs[name].append((time.perf_counter() - started, cpu_seconds() - cpu))
    labels = {"one": ("one ffmpeg", AT_ONE), "apart": ("one ffmpeg for each file", AT_APART)}
    for name, (label, most) in labels.items():
        for number, field in enumerate(("wall", "cpu")):
            pairs = zip(costs["ours"], costs[name], strict=True)
            ratio = median([mine[number] / its[number] for mine, its in pairs])
            target = most if field == "wall" else None
            yield Result(f"short, 5 s of 720p: {field} ÷ {label}", ratio, "×", target)
    for name, each in costs.items():
        for number, field in enumerate(("wall", "cpu")):
            yield Result(f"short: {field}, {name}", median([cost[number] for cost in each]), "s")
