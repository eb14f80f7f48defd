"""Take a source through the steps of the state machine, one after the other, without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lib.application.context import Delivery, Pipeline, Redelivery
from lib.application.fenced_job import Finished
from lib.application.long_video.encode_range import encode_part
from lib.application.long_video.fail import Ending, Recovery, fail
from lib.application.long_video.long_job import LongJob
from lib.application.long_video.package import package
from lib.application.long_video.plan import Allowance, make_plan
from lib.application.long_video.stored_segments import assemble_stored
from lib.application.process_video import Long, VideoTools, process_video
from lib.domain.asset import ClaimState
from lib.domain.clock import to_iso
from lib.domain.errors import MediaError, TransientError
from lib.domain.events import UploadEvent
from lib.domain.keys import execution_name
from lib.imaging.port import Images
from lib.video.encode.ffmpeg import Ffmpeg
from tests.support.fakes import MemoryUploads

LEASE_SECONDS = 3600
ALLOWANCE = Allowance(LEASE_SECONDS, range_cost_s=0.001, dollars=20)
"""As little a range as there is: one segment."""

ALWAYS = -1.0
"""vCPU seconds above which a source is handed over."""


def process_in_ranges(
    event: UploadEvent, pipeline: Pipeline, delivery: Delivery, tools: VideoTools
) -> Finished:
    """Make the renditions of one upload as `process_video` does of a long source.

    Raises what is no error of ours.
    """
    execution = execution_name(event.source, event.sequencer)
    handed_over = replace(tools, long=Long(ALWAYS, lambda *_: execution, LEASE_SECONDS))
    finished = process_video(event, pipeline, delivery, handed_over)
    if finished.state is not ClaimState.HANDED_OVER:
        return finished
    ffmpeg = tools.ffmpeg(delivery.deadline)
    try:
        return _run_steps(LongJob(event, execution, "", pipeline), ffmpeg, tools.images)
    except MediaError as error:
        again = Redelivery(MemoryUploads(), MemoryUploads(), 1)
        recovery = Recovery(pipeline.catalog, pipeline.renditions, again, 0.0)
        finished = fail(Ending(event, execution, error), recovery).finished
        # A permanent one is recorded, and the message is done with.
        return finished if isinstance(error, TransientError) else replace(finished, error=None)


def _run_steps(job: LongJob, ffmpeg: Ffmpeg, images: Images) -> Finished:
    started = to_iso(0.0)
    with TemporaryDirectory(dir=ffmpeg.scratch) as folder:
        own = replace(ffmpeg, scratch=Path(folder))
        planned = make_plan(job.event, job.execution, ALLOWANCE, job.pipeline, own)
    assert planned
    job = replace(job, recipe=planned.recipe)
    for part in (*planned.ranges, *filter(None, [planned.audio])):
        with TemporaryDirectory(dir=ffmpeg.scratch) as folder:
            encode_part(job, part, replace(ffmpeg, scratch=Path(folder)))
    with TemporaryDirectory(dir=ffmpeg.scratch) as folder:
        own = replace(ffmpeg, scratch=Path(folder))
        return package(job, started, assemble_stored(own, images)).finished
