"""Find out what a video or audio source is, what is to be made of it, and what that will cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lib.application.context import Pipeline
from lib.domain.errors import ErrorCode, PermanentError
from lib.domain.events import UploadEvent
from lib.domain.media import AudioProbe, MediaWarning, VideoProbe, WarningCode
from lib.domain.prices import price_encode
from lib.presets import Preset
from lib.video.plan.cost import count_segments, estimate
from lib.video.plan.plan import Plan, plan_video
from lib.video.plan.proportion import check_proportion
from lib.video.probe.range_reader import RangeReader
from lib.video.source import inspect


@dataclass(frozen=True, slots=True)
class Inspected:
    """A source before anything is decoded: `cost_s` vCPU seconds and `dollars` are estimates.

    `container` is its demuxer, `start` where its content begins, in bytes, and `reader` reads that.
    """

    container: str
    start: int
    probe: AudioProbe
    reader: RangeReader
    preset: Preset
    plan: Plan
    cost_s: float
    dollars: float


def without_picture(found: Inspected, problem: PermanentError) -> Inspected | None:
    """Return what is made of the sound alone where the picture can't be decoded; None without any.

    Neither is what passed a limit tried again.
    """
    probe = found.probe
    is_limit = problem.code is ErrorCode.LIMIT_EXCEEDED
    if is_limit or not isinstance(probe, VideoProbe) or not probe.audio_tracks:
        return None
    codec = f" ({probe.video_codec})" if probe.video_codec else ""
    message = f"picture{codec}: {problem.message}"
    heard = AudioProbe(
        duration_ms=probe.duration_ms,
        format=probe.format,
        captured_at=probe.captured_at,
        complete=probe.complete,
        warnings=(*probe.warnings, MediaWarning(WarningCode.TRACK_NOT_DECODED, message)),
        audio_codec=probe.audio_codec,
        audio_channels=probe.audio_channels,
        sample_rate=probe.sample_rate,
        audio_tracks=probe.audio_tracks,
    )
    return replace(found, probe=heard, plan=plan_video(heard, found.preset))


def inspect_source(event: UploadEvent, pipeline: Pipeline) -> Inspected:
    """Probe a source, plan its renditions, and estimate what they take.

    Raises PermanentError: UNKNOWN_PRESET, or what is wrong with the source, LIMIT_EXCEEDED where it
    asks for far more work than its size is worth.
    """
    source, presets = event.source, pipeline.presets
    preset = presets.choose(source.key, event.preset)
    sniffed, probe, reader = inspect(source, presets.limits, pipeline.sources)
    plan = plan_video(probe, preset)
    cost_s = estimate(probe, plan, preset.video.speed)
    check_proportion(probe, cost_s, source.size)
    puts = count_segments(probe, plan, preset.video.segment_seconds)
    return Inspected(
        container=sniffed.container,
        start=sniffed.start,
        probe=probe,
        reader=reader,
        preset=preset,
        plan=plan,
        cost_s=cost_s,
        dollars=price_encode(cost_s, puts),
    )
