"""Make the renditions of one video or audio file, or hand it over where that takes too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from lib.application import fenced_job
from lib.application.pipeline import Delivery, Pipeline
from lib.domain.errors import Failure
from lib.domain.events import UploadEvent
from lib.domain.prices import price_encode
from lib.domain.renditions import Work
from lib.imaging.images import Images
from lib.video.assemble import describe_sound, describe_video
from lib.video.encode.encode import encode_video
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.package.streams import read_clip, read_parts, read_tracks
from lib.video.plan.cost import count_segments, estimate
from lib.video.plan.plan import VideoTask, plan_video, without
from lib.video.plan.proportion import check_proportion
from lib.video.probe.opening import inspect, locate


@dataclass(frozen=True, slots=True)
class Long:
    """What to do with sources whose encode takes more than `vcpu_seconds`."""

    vcpu_seconds: float
    start_execution: Callable[[UploadEvent, float], object]
    """Takes an upload, and the dollars that it is estimated to cost."""


def process(
    event: UploadEvent,
    pipeline: Pipeline,
    delivery: Delivery,
    *,
    ffmpeg: Ffmpeg,
    images: Images,
    long: Long | None = None,
) -> fenced_job.Finished:
    """Process one upload under the fence; encodes lie in the scratch until they are stored.

    Without `long` every source is encoded here, whatever it takes.
    `images` decodes the pictures that ffmpeg took.
    Raises what `job.run` raises.
    """
    presets = pipeline.presets

    def work(report: fenced_job.Report) -> Work:
        source = event.source
        preset = presets.choose(source.key, event.preset)
        container, probe, _ = inspect(source, presets.limits, pipeline.sources)
        plan = plan_video(probe, preset)
        cost_s = estimate(probe, plan, preset.video.speed)
        check_proportion(probe, cost_s, source.size)
        if long and cost_s > long.vcpu_seconds:
            puts = count_segments(probe, plan, preset.video.segment_seconds)
            long.start_execution(event, price_encode(cost_s, puts))
            raise fenced_job.HandedOver
        read_from = locate(source, container, pipeline.sources, ffmpeg.deadline)
        own, folder = replace(ffmpeg, scratch=Path(scratch)), Path(scratch)
        task = VideoTask(read_from, probe, plan, preset.video)
        left_out = encode_video(task, own, report)
        if not plan.rungs:
            return describe_sound(probe, preset, own)
        # Imported here: only what is encoded is looked at again.
        from lib.video.encode.prune_ladder import find_worthless

        rungs, sounds = read_tracks(folder, without(plan, left_out))
        worthless = find_worthless(task, rungs, partial(read_clip, folder), own)
        plan = without(plan, worthless)
        rungs = [each for each in rungs if each.name not in worthless]
        return describe_video(
            probe,
            plan,
            preset,
            rungs,
            sounds,
            [read_parts(folder, track) for track in (*rungs, *sounds)],
            {name: Failure.of(error) for name, error in left_out.items()},
            ffmpeg=own,
            images=images,
        )

    with TemporaryDirectory(dir=ffmpeg.scratch) as scratch:
        return fenced_job.run(event, work, pipeline, delivery)
