"""Middle step of a long source: one range of its video, or its audio."""

from lib.adapters.telemetry import Context, Event, Telemetry
from lib.application.long_video.encode_range import encode_part
from lib.application.long_video.long_job import LongJob
from lib.application.long_video.work_format import part_from_values
from lib.entrypoints.bootstrap.video import make_pipeline, open_ffmpeg
from lib.entrypoints.settings import StepSettings, from_env
from lib.process_limits import set_undumpable

set_undumpable()
settings = from_env(StepSettings)
telemetry = Telemetry(settings.stage)
pipeline = make_pipeline(settings)


@telemetry.instrument
def handler(event: Event, context: Context) -> None:
    """Encode a part and store it; what is raised, the state machine catches."""
    job, part = LongJob.of(event, pipeline), part_from_values(event["part"])
    with open_ffmpeg(settings, context) as ffmpeg:
        standing = encode_part(job, part, ffmpeg)
    telemetry.step(job.event, "encoded", part=part.name, standing=standing)
