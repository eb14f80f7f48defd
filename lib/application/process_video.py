"""Make the renditions of one video or audio file, or hand it over where that takes too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lib.application import fenced_job
from lib.application.pipeline import Delivery, Pipeline
from lib.domain.errors import Failure
from lib.domain.events import UploadEvent
from lib.domain.prices import price_encode
from lib.domain.renditions import Work
from lib.imaging.images import Images
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.package.streams import EncodedFolder
from lib.video.plan.cost import count_segments, estimate
from lib.video.plan.plan import VideoTask, plan_video
from lib.video.plan.proportion import check_proportion
from lib.video.source import inspect, locate


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
        # Imported here: what encodes costs 45 ms, ffmpeg-python most of it, which a source that is
        # refused or transferred does without.
        from lib.video.assemble import assemble
        from lib.video.encode.encode import encode_video

        own = replace(ffmpeg, scratch=Path(scratch))
        readable = locate(source, container, pipeline.sources, own.deadline)
        task = VideoTask(readable, probe, plan, preset)
        failed = encode_video(task, own, report)
        left_out = {name: Failure.of(error) for name, error in failed.items()}
        return assemble(task, EncodedFolder(own.scratch), left_out, own, images)

    with TemporaryDirectory(dir=ffmpeg.scratch) as scratch:
        return fenced_job.run(event, work, pipeline, delivery)
