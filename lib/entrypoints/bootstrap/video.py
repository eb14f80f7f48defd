"""Wire what works with ffmpeg: the video processor, and the steps of a long source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from lib import presets
from lib.adapters.aws.clients import client
from lib.adapters.aws.dynamodb_catalog import DynamoCatalog
from lib.adapters.aws.s3 import S3Renditions, S3Sources
from lib.adapters.aws.step_functions import SfnExecutions
from lib.adapters.telemetry import Context
from lib.application.context import Pipeline
from lib.application.daily_budget import Budget
from lib.application.long_video.start import Starter
from lib.application.process_video import Long, VideoTools
from lib.domain.clock import Deadline
from lib.domain.errors import TransientError, is_counted
from lib.entrypoints.settings import StepSettings, VideoSettings
from lib.imaging.port import Images
from lib.video.encode.ffmpeg import Ffmpeg


def make_video_tools(settings: VideoSettings, images: Images, budget: Budget) -> VideoTools:
    """Return what the video processor works with; long sources it gives to the state machine."""
    executions = SfnExecutions(client("stepfunctions"), settings.long_video_arn)
    starter = Starter(executions, settings.dollars, budget.charge_once)
    long = Long(settings.short_seconds, starter.start, settings.execution_seconds)
    scratch, memory_mb = Path(settings.scratch_folder), settings.aws_lambda_function_memory_size

    def ffmpeg(deadline: Deadline) -> Ffmpeg:
        return Ffmpeg(settings.ffmpeg_path, deadline, scratch, memory_mb)

    return VideoTools(images, ffmpeg, long)


def make_pipeline(settings: StepSettings) -> Pipeline:
    """Return what a step of a long source works with."""
    return Pipeline(
        S3Sources(client("s3")),
        S3Renditions(client("s3"), settings.renditions_bucket),
        DynamoCatalog(client("dynamodb"), settings.catalog_table),
        presets.load(presets.PACKAGED),
    )


@contextmanager
def open_ffmpeg(settings: StepSettings, context: Context) -> Iterator[Ffmpeg]:
    """Yield the ffmpeg of one invocation; its scratch is a folder that goes with it.

    Raises CountedError in place of a TransientError that is counted.
    """
    try:
        with TemporaryDirectory(dir=settings.scratch_folder) as folder:
            yield Ffmpeg(
                settings.ffmpeg_path,
                lambda: context.get_remaining_time_in_millis() / 1000,
                Path(folder),
                settings.aws_lambda_function_memory_size,
            )
    except TransientError as exc:
        if is_counted(exc):
            raise CountedError(exc.code, exc.message) from exc
        raise


class CountedError(TransientError):
    """What the state machine does not try for hours: it matches errors by the names of classes."""
