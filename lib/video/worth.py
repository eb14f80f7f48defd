"""Find the rungs that nobody would miss: as good as the one below, and larger."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate, groupby
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ffmpeg as graph

from lib.model import Probe
from lib.ports import Deadline
from lib.video.commands import open_source
from lib.video.diagnosis import diagnose
from lib.video.ffmpeg import run
from lib.video.filters import draw
from lib.video.ladder import Rung
from lib.video.planning import Plan
from lib.video.span import Input, Span

NO_GAIN = 1.0
"""VMAF. A difference of 6 is what half of all viewers notice (Netflix, 2018)."""

SMALLER = 2 / 3
"""Part of a rung's bytes that the one below may have at most, where it is to do for both."""

MOST_SAMPLES = 3

SHORT_S = 20.0
"""A source that lasts less is not looked at: that takes half a second, and would save little."""

MODEL = "version=vmaf_v0.6.1"
"""Built into libvmaf."""

Gain = Callable[[Rung, Rung, float], float]
"""Tells by how much VMAF a rung is better than the one below it, at a time in s."""


def worthless(
    rungs: Sequence[Rung], sizes: Mapping[str, int], times: Sequence[float], gain: Gain
) -> set[str]:
    """Return the names of rungs that the one below, with fewer bytes, equals on average.

    `rungs` ascend within each codec, `sizes` has their bytes by name. Each ladder is looked at from
    its top: the first rung that is worth its bytes ends it. The lowest stays.
    """
    found: set[str] = set()
    for _, ladder in groupby(rungs, attrgetter("codec")):
        ascending = list(ladder)
        for lower, upper in zip(ascending[-2::-1], ascending[:0:-1], strict=True):
            dear = sizes[lower.name] <= SMALLER * sizes[upper.name]
            if not dear or _better(partial(gain, upper, lower), times):
                break
            found.add(upper.name)
    return found


def _better(gain: Callable[[float], float], times: Sequence[float]) -> bool:
    """Tell whether the mean gain is worth it, with no more measured than that takes."""
    gains = accumulate(map(gain, times))
    return any(each > NO_GAIN * len(times) for each in gains)


def sample_times(start_s: float, end_s: float, segment_s: float) -> tuple[float, ...]:
    """Return a few starts of segments: they are keyframes, so that nothing else is decoded.

    The first of them is the cheapest to reach, and mostly tells enough.
    """
    segments = max(1, round((end_s - start_s) / segment_s))
    step = max(1, segments // MOST_SAMPLES)
    return tuple(start_s + each * segment_s for each in range(0, segments, step))[:MOST_SAMPLES]


def find_worthless(
    source: Input,
    probe: Probe,
    plan: Plan,
    folder: Path,
    segment_s: float,
    *,
    span: Span | None = None,
    ffmpeg: str,
    deadline: Deadline,
) -> set[str]:
    """Return the names of the rungs in `folder`, encodes of a source or a span, to be left out.

    None of a whole source that is short; a rung whose worth cannot be measured stays.
    Raises TransientError as an encode does.
    """
    whole = span or Span(0.0, (probe.duration_ms or 0) / 1000)
    if not span and whole.end_s < SHORT_S:
        return set()
    sizes = {each.name: (folder / f"{each.name}.mp4").stat().st_size for each in plan.rungs}

    def gain(upper: Rung, lower: Rung, at_s: float) -> float:
        with TemporaryDirectory(dir=folder) as name:
            logs = [Path(name, "upper"), Path(name, "lower")]
            arguments = compare(source, probe, plan, folder, (upper, lower), at_s, whole, logs)
            finished = run(ffmpeg, arguments, deadline=deadline, on_progress=lambda _: None)
            if problem := diagnose(finished, source.locator):
                if problem.permanent:
                    return math.inf
                raise problem
            better, worse = (read_vmaf(each.read_text()) for each in logs)
        return better - worse

    times = sample_times(whole.start_s, whole.end_s, segment_s)
    return worthless(plan.rungs, sizes, times, gain)


def compare(
    source: Input,
    probe: Probe,
    plan: Plan,
    folder: Path,
    rungs: Sequence[Rung],
    at_s: float,
    encoded: Span,
    logs: Sequence[Path],
) -> list[str]:
    """Return the arguments of a process that logs the VMAF of one frame of each of `rungs`.

    They are scaled to the first of them, and compared with the source converted as it was encoded.
    """
    span = Span(at_s, encoded.end_s)
    top = replace(plan, rungs=(rungs[0],), stills_s=(), tile_s=None)
    opened = open_source(source, probe, top, span)
    original = _first(draw(opened["V:0"], probe, top, span).rungs[rungs[0].name]).split()
    judged = []
    for number, (rung, log) in enumerate(zip(rungs, logs, strict=True)):
        # Relative to where the file starts.
        options = {"ss": f"{at_s - encoded.start_s:.6f}", "noaccurate_seek": None}
        made = graph.input(f"file:{folder / rung.name}.mp4", f="mov", threads=1, **options)
        width, height = rungs[0].width, rungs[0].height
        frame = _first(made["V:0"]).filter("scale", width, height, flags="bicubic")
        pair = [frame, original[number]]
        score = graph.filter(pair, "libvmaf", model=MODEL, log_fmt="json", log_path=str(log))
        judged.append(graph.output(score, "-", f="null"))
    arguments: list[str] = graph.get_args(graph.merge_outputs(*judged))
    return ["-copyts", "-start_at_zero", *arguments]


def read_vmaf(log: str) -> float:
    """Return the score of the one frame in libvmaf's JSON."""
    score: float = json.loads(log)["frames"][0]["metrics"]["vmaf"]
    return score


def _first(frames: Any) -> Any:
    """Keep one frame, at the time 0 and without a matrix that would have to be converted."""
    tagged = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709"}
    one = frames.filter("trim", end_frame=1).filter("setpts", "0")
    return one.filter("setparams", range="tv", **tagged)
