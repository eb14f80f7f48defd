"""Make the renditions of one video or audio file, or start an execution of a long one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from lib.application import fenced_job
from lib.application.context import Delivery, Pipeline
from lib.application.inspect_source import Inspected, inspect_source, pass_over, scan_source
from lib.domain.clock import Deadline
from lib.domain.errors import PermanentError
from lib.domain.events import UploadEvent
from lib.domain.renditions import Work
from lib.imaging.port import Images
from lib.video.encode.encoded import Encoded
from lib.video.encode.ffmpeg import Ffmpeg
from lib.video.package.streams import EncodedFolder
from lib.video.plan.plan import VideoTask
from lib.video.source import Input, locate


@dataclass(frozen=True, slots=True)
class Long:
    """What to do with sources whose encode takes more than `vcpu_seconds`.

    `start_execution` takes an upload, the dollars that it is estimated to cost, and the number of
    the try; an execution takes `lease_seconds` at most.
    """

    vcpu_seconds: float
    start_execution: Callable[[UploadEvent, float, int], str]
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class VideoTools:
    """What a worker makes videos with: `ffmpeg` for a job, by the time that it has.

    `images` decodes the pictures that ffmpeg took. Without `long` every source is encoded here,
    whatever it takes.
    """

    images: Images
    ffmpeg: Callable[[Deadline], Ffmpeg]
    long: Long | None = None


Instead = Callable[[Inspected, PermanentError], Inspected | None]
"""Returns what there is of a source whose first track can't be decoded: `pass_over`. Raises
HandedOver where that takes more than may be done here."""


def process_video(
    event: UploadEvent, pipeline: Pipeline, delivery: Delivery, tools: VideoTools
) -> fenced_job.Finished:
    """Process one upload under the fence; encodes lie in the scratch until they are stored.

    Raises what `fenced_job.run` raises.
    """
    ffmpeg, long = tools.ffmpeg(delivery.deadline), tools.long

    def work(report: fenced_job.Report) -> Work:
        found = inspect_source(event, pipeline)
        found = scan_source(found, event, pipeline, replace(ffmpeg, scratch=Path(scratch)))
        _hand_over_long(found, event, long)
        # Imported here: what encodes costs 26 ms, ffmpeg-python 11 of them, which a source that is
        # refused or transferred does without.
        from lib.video.assemble import assemble

        own = replace(ffmpeg, scratch=Path(scratch))
        readable = locate(event.source, found, pipeline.sources, own.deadline)

        def instead(found: Inspected, problem: PermanentError) -> Inspected | None:
            other = pass_over(found, problem, event, pipeline)
            if other:
                _hand_over_long(other, event, long)
            return other

        task, encoded = _encode(found, readable, own, report, instead)
        return assemble(task, EncodedFolder(own.scratch), encoded, own, tools.images)

    with TemporaryDirectory(dir=ffmpeg.scratch) as scratch:
        return fenced_job.run(event, work, pipeline, delivery)


def _hand_over_long(found: Inspected, event: UploadEvent, long: Long | None) -> None:
    """Raise HandedOver where an encode takes more than may be done here."""
    if long and found.cost_s > long.vcpu_seconds:
        start = partial(long.start_execution, event, found.dollars)
        raise fenced_job.HandedOver(start, long.lease_seconds)


def _encode(
    found: Inspected, readable: Input, ffmpeg: Ffmpeg, report: fenced_job.Report, instead: Instead
) -> tuple[VideoTask, Encoded]:
    """Encode a source, or what there is `instead` where its picture can't be decoded.

    Return what was made, and how that ended. Raises what `encode_video` raises of the
    first picture, and what `instead` raises.
    """
    from lib.video.encode.encode import encode_video

    first: PermanentError | None = None
    while True:
        task = VideoTask(readable, found.probe, found.plan, found.preset)
        try:
            return task, encode_video(task, ffmpeg, report)
        except PermanentError as problem:
            first = first or problem
            other = instead(found, problem)
        if not other:
            raise first
        found = other
