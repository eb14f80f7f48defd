"""Make the renditions of an upload by what it is, where there are decoders and ffmpeg."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lib.application.context import Delivery, Pipeline
from lib.application.fenced_job import Finished
from lib.application.process_image import ImageTools, process_image
from lib.application.process_video import VideoTools, process_video
from lib.domain.events import UploadEvent
from lib.domain.media import MediaType
from lib.domain.renditions import Made
from lib.presets import VideoPreset
from lib.video.auxiliary.animation_mp4 import make_animation


def process_upload(
    event: UploadEvent, pipeline: Pipeline, delivery: Delivery, tools: VideoTools
) -> Finished:
    """Process one upload under the fence: an image, with the MP4 of an animation, or all else.

    Raises what `fenced_job.run` raises.
    """
    if event.media_type is not MediaType.IMAGE:
        return process_video(event, pipeline, delivery, tools)

    def film(
        size: tuple[int, int],
        frames: Callable[[tuple[int, int]], Iterator[tuple[bytes, int]]],
        preset: VideoPreset,
    ) -> Made:
        return make_animation(size, frames, preset, ffmpeg=tools.ffmpeg(delivery.deadline))

    return process_image(event, pipeline, delivery, ImageTools(tools.images, film))
