"""Middle step of a long source: one range of its picture, or its sound."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lib.adapters.telemetry import Telemetry
from lib.application.long_video.encode_range import encode_part
from lib.application.long_video.encoding import encode
from lib.application.long_video.records import part_from_values
from lib.child_process import set_undumpable
from lib.domain import messages
from lib.entrypoints.bootstrap import make_pipeline
from lib.entrypoints.settings import StepSettings, from_env
from lib.video.encode.ffmpeg import Ffmpeg

set_undumpable()
settings = from_env(StepSettings)
telemetry = Telemetry(settings.stage)
pipeline = make_pipeline(settings)


@telemetry.instrument
def handler(event: dict[str, Any], context: Any) -> None:
    """Encode a part and store it; what is raised, the state machine catches."""
    upload, part = messages.event_from_values(event["event"]), part_from_values(event["part"])
    with TemporaryDirectory(dir=settings.scratch_folder) as folder:
        standing = encode_part(
            upload,
            event["execution"],
            event["recipe"],
            part,
            partial(
                encode,
                sources=pipeline.sources,
                ffmpeg=Ffmpeg(
                    settings.ffmpeg_path,
                    lambda: context.get_remaining_time_in_millis() / 1000,
                    Path(folder),
                    settings.aws_lambda_function_memory_size,
                ),
            ),
            pipeline,
            folder=Path(folder),
        )
    telemetry.step(upload, "encoded", part=part.name, standing=standing)
