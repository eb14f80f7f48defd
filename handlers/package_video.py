"""Last step of a long source: playlists, what goes around them, the commit."""

from lib.adapters.sandbox.sandbox import Sandbox
from lib.adapters.telemetry import Context, Event, Telemetry
from lib.application.long_video.long_job import LongJob
from lib.application.long_video.package import package
from lib.application.long_video.stored_segments import assemble_stored
from lib.entrypoints.bootstrap.video import make_pipeline, open_ffmpeg
from lib.entrypoints.settings import StepSettings, from_env
from lib.process_limits import set_undumpable

set_undumpable()
settings = from_env(StepSettings)
images = Sandbox.of_function(settings.aws_lambda_function_memory_size)
telemetry = Telemetry(settings.stage)
pipeline = make_pipeline(settings)


@telemetry.instrument
def handler(event: Event, context: Context) -> None:
    """Package and commit; what is raised, the state machine catches."""
    job = LongJob.of(event, pipeline)
    with open_ffmpeg(settings, context) as ffmpeg:
        packaged = package(job, event["started"], assemble_stored(ffmpeg, images))
    telemetry.packaged(job.event, packaged, images.holds)
