"""How long a video takes beside bare ffmpeg, in ranges beside one pass, and how good it looks."""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from lib import presets, video
from lib.local.folder import FolderStorage
from lib.local.memory import MemoryCatalog
from lib.long.stored import Stored
from lib.model import AssetStatus, Probe
from lib.presets import Preset
from lib.video import cmaf
from lib.video_job import process
from tests.bench import long_model, video_peer
from tests.bench.clips import fetch, make_deep, make_film, make_pan
from tests.bench.process import measure
from tests.bench.report import FEWEST_RUNS, Result, median
from tests.bench.video_long import PLENTY, Execution, cpu_seconds, upload
from tests.bench.vmaf import measure_vmaf
from tests.ffmpeg_binary import find_ffmpeg

AT_ONE, AT_APART = 1.05, 0.8
AT_CPU, AT_BYTES, AT_VMAF, AT_BORDER, AT_MODEL = 1.10, 0.05, 0.5, 3.0, 0.1
OVERHEAD_S, OVERHEAD_PART = 5.0, 0.02
FUNCTION_MB, MEMORY_PART = 3008, 0.8
FILM_S, RANGE_S = 12, 4
HOUR_S = 3600
RANGE_COST_S = 100
"""vCPU seconds of a range in the model's hour, until a stage says otherwise."""
EVERY = 5
"""Frames, of which one is judged where no border is looked at."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where everything is."""

    folder: Path
    ffmpeg: str
    presets: presets.Presets

    @property
    def preset(self) -> Preset:
        """Return the default."""
        return self.presets.named(None)

    def scratch(self) -> Path:
        """Return a new folder."""
        return Path(mkdtemp(dir=self.folder))


def run() -> Iterator[Result]:
    """Measure videos: a short source beside bare ffmpeg, a long one in ranges, VMAF, memory.

    short: the whole job from probe to commit, in folders, in this warm process; the peer is one
    ffmpeg process with the same rungs, encoder options and pictures, or one for each file. They run
    in turn; a ratio is the median of the ratios of the rounds, and wall depends on what else runs.

    ranges: 12 s of 1080p in ranges of 4 s, each worker on a processor of its own; the model is
    fitted to two ranges of other lengths and compared with all of them on 1 and 2 workers.
    VMAF is that of a rung scaled to its source, of every fifth frame where no border is looked at.
    """
    with TemporaryDirectory(prefix="video-") as name:
        bench = Bench(Path(name), find_ffmpeg(), presets.load(presets.PACKAGED))
        clips = fetch(bench.folder)
        film = clips["720p film"]
        yield from _short(bench, film)
        yield from _ranges(bench, make_film(bench.ffmpeg, film, bench.folder, FILM_S))
        yield from _memory(bench)
        for label, clip in {**clips, "1080p pan": make_pan(bench.ffmpeg, bench.folder)}.items():
            yield from _quality(bench, label, clip)


def _probe(path: Path) -> Probe:
    with path.open("rb") as file:
        return video.read_probe(file, "mov")


def _short(bench: Bench, source: Path) -> Iterator[Result]:
    rungs = video.plan(_probe(source), bench.preset).rungs

    def ours(folder: Path) -> None:
        storage = FolderStorage(folder)
        finished = process(
            upload(storage, source),
            storage=storage,
            catalog=MemoryCatalog(),
            presets=bench.presets,
            ffmpeg=bench.ffmpeg,
            folder=bench.folder,
            deadline=lambda: PLENTY,
        )
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


def _ranges(bench: Bench, film: Path) -> Iterator[Result]:
    processors = [{each} for each in sorted(os.sched_getaffinity(0))]
    executions = []
    for workers in (1, 2):
        storage = FolderStorage(bench.scratch())
        mine = Execution(
            upload(storage, film), storage, bench.presets, bench.ffmpeg, bench.scratch()
        )
        parts = mine.plan(video.estimate(_probe(film), _planned(bench, film)) * RANGE_S / FILM_S)
        mine.encode(parts, processors[:workers])
        mine.package()
        executions.append(mine)
    whole, cpu, started = bench.scratch(), cpu_seconds(), time.perf_counter()
    _encode(bench, film, whole)
    single_s, single_cpu = time.perf_counter() - started, cpu_seconds() - cpu
    first = executions[0]
    yield Result("ranges: CPU ÷ one pass", first.cpu_s / single_cpu, "×", AT_CPU)
    yield Result("ranges: wall of one pass, all processors", single_s, "s")
    around_s = first.plan_s + first.package_s
    fixed = around_s + long_model.IN_SERIES * long_model.TRANSITION_S
    most = OVERHEAD_S + OVERHEAD_PART * first.encode_s
    yield Result("ranges: plan + package + transitions", fixed, "s", most)
    yield from _compare(bench, film, first, whole)
    yield from _model(bench, film, executions)


def _planned(bench: Bench, path: Path) -> video.Plan:
    return video.plan(_probe(path), bench.preset)


def _encode(bench: Bench, path: Path, folder: Path, span: video.Span | None = None) -> None:
    video.encode(
        video.Input(str(path), "mov"),
        _probe(path),
        _planned(bench, path),
        bench.preset.video,
        folder,
        span=span,
        ffmpeg=bench.ffmpeg,
        deadline=lambda: PLENTY,
        on_progress=lambda _: None,
    )


def _compare(bench: Bench, film: Path, done: Execution, whole: Path) -> Iterator[Result]:
    """Compare the highest rung of the joined ranges with that of the single pass."""
    top = _planned(bench, film).rungs[-1]
    assert done.planned
    tracks = [
        each
        for part in done.planned.ranges
        for each in done.indexes[part.name].tracks
        if each.name == top.name
    ]
    stored = Stored(done.event, done.planned.recipe, done.storage)
    joined = stored.track_file(cmaf.merge(tracks), bench.scratch())
    single, _ = video.read_tracks(whole, replace(_planned(bench, film), sounds=()))
    sizes = [
        sum(each.size for each in track.segments) for track in (cmaf.merge(tracks), single[-1])
    ]
    probe = _probe(film)
    size = (probe.width or 0, probe.height or 0)
    apart, once = (
        measure_vmaf(bench.ffmpeg, each, film, size) for each in (joined, whole / f"{top.name}.mp4")
    )
    yield Result("ranges: frames − one pass", abs(len(apart) - len(once)), "", 0)
    yield Result("ranges: bytes ÷ one pass − 1", abs(sizes[0] / sizes[1] - 1), "", AT_BYTES)
    loss = abs(sum(once) - sum(apart)) / len(once)
    yield Result("ranges: mean VMAF, difference to one pass", loss, "", AT_VMAF)
    drops = [alone - together for alone, together in zip(once, apart, strict=False)]
    yield Result("ranges: VMAF, largest drop of a frame", max(drops), "", AT_BORDER)


def _model(bench: Bench, film: Path, executions: list[Execution]) -> Iterator[Result]:
    alone = executions[0]
    measured = _fit(bench, film, alone)
    assert alone.planned
    for workers, done in enumerate(executions, 1):
        modelled = long_model.Run(FILM_S, len(alone.planned.ranges), workers)
        expected = long_model.wall_seconds(measured, modelled, state_machine=False)
        took = done.encode_s + done.plan_s + done.package_s
        yield Result(f"model: {workers} worker(s), expected", expected, "s")
        yield Result(f"model: {workers} worker(s), taken", took, "s")
        yield Result(f"model: {workers} worker(s), error", abs(expected / took - 1), "", AT_MODEL)
    ranges = round(HOUR_S * measured.encode_s / RANGE_COST_S)
    for workers in (1, 10, 100, 1000):
        hour = long_model.Run(HOUR_S, max(ranges, 1), workers)
        name = f"model: 1 h of 1080p, {ranges} ranges, {workers} worker(s)"
        yield Result(name, long_model.wall_seconds(measured, hour) / 60, "min")
    tracks = len(_planned(bench, film).rungs) + 1
    paid = {"memory_mb": long_model.VCPU_MB, "tracks": tracks, "segment_s": 4.0}
    price = long_model.cost(measured, long_model.Run(HOUR_S, ranges, 1), **paid) / 60  # type: ignore[arg-type]
    yield Result("model: a minute of 1080p costs", price * 100, "¢")
    theirs = long_model.mediaconvert(bench.preset.video.ladder)
    yield Result("model: a minute costs ÷ MediaConvert", price / theirs, "×")


def _fit(bench: Bench, film: Path, alone: Execution) -> long_model.Measured:
    """Fit a line to a range of 2 s and one of 6 s, on one processor."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    took = {}
    try:
        for seconds in (2, 6):
            folder, started = bench.scratch(), time.perf_counter()
            _encode(bench, film, folder, video.Span(1.0, 1.0 + seconds))
            took[seconds] = time.perf_counter() - started
    finally:
        os.sched_setaffinity(0, before)
    encode_s = (took[6] - took[2]) / 4
    start_s = max(0.0, took[2] - 2 * encode_s)
    return long_model.Measured(
        encode_s,
        start_s,
        max(0.0, alone.parts["sound"] - start_s) / FILM_S,
        alone.plan_s + alone.package_s,
    )


def _memory(bench: Bench) -> Iterator[Result]:
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


def _quality(bench: Bench, label: str, clip: Path) -> Iterator[Result]:
    folder, probe = bench.scratch(), _probe(clip)
    plan = replace(_planned(bench, clip), sounds=(), texts=())
    _encode(bench, clip, folder)
    tracks, _ = video.read_tracks(folder, plan)
    for rung, track in zip(plan.rungs, tracks, strict=True):
        made, size = folder / f"{rung.name}.mp4", (probe.width or 0, probe.height or 0)
        scores = measure_vmaf(bench.ffmpeg, made, clip, size, every=EVERY)
        name = f"{label}: {rung.name}"
        yield Result(f"{name}, mean of VMAF", sum(scores) / len(scores), "")
        yield Result(f"{name}, average", track.average_bandwidth / 1000, "kbit/s")
        yield Result(f"{name}, peak", track.bandwidth / 1000, "kbit/s", rung.max_kbps)
