"""Video queue (with audio, and animations that become an MP4) ▸ renditions ▸ catalog."""

from functools import partial
from pathlib import Path
from typing import Any

from lib import video_job
from lib.job import Finished
from lib.model import MediaType, UploadEvent
from lib.settings import ProcessorSettings, from_env
from lib.worker import make_handler

settings = from_env(ProcessorSettings)
tools: dict[str, Any] = {"ffmpeg": settings.ffmpeg_path, "folder": Path(settings.scratch_folder)}


def process(event: UploadEvent, **ports: Any) -> Finished:
    """Process one upload by what it is."""
    if event.media_type is not MediaType.IMAGE:
        return video_job.process(event, **tools, **ports)
    # Few are: a cold start does without the imaging library.
    from lib import image_job
    from lib.video.animation import make_animation

    return image_job.process(event, film=partial(make_animation, **tools), **ports)


handler = make_handler(process, settings)
