"""Video queue (with audio, and animations that become an MP4) ▸ renditions ▸ catalog."""

from functools import partial
from pathlib import Path

from lib.adapters.aws.clients import client
from lib.adapters.aws.step_functions import SfnExecutions
from lib.adapters.sandbox.client import Sandbox
from lib.application import process_video
from lib.application.fenced_job import Finished
from lib.application.long_video.start import start_execution
from lib.application.pipeline import Delivery, Pipeline
from lib.child_process import set_undumpable
from lib.domain.events import UploadEvent
from lib.domain.media import MediaType
from lib.entrypoints.queue_processor import make_budget, make_handler
from lib.entrypoints.settings import VideoSettings, from_env
from lib.video.encode.ffmpeg import Ffmpeg

set_undumpable()
settings = from_env(VideoSettings)
images = Sandbox.of_function(settings.aws_lambda_function_memory_size)
budget = make_budget(settings)
executions = SfnExecutions(client("stepfunctions"), settings.long_video_arn)
long = process_video.Long(
    settings.short_seconds,
    partial(
        start_execution, executions=executions, dollars=settings.dollars, charge=budget.charge_once
    ),
)


def process(event: UploadEvent, pipeline: Pipeline, delivery: Delivery) -> Finished:
    """Process one upload by what it is."""
    ffmpeg = Ffmpeg(
        settings.ffmpeg_path,
        delivery.deadline,
        Path(settings.scratch_folder),
        settings.aws_lambda_function_memory_size,
    )
    if event.media_type is not MediaType.IMAGE:
        return process_video.process(
            event, pipeline, delivery, ffmpeg=ffmpeg, long=long, images=images
        )
    # Few are: a cold start does without.
    from lib.application import process_image
    from lib.video.auxiliary.animation_mp4 import make_animation

    film = partial(make_animation, ffmpeg=ffmpeg)
    return process_image.process(event, pipeline, delivery, images=images, film=film)


handler = make_handler(process, settings, images, budget)
