"""How long the renditions of one image take, beside sharp, and in how much memory."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory

from lib import presets
from lib.domain.media import ImageProbe
from lib.imaging.variants import Target, plan_variants
from lib.presets import Fit
from tests.bench import peer, quality
from tests.bench.peer import Options, PeerError
from tests.bench.process import Cost, measure, using
from tests.bench.render import WARM
from tests.bench.report import FEWEST_RUNS, Result, median
from tests.bench.sources import Source, make_small, make_sources
from tests.bench.tuning import Judge, tune

RUNS = FEWEST_RUNS
TIMES = 200
AT_DEFAULTS, AT_TUNED, MEMORY, OTHER = 0.25, 0.85, 0.6, 0.15
GROWTH_MB, LEAK_MB = 5.0, 2.0

Way = Callable[[], Cost]


def run() -> Iterator[Result]:
    """Measure images: whole processes, from source to the renditions of the default preset.

    Ours reads, plans and makes as the function does, with placeholder and perceptual hash; sharp
    makes the same sizes and formats, each in a pipeline that shrinks while it loads. They run in
    turn, on one core and then on all; a ratio is the median of the ratios of the rounds. wall and
    cpu are those of the process, start of the interpreter included; peak is its resident memory.

    defaults: sharp as it comes. tuned: sharp at the fastest effort that needs no more bytes (+2 %)
    for no less SSIM (-0.003) in each format; both are of the widths together, where the SSIM is
    that of the luminance to the source, scaled in one Lanczos step.
    memory: to image 10 the heap grows to what two encoders take that meet at their largest; what is
    added after it is lost.
    neither decoding nor encoding: the rest of the CPU time, in one warm process on one core.
    auto, fixed: those of the bench `quality`.
    """
    with TemporaryDirectory(prefix="image-") as name:
        folder = Path(name)
        missing = _install()
        for source in make_sources(folder):
            yield from _measure(source, folder, missing)
        small = make_small(folder)
        said = _ours(small, "--times", str(TIMES)).said
        growth = (said["last_kb"] - said["first_kb"]) / 1024
        yield Result(f"memory: image {TIMES} − image 1, one process", growth, "MB", GROWTH_MB)
        leak = (said["last_kb"] - said["warm_kb"]) / 1024
        yield Result(f"memory: image {TIMES} − image {WARM}, one process", leak, "MB", LEAK_MB)
    yield from quality.run()


def _install() -> str | None:
    """Return why there is no peer, if there is none."""
    try:
        peer.install()
    except PeerError as exc:
        return str(exc)
    return None


def _measure(source: Source, folder: Path, missing: str | None) -> Iterator[Result]:
    ways: dict[str, Way] = {"ours": lambda: _ours(source.path)}
    targets = _plan(source)
    if source.path.suffix == ".heic":
        missing = missing or "sharp's builds do not decode HEVC"
    if missing:
        source = Source(f"{source.label} (no peer: {missing})", source.path, source.size)
    else:
        options: dict[str, Options] = {}
        for found, results in _tune(source.path, targets, folder):
            options |= found
            for label, value, unit in results:
                yield Result(f"{source.label}: {label}", value, unit)
        ways["defaults"] = lambda: peer.render(source.path, targets, {})
        ways["tuned"] = lambda: peer.render(source.path, targets, options)
    every = os.sched_getaffinity(0)
    for label, cores in (("one core", {min(every)}), ("all cores", every)):
        yield from _compare(f"{source.label}, {label}", ways, cores)
    with using({min(every)}):
        shares = [_ours(source.path, "--share").said["share"] for _ in range(RUNS)]
    name = f"{source.label}: neither decoding nor encoding"
    yield Result(name, median(shares), "of CPU", OTHER)


def _compare(label: str, ways: Mapping[str, Way], cores: Collection[int]) -> Iterator[Result]:
    costs: defaultdict[str, list[Cost]] = defaultdict(list)
    with using(cores):
        for _ in range(RUNS):
            for name, way in ways.items():
                costs[name].append(way())
    for name, target in (("defaults", AT_DEFAULTS), ("tuned", AT_TUNED)):
        for field, most in (("wall", target), ("cpu", target), ("peak", MEMORY)):
            if name in costs:
                value = _ratio(costs["ours"], costs[name], field)
                yield Result(f"{label}: {field} ÷ sharp, {name}", value, "×", most)
    for name, each in costs.items():
        for field, unit in (("wall", "s"), ("cpu", "s"), ("peak", "MB")):
            value = median([getattr(cost, field) for cost in each])
            yield Result(f"{label}: {field}, {name}", value, unit)


def _ratio(ours: Sequence[Cost], others: Sequence[Cost], field: str) -> float:
    read = attrgetter(field)
    return median([read(one) / read(other) for one, other in zip(ours, others, strict=True)])


def _tune(
    source: Path, targets: Sequence[Target], folder: Path
) -> Iterator[tuple[dict[str, Options], list[tuple[str, float, str]]]]:
    """Yield for each format sharp's options, and the numbers that tell how equal they are."""
    ours, theirs = folder / "ours", folder / "theirs"
    for each in (ours, theirs):
        each.mkdir(exist_ok=True)
    _ours(source, "--folder", str(ours))
    widths = [target for target in targets if target.fit is Fit.INSIDE]
    judge = Judge(source, widths)
    by_format = attrgetter("format")
    for image_format, group in groupby(sorted(widths, key=by_format), by_format):
        shapes = list(group)
        wanted = judge.judge(ours, shapes)
        tuned = tune(source, shapes, wanted, judge, theirs)
        described = ", ".join(f"{name} {value}" for name, value in tuned.options.items())
        yield (
            {image_format: tuned.options},
            [
                (f"{image_format}, ours", wanted.size / 1000, "KB"),
                (f"{image_format}, sharp tuned ({described})", tuned.quality.size / 1000, "KB"),
                (f"{image_format}, ours", wanted.ssim, "SSIM"),
                (f"{image_format}, sharp tuned", tuned.quality.ssim, "SSIM"),
            ],
        )


def _plan(source: Source) -> tuple[Target, ...]:
    preset = presets.load(presets.PACKAGED).named(None).image
    return plan_variants(ImageProbe(width=source.size[0], height=source.size[1]), preset)


def _ours(source: Path, *arguments: str) -> Cost:
    return measure([sys.executable, "-m", "tests.bench.render", source, *arguments])
