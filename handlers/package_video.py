"""Last step of a long source: playlists, what goes around them, the commit."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lib.adapters.sandbox.client import Sandbox
from lib.adapters.telemetry import Telemetry
from lib.application.long_video.assemble_stored import assemble_stored
from lib.application.long_video.package import package
from lib.child_process import set_undumpable
from lib.domain import messages
from lib.entrypoints.bootstrap import make_pipeline
from lib.entrypoints.settings import StepSettings, from_env
from lib.video.encode.ffmpeg import Ffmpeg

set_undumpable()
settings = from_env(StepSettings)
images = Sandbox.of_function(settings.aws_lambda_function_memory_size)
telemetry = Telemetry(settings.stage)
pipeline = make_pipeline(settings)


@telemetry.instrument
def handler(event: dict[str, Any], context: Any) -> None:
    """Package and commit; what is raised, the state machine catches."""
    upload = messages.event_from_values(event["event"])
    with TemporaryDirectory(dir=settings.scratch_folder) as folder:
        packaged = package(
            upload,
            event["execution"],
            event["recipe"],
            event["started"],
            partial(
                assemble_stored,
                ffmpeg=Ffmpeg(
                    settings.ffmpeg_path,
                    lambda: context.get_remaining_time_in_millis() / 1000,
                    Path(folder),
                    settings.aws_lambda_function_memory_size,
                ),
                images=images,
            ),
            pipeline,
        )
    telemetry.step(
        upload, "packaged", estimate_ms=packaged.estimate_ms, encoders_ms=packaged.cpu_ms
    )
    telemetry.finished(upload, packaged.finished, images.holds)
