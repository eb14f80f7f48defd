"""A long source in ranges beside one pass, and the model of how long an hour takes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from lib.adapters.local.folder import FolderRenditions
from lib.application.long_video.stored_segments import StoredSegments
from lib.domain.asset import AssetStatus
from lib.video.package import cmaf
from lib.video.package.streams import EncodedFolder
from lib.video.plan.cost import estimate
from lib.video.plan.ranges import RUN_OVER_S, Span
from tests.bench import long_model
from tests.bench.clips import make_film
from tests.bench.report import Result
from tests.bench.video_long import Execution, cpu_seconds, upload
from tests.bench.video_setup import Bench, probe_file
from tests.bench.vmaf import measure_vmaf

AT_CPU, AT_BYTES, AT_VMAF, AT_BORDER, AT_MODEL = 1.10, 0.05, 0.5, 3.0, 0.1
OVERHEAD_S, OVERHEAD_PART = 5.0, 0.02
CLIP_S = 5.28
"""Films are the clip several times over: any part of it costs more or less than another."""
FILM_S, RANGE_S = 4 * CLIP_S, 8
LEARNT_S = 2 * CLIP_S
"""What the model learns from."""
LONGER_S = FILM_S - LEARNT_S
ROUNDS = 2
MOMENT_S = 0.1
HOUR_S = 3600
RANGE_COST_S = 150
"""vCPU seconds of a range in the model's hour, as serverless.yml has them."""
PLAIN = "720p.mp4"


@dataclass(frozen=True, slots=True)
class Round:
    """What is measured in turn, so that a machine that gets slower does so for all of it.

    `learnt`: a shorter film in one range, on each processor alone; `beside`: on both at once;
    `moment_s`: the s that a range of hardly a moment takes; `one`, `two`: the film in ranges by as
    many workers; `whole`: the folder of one pass on one processor, which took `single_cpu_s`.
    """

    learnt: list[Execution]
    beside: list[Execution]
    moment_s: float
    one: Execution
    two: Execution
    whole: Path
    single_cpu_s: float


def run_ranges(bench: Bench, clip: Path) -> Iterator[Result]:
    """Compare ranges with one pass, and the model with what they took.

    A film is made of the clip; it is encoded by one worker, by two, each on a processor of its own,
    and in one pass on one processor. The model learns from a shorter one in a single range.
    """
    short = make_film(bench.ffmpeg, clip, bench.scratch(), LEARNT_S)
    film = make_film(bench.ffmpeg, clip, bench.scratch(), FILM_S)
    rounds = [_go_round(bench, short, film) for _ in range(ROUNDS)]
    first = rounds[0]
    # Both on one processor: the two of a core slow each other down, as the work is dealt to them.
    cpu = [each.one.cpu_s / each.single_cpu_s for each in rounds]
    yield Result("ranges: CPU ÷ one pass", fmean(cpu), "×", AT_CPU)
    fixed = fmean([each.one.plan_s + each.one.package_s for each in rounds])
    fixed += long_model.IN_SERIES * long_model.TRANSITION_S
    most = OVERHEAD_S + OVERHEAD_PART * fmean([each.one.encode_s for each in rounds])
    yield Result("ranges: plan + package + transitions", fixed, "s", most)
    yield from _compare(bench, film, first.one, first.whole)
    measured = _learn(rounds)
    for workers, runs in enumerate(zip(*((each.one, each.two) for each in rounds), strict=True), 1):
        yield from _check(measured, workers, runs)
    yield from _foretell(bench, film, measured)


def _go_round(bench: Bench, short: Path, film: Path) -> Round:
    processors = [{each} for each in sorted(os.sched_getaffinity(0))][:2]
    learnt = [_run(bench, short, LEARNT_S, processors[:1])]
    one = _run(bench, film, RANGE_S, processors[:1])
    learnt.append(_run(bench, short, LEARNT_S, processors[-1:]))
    whole, cpu = bench.scratch(), cpu_seconds()
    _encode(bench, film, whole, None, processors[-1])
    single_cpu_s = cpu_seconds() - cpu
    two = _run(bench, film, RANGE_S, processors)
    with ThreadPoolExecutor() as pool:
        beside = list(pool.map(lambda each: _run(bench, short, LEARNT_S, [each]), processors))
    moment_s = _encode(bench, short, bench.scratch(), Span(0.0, MOMENT_S), processors[0])
    return Round(learnt, beside, moment_s, one, two, whole, single_cpu_s)


def _run(bench: Bench, film: Path, range_s: float, processors: list[set[int]]) -> Execution:
    """Take a film from its plan to its commit."""
    renditions = FolderRenditions(bench.scratch())
    event = upload(film)
    done = Execution(event, renditions, bench.presets, bench.ffmpeg, bench.scratch())
    probe = probe_file(film)
    cost_s = estimate(probe, bench.planned(film))
    done.encode(done.plan(cost_s * range_s * 1000 / (probe.duration_ms or 1)), processors)
    done.package()
    return done


def _compare(bench: Bench, film: Path, done: Execution, whole: Path) -> Iterator[Result]:
    """Compare the highest rung of the joined ranges with that of the single pass."""
    plan = bench.planned(film)
    top = plan.rungs[-1]
    assert done.planned
    assert done.work
    tracks = [
        each
        for part in done.planned.ranges
        for each in done.indexes[part.name].tracks
        if each.name == top.name
    ]
    stored = StoredSegments(done.job, done.work, tracks)
    joined = stored.write_track(cmaf.join_ranges(tracks), bench.scratch())
    single = EncodedFolder(whole).read_track(top.name)
    sizes = [
        sum(each.size for each in track.segments) for track in (cmaf.join_ranges(tracks), single)
    ]
    probe = probe_file(film)
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


def _learn(rounds: list[Round]) -> long_model.Measured:
    learnt = [each for every in rounds for each in every.learnt]
    long_s = fmean([_picture_s(each) for each in learnt])
    beside_s = fmean([_picture_s(each) for every in rounds for each in every.beside])
    moment_s = fmean([each.moment_s for each in rounds])
    encode_s = (long_s - moment_s) / (LEARNT_S - MOMENT_S - RUN_OVER_S)
    [asset] = learnt[0].catalog.by_status(AssetStatus.READY)
    [plain] = [each for each in asset.renditions if each.name == PLAIN]
    return long_model.Measured(
        encode_s=encode_s,
        start_s=max(0.0, long_s - encode_s * LEARNT_S),
        sound_s=max(0.0, (_sound_s([each.one for each in rounds]) - _sound_s(learnt)) / LONGER_S),
        around_s=fmean([each.plan_s + each.package_s for each in learnt]),
        slowdown=max(1.0, beside_s / long_s),
        plain_bytes=(plain.bytes or 0) / LEARNT_S,
    )


def _sound_s(runs: Sequence[Execution]) -> float:
    return fmean([each.parts["sound"] for each in runs])


def _picture_s(done: Execution) -> float:
    [seconds] = [each for name, each in done.parts.items() if name != "sound"]
    return seconds


def _encode(
    bench: Bench, film: Path, folder: Path, span: Span | None, processors: set[int]
) -> float:
    """Return the s that one encode takes on some processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        started = time.perf_counter()
        bench.encode(film, folder, span)
        return time.perf_counter() - started
    finally:
        os.sched_setaffinity(0, before)


def _check(
    measured: long_model.Measured, workers: int, runs: Sequence[Execution]
) -> Iterator[Result]:
    assert runs[0].planned
    modelled = long_model.Run(FILM_S, len(runs[0].planned.ranges), workers)
    expected = long_model.wall_here(measured, modelled)
    took = fmean([each.encode_s + each.plan_s + each.package_s for each in runs])
    yield Result(f"model: {workers} worker(s), expected", expected, "s")
    yield Result(f"model: {workers} worker(s), taken", took, "s")
    yield Result(f"model: {workers} worker(s), error", abs(expected / took - 1), "", AT_MODEL)


def _foretell(bench: Bench, film: Path, measured: long_model.Measured) -> Iterator[Result]:
    """Tell what an hour takes and costs on functions of one vCPU each."""
    ranges = round(HOUR_S * measured.encode_s * measured.slowdown / RANGE_COST_S)
    for workers in (1, 10, 100, 1000):
        hour = long_model.Run(HOUR_S, ranges, workers)
        name = f"model: 1 h of 1080p, {ranges} ranges, {workers} worker(s)"
        yield Result(name, long_model.wall_seconds(measured, hour) / 60, "min")
    tracks = len(bench.planned(film).rungs) + 1
    hour = long_model.Run(HOUR_S, ranges, 1)
    segment_s = bench.preset.video.segment_seconds
    price = long_model.cost(measured, hour, tracks=tracks, segment_s=segment_s) / 60
    yield Result("model: a minute of 1080p costs", price * 100, "¢")
    theirs = long_model.mediaconvert(bench.preset.video.ladder)
    yield Result("model: a minute costs ÷ MediaConvert", price / theirs, "×")
