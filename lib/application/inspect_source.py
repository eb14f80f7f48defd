"""Find out what a video or audio source is, what is to be made of it, and what that will cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lib.application.context import Pipeline
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.events import UploadEvent
from lib.domain.media import AudioProbe, VideoProbe
from lib.domain.prices import price_encode
from lib.presets import Preset
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.plan.cost import count_segments, estimate
from lib.video.plan.plan import Plan, picture_stream, plan_video
from lib.video.plan.proportion import check_proportion
from lib.video.probe.limits import check_limits
from lib.video.probe.mediainfo import read_probe
from lib.video.probe.range_reader import RangeReader
from lib.video.source import UNINDEXED, doubt_duration, inspect, locate

if TYPE_CHECKING:  # see `scan_source`
    from lib.video.encode.scan_packets import Scanned

MOST_TRIES = 3
"""Tracks of a source that are passed over, until there is nothing of it."""
FIRST_SOUND = "a:0"


@dataclass(frozen=True, slots=True)
class Inspected:
    """A source before anything is decoded: `cost_s` vCPU seconds and `dollars` are estimates.

    `container` is its demuxer, `start` where its content begins, in bytes, and `reader` reads that.
    `passed_over` says which tracks can't be decoded, by ffmpeg's names, and why. Its time stamps
    may jump, or, where it was `joined`, step back; then `scanned` is what its packets say.
    """

    container: str
    start: int
    probe: AudioProbe
    reader: RangeReader
    preset: Preset
    plan: Plan
    cost_s: float
    dollars: float
    passed_over: Mapping[str, str] = field(default_factory=dict)
    joined: bool = False
    jumps: bool = False
    scanned: Scanned | None = None


def inspect_source(event: UploadEvent, pipeline: Pipeline) -> Inspected:
    """Probe a source, plan its renditions, and estimate what they take.

    Raises PermanentError: UNKNOWN_PRESET, or what is wrong with the source, LIMIT_EXCEEDED where it
    asks for far more work than its size is worth.
    """
    source, presets = event.source, pipeline.presets
    preset = presets.choose(source.key, event.preset)
    sniffed, probe, reader = inspect(source, presets.limits, pipeline.sources)
    plan, cost_s, dollars = _plan(probe, preset, source.size)
    return Inspected(
        container=sniffed.container,
        start=sniffed.start,
        probe=probe,
        reader=reader,
        preset=preset,
        plan=plan,
        cost_s=cost_s,
        dollars=dollars,
    )


def pass_over(
    found: Inspected, problem: PermanentError, event: UploadEvent, pipeline: Pipeline
) -> Inspected | None:
    """Return what is made of a source instead whose first track can't be decoded: see `problem`.

    That is another picture of it, or its sound alone, or another sound; None where there is none.
    Nor is what passed a limit tried in another way.
    """
    if problem.code is ErrorCode.LIMIT_EXCEEDED or len(found.passed_over) >= MOST_TRIES:
        return None
    if isinstance(found.probe, VideoProbe):
        stream = picture_stream(found.probe)
    else:
        stream = found.probe.audio_tracks[0].stream or FIRST_SOUND
    passed_over = {**found.passed_over, stream: problem.message}
    try:
        probe = read_probe(found.reader, found.container, passed_over)
        probe = doubt_duration(probe, found.container, pipeline.presets.limits)
        if found.scanned:
            # When another picture of it ends, was not looked at.
            probe = replace(found.scanned, picture_ends_s=None).correct(probe)
        check_limits(probe, pipeline.presets.limits)
        plan, cost_s, dollars = _plan(probe, found.preset, event.source.size)
    except PermanentError:
        return None
    return replace(
        found, probe=probe, plan=plan, cost_s=cost_s, dollars=dollars, passed_over=passed_over
    )


def scan_source(
    found: Inspected, event: UploadEvent, pipeline: Pipeline, ffmpeg: Ffmpeg
) -> Inspected:
    """Read a source once to its end whose container does not say how long it lasts.

    Raises PermanentError(LIMIT_EXCEEDED) where it lasts too long, TransientError(DEADLINE_NEAR).
    """
    if found.container not in UNINDEXED:
        return found
    # Imported here: ffmpeg-python takes 11 ms, which most sources can do without until they encode.
    from lib.video.encode.scan_packets import scan_packets

    source = locate(event.source, found, pipeline.sources, ffmpeg.deadline)
    scanned = scan_packets(replace(source, joined=False), found.probe, ffmpeg)
    if scanned and scanned.joined:
        scanned = scan_packets(replace(source, joined=True), found.probe, ffmpeg) or scanned
    if scanned is None or not (scanned.jumps or found.probe.duration_ms is None):
        return found
    probe = scanned.correct(found.probe)
    check_limits(probe, pipeline.presets.limits)
    plan, cost_s, dollars = _plan(probe, found.preset, event.source.size)
    found = replace(found, probe=probe, plan=plan, cost_s=cost_s, dollars=dollars)
    return replace(found, jumps=scanned.jumps, joined=scanned.joined, scanned=scanned)


def _plan(probe: AudioProbe, preset: Preset, size: int) -> tuple[Plan, float, float]:
    """Return what is made of a source of `size` bytes, its vCPU seconds, and its dollars."""
    plan = plan_video(probe, preset)
    cost_s = estimate(probe, plan, preset.video.speed)
    check_proportion(probe, cost_s, size)
    puts = count_segments(probe, plan, preset.video.segment_seconds)
    return plan, cost_s, price_encode(cost_s, puts)
