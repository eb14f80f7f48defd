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
from lib.settings import VideoSettings, from_env
from lib.worker import make_handler

settings = from_env(VideoSettings)
executions = SfnExecutions(client("stepfunctions"), settings.long_video_arn)
long = video_job.Long(settings.short_seconds, partial(hand_over, executions=executions))
tools: dict[str, Any] = {"ffmpeg": settings.ffmpeg_path, "folder": Path(settings.scratch_folder)}


def process(event: UploadEvent, **ports: Any) -> Finished:
    """Process one upload by what it is."""
    if event.media_type is not MediaType.IMAGE:
        return video_job.process(event, **tools, **ports, long=long)
    # Few are: a cold start does without the imaging library.
    from lib import image_job
    from lib.video.animation import make_animation

    return image_job.process(event, film=partial(make_animation, **tools), **ports)


handler = make_handler(process, settings)
