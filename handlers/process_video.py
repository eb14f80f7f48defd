"""Video queue (with audio, and animations that become an MP4) ▸ renditions ▸ catalog."""

from functools import partial
from pathlib import Path
from typing import Any

from lib import video_job
from lib.aws.clients import client
from lib.aws.executions import SfnExecutions
from lib.job import Finished
from lib.long.hand_over import hand_over
from lib.model import MediaType, UploadEvent
from lib.sandbox.client import Sandbox
from lib.sandbox.privacy import hide
from lib.settings import VideoSettings, from_env
from lib.worker import make_budget, make_handler

hide()
settings = from_env(VideoSettings)
images = Sandbox.of_function(settings.aws_lambda_function_memory_size)
budget = make_budget(settings)
executions = SfnExecutions(client("stepfunctions"), settings.long_video_arn)
long = video_job.Long(
    settings.short_seconds,
    partial(hand_over, executions=executions, dollars=settings.dollars, charge=budget.charge_once),
)
tools: dict[str, Any] = {"ffmpeg": settings.ffmpeg_path, "folder": Path(settings.scratch_folder)}


def process(event: UploadEvent, **ports: Any) -> Finished:
    """Process one upload by what it is."""
    if event.media_type is not MediaType.IMAGE:
        return video_job.process(event, **tools, **ports, long=long, images=images)
    # Few are: a cold start does without.
    from lib import image_job
    from lib.video.animation import make_animation

    film = partial(make_animation, **tools)
    return image_job.process(event, images=images, film=film, **ports)


handler = make_handler(process, settings, images, budget)
