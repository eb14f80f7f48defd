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

from lib.domain.errors import PermanentError
from lib.process_limits import Bounds
from lib.video.encode.even_out import even_out
from lib.video.encode.ffmpeg import Ffmpeg, run_checked
from lib.video.encode.filter_graph import build_graph
from lib.video.encode.open_source import open_source
from lib.video.encode.tone_table import write_table
from lib.video.package.track import Segment, Track
from lib.video.plan.ladder import Rung
from lib.video.plan.plan import VideoTask
from lib.video.plan.ranges import Span

NO_GAIN = 1.0
"""VMAF. A difference of 6 is what half of all viewers notice (Netflix, 2018)."""

SMALLER = 2 / 3
"""Part of a rung's bytes that the one below may have at most, where it is to do for both."""

MOST_SAMPLES = 3

SHORT_S = 20.0
"""A source that lasts less is not looked at: that takes half a second, and would save little."""

MODEL = "version=vmaf_v0.6.1"
"""Built into libvmaf."""

FRAME_S = 10.0
"""Longer than any frame is shown that is worth a comparison."""

COMPARISON = Bounds(expected_s=20.0)
"""Of one comparison: what takes more is a source whose frames are not what it says."""

Gain = Callable[[Rung, Rung, Segment], float]
"""Gives by how much VMAF a rung is better than the one below it, where a segment starts."""

Clip = Callable[[Track, Segment], bytes]
"""Gives a track's init segment and one more: a file that can be decoded."""


def choose_redundant(
    rungs: Sequence[Rung], sizes: Mapping[str, int], at: Sequence[Segment], gain: Gain
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
            if not dear or _better(partial(gain, upper, lower), at):
                break
            found.add(upper.name)
    return found


def _better(gain: Callable[[Segment], float], at: Sequence[Segment]) -> bool:
    """Tell whether the mean gain is worth it, with no more measured than that takes."""
    gains = accumulate(map(gain, at))
    return any(each > NO_GAIN * len(at) for each in gains)


def choose_samples(tracks: Sequence[Track]) -> tuple[Segment, ...]:
    """Return a few segments, all over the source; they start alike in all tracks.

    The first of them is the cheapest to reach, and mostly says enough.
    """
    segments = tracks[0].segments
    chosen = {each * len(segments) // MOST_SAMPLES for each in range(MOST_SAMPLES)}
    return tuple(segments[each] for each in sorted(chosen))


def find_redundant(
    task: VideoTask, tracks: Sequence[Track], clip: Clip, ffmpeg: Ffmpeg
) -> set[str]:
    """Return the names of the planned rungs to be left out; `tracks` are their encodes.

    None of a source that is short; a rung whose worth cannot be measured stays.
    Raises TransientError as an encode does, and what `clip` raises.
    """
    by_name = {each.name: each for each in tracks}
    if max(each.seconds for each in tracks) < SHORT_S:
        return set()

    def gain(upper: Rung, lower: Rung, segment: Segment) -> float:
        with TemporaryDirectory(dir=ffmpeg.scratch) as name:
            write_table(task.probe, Path(name))
            paths = [Path(name, each.name) for each in (upper, lower)]
            for path in paths:
                path.write_bytes(clip(by_name[path.name], segment))
            logs = [path.with_suffix(".json") for path in paths]
            at_s = segment.start / tracks[0].timescale
            arguments = comparison_arguments(task, upper, at_s, paths, logs)
            try:
                run_checked(ffmpeg, arguments, task.source.locator, bounds=COMPARISON)
            except PermanentError:
                return math.inf
            better, worse = (read_vmaf(each.read_text()) for each in logs)
        return better - worse

    sizes = {each.name: sum(segment.size for segment in each.segments) for each in tracks}
    return choose_redundant(task.plan.rungs, sizes, choose_samples(tracks), gain)


def comparison_arguments(
    task: VideoTask, rung: Rung, at_s: float, clips: Sequence[Path], logs: Sequence[Path]
) -> list[str]:
    """Return the arguments of a process that logs the VMAF of the first frame of each clip.

    They are scaled to `rung`, and compared with the source at `at_s` converted as it was encoded.
    """
    span = Span(at_s, at_s + FRAME_S)
    top = replace(task.plan, rungs=(rung,), stills_s=(), tile_s=None)
    opened = open_source(task.source, task.probe, top, span)
    evened = even_out(opened[task.picture], replace(task, plan=top, span=span), clips[0].parent)
    original = _first(build_graph(evened, task.video, top, span).rungs[rung.name]).split()
    compared = []
    for number, (clip, log) in enumerate(zip(clips, logs, strict=True)):
        made = graph.input(f"file:{clip}", f="mov", threads=1)
        frame = _first(made["V:0"]).filter("scale", rung.width, rung.height, flags="bicubic")
        pair = [frame, original[number]]
        score = graph.filter(pair, "libvmaf", model=MODEL, log_fmt="json", log_path=str(log))
        compared.append(graph.output(score, "-", f="null"))
    arguments: list[str] = graph.get_args(graph.merge_outputs(*compared))
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
