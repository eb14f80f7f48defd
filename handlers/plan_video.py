"""First step of a long source: its lease, its limits, its ranges."""

from lib.adapters.telemetry import Context, Event, Telemetry
from lib.application.long_video.plan import Allowance, make_plan
from lib.domain.messages import event_from_values
from lib.entrypoints.bootstrap.video import make_pipeline, open_ffmpeg
from lib.entrypoints.settings import PlanSettings, from_env
from lib.process_limits import set_undumpable

set_undumpable()
settings = from_env(PlanSettings)
allowance = Allowance(settings.execution_seconds, settings.range_seconds, settings.dollars)
telemetry = Telemetry(settings.stage)
pipeline = make_pipeline(settings)


@telemetry.instrument
def handler(event: Event, context: Context) -> Event:
    """Return what the state machine goes on with; what is raised, it catches."""
    upload = event_from_values(event["event"])
    with open_ffmpeg(settings, context) as ffmpeg:
        planned = make_plan(upload, event["execution"], allowance, pipeline, ffmpeg)
    telemetry.step(upload, "planned", superseded=not planned)
    return planned.serialize() if planned else {"superseded": True}
